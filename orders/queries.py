"""What pages and statistics ask about orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Sum, TextField
from django.db.models.functions import Cast, TruncDate

from accounts.models import Account, Organization
from painelml.text import fold
from painelml.web.days import by_zone, day_start, within
from painelml.web.show import change

from .forms import OrderFilterForm
from .models import Order, OrderItem, OrderQuerySet

WEEK = 7
MONTH = 30
ZERO = Decimal(0)

FIGURES = {
    "orders": Count("pk"),
    "sold": Sum("units"),
    "gross_sum": Sum("gross"),
    "net_sum": Sum("net"),
    "net_unknown": Count("pk", filter=Q(net__isnull=True)),
}

WHOLE_NUMBER = 16
"""Digits of an order's number; SKUs that are bar codes have fourteen at most."""

UNREAD = ("payload", "parts", "search_text")
"""Columns a list has no use for: the payloads are most of a row."""


def orders_for_listing(organization: Organization, form: OrderFilterForm) -> OrderQuerySet:
    """Return the organization's orders that pass the filters, unordered, with their lines and account."""
    orders = passing(Order.objects.of(organization), form)
    return orders.select_related("account").prefetch_related("items").defer(*UNREAD)


def passing(orders: OrderQuerySet, form: OrderFilterForm) -> OrderQuerySet:
    """Return those of `orders` that pass the filters."""
    orders = orders.filter(
        within("date_created", form.accounts, form.value("date_from"), form.value("date_to")),
        account__in=form.accounts,
        **form.filters(status="status", currency_id="currency_id"),
    )
    if q := form.value("q"):
        orders = orders.filter(searched(q) if form.sees_people else searched_without_people(q))
    if item_id := form.value("item_id"):
        orders = orders.filter(Exists(OrderItem.objects.filter(order=OuterRef("pk"), item_id=item_id)))
    if tag := form.value("tag"):
        # SQLite has no containment for JSON; the quotes make it a whole tag on both databases.
        orders = orders.alias(tags_text=Cast("tags", TextField())).filter(tags_text__contains=f'"{tag}"')
    if form.value("is_sale"):
        orders = orders.sales()
    if part := form.value("unknown"):
        orders = orders.sales().filter(**{f"{part}__isnull": True})
    return orders


def searched(q: str) -> Q:
    """Return the condition for orders that somebody looks for.

    The whole number of an order or a pack has sixteen digits and is looked up; other words are looked for in
    the text of every order.
    """
    words = fold(q).removeprefix("#")
    if words.isascii() and words.isdecimal() and len(words) >= WHOLE_NUMBER:
        return Q(meli_id=words) | Q(pack_id=words)
    return Q(search_text__contains=words)


def searched_without_people(q: str) -> Q:
    """Return the condition for orders a viewer looks for: by an id, or by what was sold. Nothing is found by
    who bought it, so that nobody learns a masked name by trying."""
    words = q.strip().removeprefix("#")
    lines = OrderItem.objects.filter(order=OuterRef("pk"))
    ids = Q(meli_id=words) | Q(pack_id=words) | Q(shipment_id=words) | Exists(lines.filter(item_id=words))
    sold = lines.filter(Q(sku__icontains=words) | Q(title__icontains=words))
    # The text of the order holds titles and SKUs, too: its index finds the few rows whose lines are read.
    return ids | (Q(search_text__contains=fold(words)) & Exists(sold))


@dataclass(frozen=True)
class SalesDay:
    """The sales of one local day in one currency. `net` sums what is known; `net_unknown` counts the rest."""

    orders: int = 0
    units: int = 0
    gross: Decimal = ZERO
    net: Decimal = ZERO
    net_unknown: int = 0

    def __add__(self, other: SalesDay) -> SalesDay:
        return SalesDay(
            self.orders + other.orders,
            self.units + other.units,
            self.gross + other.gross,
            self.net + other.net,
            self.net_unknown + other.net_unknown,
        )


@dataclass(frozen=True)
class Period:
    """The sales of some days, and of what they are compared with."""

    days: int
    sales: SalesDay
    before: SalesDay

    @property
    def change(self) -> int | None:
        """By how many percent gross sales moved; None when there was nothing before."""
        return change(self.sales.gross, self.before.gross)

    @property
    def average_ticket(self) -> Decimal | None:
        return self.sales.gross / self.sales.orders if self.sales.orders else None


@dataclass(frozen=True)
class CurrencySales:
    """What was sold in one currency: three periods and the last 30 days one by one, today last.

    `today` is compared with the same weekday a week ago until this hour, the others with as many days before.
    """

    currency_id: str
    today: Period
    week: Period
    month: Period
    days: list[tuple[date, SalesDay]]
    days_before: list[SalesDay]

    @property
    def newest_first(self) -> list[tuple[date, SalesDay]]:
        return self.days[::-1]


def sales_overview(accounts: list[Account], now: datetime) -> list[CurrencySales]:
    """Return the sales of the last 60 local days per currency, the one with most orders first.

    "Today" is each account's own. Two queries per time zone, whatever the number of orders.
    """
    daily: dict[str, dict[int, SalesDay]] = {}
    week_ago: dict[str, SalesDay] = {}
    for zone, members in by_zone(accounts).items():
        today = now.astimezone(zone).date()
        sales = Order.objects.filter(account__in=members).sales().order_by()
        since = day_start(today - timedelta(days=2 * MONTH - 1), zone)
        rows = (
            sales.filter(date_created__gte=since)
            .values("currency_id", day=TruncDate("date_created", tzinfo=zone))
            .annotate(**FIGURES)
        )
        for row in rows:
            offset = (today - row["day"]).days
            days = daily.setdefault(row["currency_id"], {})
            days[offset] = days.get(offset, SalesDay()) + sales_day(row)
        same_day = day_start(today - timedelta(days=WEEK), zone)
        until = now - timedelta(days=WEEK)
        for row in (
            sales.filter(date_created__gte=same_day, date_created__lte=until)
            .values("currency_id")
            .annotate(**FIGURES)
        ):
            currency = row["currency_id"]
            week_ago[currency] = week_ago.get(currency, SalesDay()) + sales_day(row)
    today = now.astimezone(accounts[0].time_zone).date() if accounts else now.date()
    blocks = [
        currency_sales(currency, days, week_ago.get(currency, SalesDay()), today)
        for currency, days in daily.items()
    ]
    return sorted(blocks, key=lambda block: -block.month.sales.orders)


def currency_sales(
    currency: str, days: dict[int, SalesDay], week_ago: SalesDay, today: date
) -> CurrencySales:
    """Return the periods of one currency; `days` is keyed by how many days ago."""

    def total(first: int, last: int) -> SalesDay:
        return sum((days.get(offset, SalesDay()) for offset in range(first, last)), SalesDay())

    return CurrencySales(
        currency,
        today=Period(1, total(0, 1), week_ago),
        week=Period(WEEK, total(0, WEEK), total(WEEK, 2 * WEEK)),
        month=Period(MONTH, total(0, MONTH), total(MONTH, 2 * MONTH)),
        days=[(today - timedelta(days=ago), days.get(ago, SalesDay())) for ago in reversed(range(MONTH))],
        days_before=[days.get(ago, SalesDay()) for ago in reversed(range(MONTH, 2 * MONTH))],
    )


def sales_day(row: dict[str, Any]) -> SalesDay:
    return SalesDay(
        row["orders"], row["sold"] or 0, row["gross_sum"] or ZERO, row["net_sum"] or ZERO, row["net_unknown"]
    )


def find_order(organization: Organization, number: str) -> Order | None:
    """Return the organization's order of this number, or the first of the pack of this number."""
    orders = Order.objects.of(organization).select_related("account").defer(*UNREAD)
    order: Order | None = orders.filter(meli_id=number).order_by("pk").first()
    return order or orders.filter(pack_id=number).order_by("pk").first()


def orders_by_shipment(accounts: list[Account], shipment_ids: Iterable[str]) -> dict[str, list[Order]]:
    """Return the orders each of these shipments carries, with their lines. Two queries."""
    wanted = Order.objects.filter(account__in=accounts, shipment_id__in={id_ for id_ in shipment_ids if id_})
    found: dict[str, list[Order]] = {}
    for order in wanted.defer("payload", "parts", "search_text").prefetch_related("items").order_by("pk"):
        found.setdefault(order.shipment_id, []).append(order)
    return found
