"""What an order's money owes to more than its payload: a share of its shipment's cost, whichever of the two
was mirrored first, and refunds, each on the date it was seen to have happened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Account
from shipments.models import Shipment

from .models import Order, Refund
from .money import NOTHING, net_of, refunded_of, share
from .profit import set_profits


def settle_saved(resource: str, account: Account, ids: Collection[str], **_: Any) -> None:
    """Bring what is not in their payloads up to date after orders or shipments were saved."""
    if resource == "orders":
        orders = Order.objects.filter(account=account, meli_id__in=ids)
        shipment_ids = set(orders.exclude(shipment_id="").values_list("shipment_id", flat=True))
        settle(account, shipment_ids, orders.filter(shipment_id=""))
        date_refunds(orders)
        touched = orders | Order.objects.filter(account=account, shipment_id__in=shipment_ids)
        set_profits(account, Order.objects.filter(pk__in=touched.values("pk")))
    elif resource == "shipments":
        settle(account, ids, Order.objects.none())
        set_profits(account, Order.objects.filter(account=account, shipment_id__in=ids))


@transaction.atomic
def settle(account: Account, shipment_ids: Collection[str], unshipped: Collection[Order]) -> None:
    """Write the share of each order in `shipment_ids`, and what orders without a shipment pay: nothing when
    none will be made (to be agreed, cancelled), unknown until it is made otherwise.
    """
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
    mine = Order.objects.filter(account=account)
    touched = mine.filter(shipment_id__in=shipment_ids) | mine.filter(pk__in=[o.pk for o in unshipped])
    # Locked in the order saving locks them, and before the costs are read: of two workers that settle one
    # order at the same moment the later one sees what the other wrote.
    locked = touched.select_for_update(of=("self",)).only(*columns).order_by("meli_id")
    orders_without = []
    for order in locked:
        if order.shipment_id in shipment_ids:
            packs[order.shipment_id].append(order)
        else:
            orders_without.append(order)
    costs = dict(
        Shipment.objects.filter(account=account, meli_id__in=shipment_ids).values_list("meli_id", "cost")
    )
    changed = []
    for shipment_id, orders in packs.items():
        for order, cost in zip(orders, _shares(costs.get(shipment_id), orders), strict=True):
            changed += _set(order, cost)
    for order in orders_without:
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


@transaction.atomic
def date_refunds(orders: QuerySet[Order]) -> None:
    """Note what was refunded of `orders` since it was last noted, on the date their payments changed."""
    moved = orders.filter(refunded__gt=0) | orders.filter(refunds__isnull=False)
    # Locked, so that of two workers the later one sees what the other noted; in the order saving locks them.
    locked = Order.objects.filter(pk__in=moved.values("pk")).select_for_update().order_by("meli_id")
    new: list[Refund] = []
    taken_back: list[int] = []
    for order in locked.prefetch_related("payments", "refunds").defer("payload", "parts", "search_text"):
        noted: dict[str, list[Refund]] = defaultdict(list)
        for refund in order.refunds.all():
            noted[refund.payment_id].append(refund)
        for payment in order.payments.all():
            told = refunded_of(vars(payment))
            mine = noted.pop(payment.meli_id, [])
            if told is None:
                continue  # that it is not told takes back nothing
            taken_back += [refund.pk for refund in mine if refund.total > told]
            before = max((refund.total for refund in mine if refund.total <= told), default=NOTHING)
            if told > before:
                new.append(
                    Refund(
                        order=order,
                        payment_id=payment.meli_id,
                        total=told,
                        amount=told - before,
                        refunded_at=payment.date_last_modified or order.remote_updated_at,
                        source="payments[].date_last_modified"
                        if payment.date_last_modified
                        else "last_updated",
                    )
                )
        taken_back += [refund.pk for refunds in noted.values() for refund in refunds]
    Refund.objects.filter(pk__in=taken_back).delete()
    Refund.objects.bulk_create(new)
