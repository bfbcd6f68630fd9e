"""What a sale leaves: pure arithmetic in one currency, exact to the cent (API facts, part B section 2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Any

from painelml.sync.values import as_money, dicts, inner

CENT = Decimal("0.01")
NOTHING = Decimal(0)
RETURNED = {"refunded", "charged_back"}
"""Statuses of payments whose whole amount went back to the buyer."""


def net_of(
    gross: Decimal | None, sale_fee: Decimal | None, shipping_cost: Decimal | None, discounts: Decimal | None
) -> Decimal | None:
    """Return gross - sale_fee - shipping_cost - discounts, or None while any of them is unknown."""
    if gross is None or sale_fee is None or shipping_cost is None or discounts is None:
        return None
    return gross - sale_fee - shipping_cost - discounts


def share(cost: Decimal, amounts: Sequence[Decimal]) -> list[Decimal]:
    """Split `cost` by `amounts` (equally when they are all zero) into cents that add up exactly.

    >>> share(Decimal("21.90"), [Decimal(240), Decimal(60)])
    [Decimal('17.52'), Decimal('4.38')]
    """
    weights = list(amounts) if sum(amounts) else [Decimal(1)] * len(amounts)
    total = sum(weights)
    exact = [cost * weight / total for weight in weights]
    shares = [part.quantize(CENT, ROUND_DOWN) for part in exact]
    # The cents that rounding down left go to the parts that lost most.
    left = int((cost - sum(shares)) / CENT)
    by_loss = sorted(range(len(exact)), key=lambda i: (shares[i] - exact[i], i))
    for i in by_loss[:left]:
        shares[i] += CENT
    return shares


def seller_discounts(details: Iterable[Mapping[str, Any]]) -> Decimal:
    """Return what the seller pays of an order's coupons.

    Only coupon rows count, and none that came with an offer or lowered the fee: those are inside
    `unit_price` and `sale_fee` already (part B section 1.7).
    """
    total = NOTHING
    for detail in details:
        if detail.get("type") != "coupon" or inner(detail, "supplier", "offer_id"):
            continue
        if inner(detail, "supplier", "funding_mode") == "sale_fee":
            continue
        for item in dicts(detail.get("items")):
            total += as_money(inner(item, "amounts", "seller")) or NOTHING
    return total


def refunded_of(payment: Mapping[str, Any]) -> Decimal | None:
    """Return how much of a payment went back to the buyer so far, None when that is not told.

    A charge-back often leaves the refunded amount at zero: the whole payment is gone all the same.
    """
    told = payment["transaction_amount_refunded"]
    if told:
        return told
    if payment["status"] in RETURNED:
        return payment["transaction_amount"]
    return None if payment["status_detail"] == "partially_refunded" else NOTHING


def sum_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum, None when one of them is unknown."""
    total = NOTHING
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
