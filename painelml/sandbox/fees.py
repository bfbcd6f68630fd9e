"""What selling and shipping cost in the sandbox: plausible Brazilian numbers, in cents."""

from .words import PRODUCTS

FREE_SHIPPING_FROM = 7900
PREMIUM_EXTRA = 5.0


def round_price(cents: float) -> int:
    """To the next ten cents, as shops like their prices."""
    return round(cents / 10) * 10


def percentage(product: int, listing_type: str) -> float:
    return PRODUCTS[product].fee + (PREMIUM_EXTRA if listing_type == "gold_pro" else 0)


def fixed_fee(price: int) -> int:
    """The fixed part per unit, charged below the free-shipping threshold."""
    if price >= FREE_SHIPPING_FROM:
        return 0
    if price < 1250:
        return price // 2
    return 625 if price < 2900 else 650 if price < 5000 else 675


def sale_fee(product: int, listing_type: str, price: int) -> int:
    """Fee per unit, the fixed part included."""
    return round(price * percentage(product, listing_type) / 100) + fixed_fee(price)


def freight(weight: int, distance: int, logistic: str) -> int:
    """The full freight before discounts; `distance` is 0 (same city) to 3 (far away)."""
    base = 1590 + 140 * min(weight // 500, 40) + 620 * distance
    return base * 7 // 10 if logistic in {"fulfillment", "self_service"} else base


def split_freight(gross: int, total: int) -> tuple[int, int]:
    """(seller's part, buyer's part) of a freight for goods worth `total`."""
    if total >= FREE_SHIPPING_FROM:
        return (gross + 1) // 2, 0
    return 0, gross
