"""Sales as buyers make them: a cart is a pack of several orders, anything else a sale of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, Prefetch, Q, prefetch_related_objects

from .forms import OrderFilterForm
from .models import Order, OrderItem, OrderQuerySet, Payment
from .queries import passing

LISTED = (
    "account",
    "meli_id",
    "pack_id",
    "status",
    "date_created",
    "total_amount",
    "net",
    "currency_id",
    "buyer_nickname",
    "shipment_id",
)
"""The columns the rows of the list show."""


@dataclass(frozen=True)
class Total:
    """An amount of a sale in one currency: the sum of what is known, and of how many orders it is not."""

    currency_id: str
    known: Decimal | None
    unknown: int = 0


@dataclass(frozen=True)
class Sale:
    """The orders a buyer placed at once, oldest first; `lead` is the one that gives it its place in a list.

    `matched` are the orders that pass the filters of the list.
    """

    lead: Order
    orders: list[Order]
    matched: frozenset[int] = frozenset()

    @property
    def number(self) -> str:
        return self.lead.sale_number

    @property
    def is_pack(self) -> bool:
        """Whether it holds several orders; a pack of one is just its order."""
        return len(self.orders) > 1

    @property
    def statuses(self) -> list[str]:
        """The different statuses of its orders."""
        return list(dict.fromkeys(order.status for order in self.orders))

    @property
    def lines(self) -> list[OrderItem]:
        return [line for order in self.orders for line in order.items.all()]

    @property
    def payments(self) -> list[tuple[Order, Payment]]:
        return [(order, payment) for order in self.orders for payment in order.payments.all()]

    @property
    def tags(self) -> set[str]:
        return {tag for order in self.orders for tag in order.tags}

    @property
    def shipment_ids(self) -> list[str]:
        return list(dict.fromkeys(order.shipment_id for order in self.orders if order.shipment_id))

    @property
    def is_partly_matched(self) -> bool:
        """Whether the filters let in some of its orders and not the others."""
        return 0 < len(self.matched) < len(self.orders)

    @property
    def total(self) -> list[Total]:
        return totals(self.orders, "total_amount")

    @property
    def net(self) -> list[Total]:
        return totals(self.orders, "net")


def totals(orders: Iterable[Order], column: str) -> list[Total]:
    """Return the sum of a column per currency. Where no order's amount is known, neither is the sum."""
    amounts: defaultdict[str, list[Decimal | None]] = defaultdict(list)
    for order in orders:
        amounts[order.currency_id].append(getattr(order, column))
    found = []
    for currency, values in amounts.items():
        known = [value for value in values if value is not None]
        total = sum(known, Decimal(0)) if known else None
        found.append(Total(currency, total, len(values) - len(known)))
    return found


def sales_for_listing(form: OrderFilterForm) -> OrderQuerySet:
    """Return one order of every sale that has some passing the filters: the newest of those that do.

    The OR with the pack keeps the databases from joining the table with itself: they walk the index the list
    is ordered by and look each pack up, for as many rows as a page has. The dates are put so that SQLite,
    which has no statistics, looks in the index of the pack and not through all that is newer.
    """
    of_pack = passing(Order.objects.order_by(), form).filter(
        account=OuterRef("account"), pack_id=OuterRef("pack_id")
    )
    newer = of_pack.filter(
        Q(date_created__gt=OuterRef("date_created")) | Q(pk__gt=OuterRef("pk")),
        date_created__gte=OuterRef("date_created"),
    )
    leads: OrderQuerySet = passing(Order.objects.all(), form).filter(Q(pack_id="") | ~Exists(newer))
    return leads.only(*LISTED)


def sales_of(leads: Iterable[Order], form: OrderFilterForm) -> list[Sale]:
    """Return the sales these orders lead, in their order, with their lines. Two queries, and one more where
    filters are in use and sales hold several orders.
    """
    leads = list(leads)
    packs = {lead.pack_id for lead in leads if lead.pack_id}
    together = Order.objects.filter(account__in=form.accounts, pack_id__in=packs)
    members: defaultdict[tuple[int, str, str], list[Order]] = defaultdict(list)
    for order in together.only(*LISTED).order_by("date_created", "pk"):
        members[key_of(order)].append(order)
    matched: set[int] = set()
    if form.active:
        matched.update(lead.pk for lead in leads)
        # By their keys: by their packs PostgreSQL would look for words in all rows again.
        others = {order.pk for own in members.values() for order in own} - matched
        if others:
            read = Order.objects.filter(pk__in=others).order_by()
            matched.update(passing(read, form).values_list("pk", flat=True))
    sales = []
    for lead in leads:
        own = members[key_of(lead)] or [lead]
        sales.append(Sale(lead, own, frozenset(order.pk for order in own if order.pk in matched)))
    lines = Prefetch("items", OrderItem.objects.only("order", "item_id", "title", "quantity"))
    prefetch_related_objects([order for sale in sales for order in sale.orders], lines)
    return sales


def key_of(order: Order) -> tuple[int, str, str]:
    """Return what the orders of a sale have in common, and no other order has."""
    return order.account_id, order.pack_id, "" if order.pack_id else order.meli_id


def get_sale(order: Order) -> Sale:
    """Return the sale of an order with all that hangs on its orders. Four queries."""
    orders = Order.objects.filter(account=order.account)
    own = orders.filter(pack_id=order.pack_id) if order.pack_id else orders.filter(pk=order.pk)
    found = list(own.prefetch_related("items", "payments", "refunds").order_by("date_created", "pk"))
    for one in found:
        one.account = order.account
    return Sale(order, found)


def items_of(sale: Sale) -> list[str]:
    """Return the numbers of the items that were sold."""
    return [line.item_id for line in sale.lines if line.item_id]
