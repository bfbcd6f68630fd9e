"""Sharing a shipment's cost among the orders of its pack, whichever of the two was mirrored first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from accounts.models import Account
from shipments.models import Shipment

from .models import Order
from .money import NOTHING, net_of, share


def settle_saved(resource: str, account: Account, ids: Collection[str], **_: Any) -> None:
    """Bring shipping cost and net up to date after orders or shipments were saved."""
    if resource == "orders":
        orders = Order.objects.filter(account=account, meli_id__in=ids)
        shipment_ids = set(orders.exclude(shipment_id="").values_list("shipment_id", flat=True))
        settle(account, shipment_ids, orders.filter(shipment_id=""))
    elif resource == "shipments":
        settle(account, ids, Order.objects.none())


def settle(account: Account, shipment_ids: Collection[str], unshipped: Collection[Order]) -> None:
    """Write the share of each order in `shipment_ids`, and what orders without a shipment pay: nothing when
    none will be made (to be agreed, cancelled), unknown until it is made otherwise.
    """
    costs = dict(
        Shipment.objects.filter(account=account, meli_id__in=shipment_ids).values_list("meli_id", "cost")
    )
    packs: dict[str, list[Order]] = defaultdict(list)
    columns = (
        "pk",
        "meli_id",
        "shipment_id",
        "status",
        "tags",
        "gross",
        "sale_fee",
        "discounts",
        "shipping_cost",
        "net",
    )
    for order in (
        Order.objects.filter(account=account, shipment_id__in=shipment_ids).only(*columns).order_by("pk")
    ):
        packs[order.shipment_id].append(order)
    changed = []
    for shipment_id, orders in packs.items():
        for order, cost in zip(orders, _shares(costs.get(shipment_id), orders), strict=True):
            changed += _set(order, cost)
    for order in unshipped:
        is_never_sent = "no_shipping" in order.tags or order.status == "cancelled"
        changed += _set(order, NOTHING if is_never_sent else None)
    Order.objects.bulk_update(changed, ["shipping_cost", "net"])


def _shares(cost: Decimal | None, orders: list[Order]) -> list[Decimal | None]:
    """Split a shipment's cost by amount. A cancelled order leaves its share to the rest of its pack."""
    if cost is None:
        return [None] * len(orders)
    going = [order for order in orders if order.status != "cancelled"] or orders
    shares = dict(zip([o.pk for o in going], share(cost, [o.gross or NOTHING for o in going]), strict=True))
    return [shares.get(order.pk, NOTHING) for order in orders]


def _set(order: Order, shipping_cost: Decimal | None) -> list[Order]:
    net = net_of(order.gross, order.sale_fee, shipping_cost, order.discounts)
    if (order.shipping_cost, order.net) == (shipping_cost, net):
        return []
    order.shipping_cost, order.net = shipping_cost, net
    return [order]
