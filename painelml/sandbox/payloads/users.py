"""Users and their reputation (facts: part A, section 4)."""

from typing import Any

from ..clock import DAY, offset
from ..records import Order, Seller, Shipment
from ..words import CITIES
from ..world import World
from .shipments import handed_over

SOLD = {"paid", "partially_refunded"}
DEAD = {"unfulfilled", "fraud_risk_detected"}
WAITING = {"pending", "handling", "ready_to_ship"}


def user_payload(world: World, seller: Seller) -> dict[str, Any]:
    """`GET /users/me`: everything, as its owner sees it."""
    first, _, last = seller.name.partition(" ")
    return {
        **public_user_payload(world, seller),
        "registration_date": offset(seller.registered),
        "first_name": first,
        "last_name": last,
        "gender": "",
        "email": seller.email,
        "identification": {"type": "CNPJ", "number": f"{seller.id % 10**8:08d}000199"},
        "phone": {"area_code": "11", "number": "40028922", "extension": "", "verified": False},
        "alternative_phone": {"area_code": "", "number": "", "extension": ""},
        "tags": list(seller.tags),
        "points": 1200,
        "shipping_modes": ["custom", "not_specified", "me2"],
        "seller_experience": "ADVANCED",
        "bill_data": {"accept_credit_note": None},
        "status": {
            "site_status": "active",
            "list": {"allow": True, "codes": [], "immediate_payment": {"required": False, "reasons": []}},
            "buy": {"allow": True, "codes": [], "immediate_payment": {"required": False, "reasons": []}},
            "sell": {"allow": True, "codes": [], "immediate_payment": {"required": False, "reasons": []}},
            "billing": {"allow": True, "codes": []},
            "mercadopago_tc_accepted": True,
            "mercadopago_account_type": "business",
            "mercadoenvios": "accepted",
            "immediate_payment": False,
            "confirmed_email": True,
            "user_type": None,
            "required_action": None,
            "shopping_cart": {"buy": "allowed", "sell": "allowed"},
        },
        "credit": {"consumed": 0, "credit_level_id": "MLB5"},
    }


def public_user_payload(world: World, seller: Seller) -> dict[str, Any]:
    city, code, _, _ = CITIES[seller.city]
    return {
        "id": seller.id,
        "nickname": seller.nickname,
        "country_id": "BR",
        "site_id": "MLB",
        "user_type": "normal",
        "permalink": f"http://perfil.mercadolivre.com.br/{seller.nickname}",
        "address": {"city": city, "state": f"BR-{code}"},
        "seller_reputation": reputation(world, seller),
        "buyer_reputation": {"tags": []},
        "status": {"site_status": "active"},
        "logo": None,
    }


def reputation(world: World, seller: Seller) -> dict[str, Any]:
    """Counted from the seller's own orders; few sales have no level."""
    (counted,) = world.found(("reputation", seller.id), lambda: [count_reputation(world, seller)])
    return dict(counted)


LIMITS = {
    "claims": (20, 45, 80),
    "delayed_handling_time": (100, 180, 220),
    "cancellations": (15, 35, 40),
}
"""In thousandths of the sales, up to which a Brazilian seller is green, yellow and orange."""
LEVELS = ("5_green", "3_yellow", "2_orange", "1_red")


def count_reputation(world: World, seller: Seller) -> dict[str, Any]:
    """Count the last 60 days, or the last 365 when they hold less than 60 sales."""
    days = 60 if len(sales_of(world, seller, 60)) >= 60 else 365
    period = f"{days} days"
    sales = sales_of(world, seller, days)
    parcels = parcels_of(world, seller, days)
    late = sum(is_late(parcel, world.clock.now()) for parcel in parcels)
    counts = {
        "claims": (sum(order.cancel[:1] == ["mediations"] for order in sales), len(sales)),
        "delayed_handling_time": (late, len(parcels)),
        "cancellations": (sum(order.cancel[2:3] == ["seller"] for order in sales), len(sales)),
    }
    orders = world.orders_of[seller.id]
    total = len(orders)
    gone = sum(1 for order in orders if order.status == "cancelled")
    colour = max(colour_of(count, of, LIMITS[name]) for name, (count, of) in counts.items())
    return {
        "level_id": LEVELS[colour] if total > 10 else None,
        "power_seller_status": "gold" if total > 500 and not colour else None,
        "transactions": {
            "period": "historic",
            "total": total,
            "completed": total - gone,
            "canceled": gone,
            "ratings": {"positive": 0.93, "negative": 0.04, "neutral": 0.03},
        },
        "metrics": {
            "sales": {"period": period, "completed": sum(order.status != "cancelled" for order in sales)},
            **{
                name: {"period": period, "rate": round(count / max(of, 1), 4), "value": count}
                for name, (count, of) in counts.items()
            },
        },
    }


def sales_of(world: World, seller: Seller, days: int) -> list[Order]:
    """What was sold and not taken back by the buyer, by fraud or by anybody but the seller."""
    created = world.orders_created(seller.id, world.clock.now() - days * DAY, None)
    return [
        order
        for order in created
        if (order.status in SOLD and not DEAD.intersection(order.tags))
        or order.cancel[:1] == ["mediations"]
        or order.cancel[2:3] == ["seller"]
    ]


def parcels_of(world: World, seller: Seller, days: int) -> list[Shipment]:
    """What the seller had to hand over in these days, and did or is late with."""
    now = world.clock.now()
    orders = world.orders_created(seller.id, now - (days + 7) * DAY, None)
    parcels = [world.shipments[i] for i in {order.shipment_id for order in orders} if i in world.shipments]
    return [
        parcel
        for parcel in parcels
        if parcel.logistic != "fulfillment"
        and now - days * DAY <= parcel.dispatch_by
        and (handed_over(parcel) or (parcel.status in WAITING and parcel.dispatch_by < now))
    ]


def is_late(parcel: Shipment, now: int) -> bool:
    return (handed_over(parcel) or now) > parcel.dispatch_by


def colour_of(count: int, total: int, limits: tuple[int, int, int]) -> int:
    """The place in LEVELS that this many of `total` mean."""
    return sum(1000 * count > limit * total for limit in limits)
