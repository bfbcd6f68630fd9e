"""The figures of `/api/orders/stats` (contract section 3.5). Only sales count towards money and units."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Count, DecimalField, F, Max, Q, Sum
from django.db.models.functions import TruncDate

from painelml.web.days import by_zone
from painelml.web.period import PeriodForm

from .models import Order, OrderQuerySet
from .queries import FIGURES, ZERO, SalesDay, sales_day

TOP_ITEMS = 10
CENT = Decimal("0.01")
AMOUNT = DecimalField(max_digits=20, decimal_places=2)


@dataclass(frozen=True)
class Sales:
    """Sales of a day or a period. Amounts are None when they would mix currencies.

    `net` is None, too, while the net of a sale is unknown: `net_known` sums the others, `net_unknown` counts.
    """

    orders: int
    units: int
    gross: Decimal | None
    net: Decimal | None
    net_known: Decimal | None
    net_unknown: int
    currency_id: str | None = None
    date: date | None = None

    @property
    def average_ticket(self) -> Decimal | None:
        if self.gross is None or not self.orders:
            return None
        return (self.gross / self.orders).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class OrderStats:
    """`total` and `by_status` count every order, `sales` and what follows only those that count as sales."""

    total: int
    by_status: dict[str, int]
    sales: Sales
    by_currency: list[Sales]
    per_day: list[Sales]
    top_items: list[dict[str, Any]]
    previous_period: Sales | None


def order_stats(form: PeriodForm, now: datetime) -> OrderStats:
    """Return the figures of the orders created in the period, and of as long a period before it.

    Four queries, and one more per time zone among the accounts.
    """
    orders = Order.objects.filter(form.during("date_created", now)).order_by()
    by_status = dict(orders.values_list("status").annotate(Count("pk")).order_by("status"))
    daily = sales_by_day(orders, form)
    of_own = {account.currency_id for account in form.accounts}
    before = form.before("date_created", now)
    days: defaultdict[date, dict[str, SalesDay]] = defaultdict(dict)
    whole: dict[str, SalesDay] = {}
    for (day, currency), sales in daily.items():
        days[day][currency] = sales
        whole[currency] = whole.get(currency, SalesDay()) + sales
    is_mixed = len(whole) > 1
    return OrderStats(
        total=sum(by_status.values()),
        by_status=by_status,
        sales=together(whole, of_own),
        by_currency=[together({currency: sales}, of_own) for currency, sales in sorted(whole.items())],
        per_day=[
            together(days[day], of_own, date=day, is_mixed=is_mixed) for day in form.all_days(set(days), now)
        ],
        top_items=top_items(orders),
        previous_period=before and together(totals(Order.objects.filter(before)), of_own, is_mixed=is_mixed),
    )


def sales_by_day(orders: OrderQuerySet, form: PeriodForm) -> dict[tuple[date, str], SalesDay]:
    """Return the sales among `orders` by the account's local day and by currency."""
    daily: defaultdict[tuple[date, str], SalesDay] = defaultdict(SalesDay)
    for zone, members in by_zone(form.accounts).items():
        # The day first: PostgreSQL sorts by both, and words take it longer.
        days = (
            orders.filter(account__in=members)
            .sales()
            .values(day=TruncDate("date_created", tzinfo=zone), currency=F("currency_id"))
        )
        for row in days.annotate(**FIGURES):
            daily[row["day"], row["currency"]] += sales_day(row)
    return dict(daily)


def totals(orders: OrderQuerySet) -> dict[str, SalesDay]:
    """Return the sales among `orders` by currency."""
    rows = orders.sales().order_by().values("currency_id").annotate(**FIGURES)
    return {row["currency_id"]: sales_day(row) for row in rows}


def together(
    by_currency: dict[str, SalesDay], usual: set[str], *, date: date | None = None, is_mixed: bool = False
) -> Sales:
    """Return sales of several currencies as one: counts are added up, amounts only of a single currency.

    `usual` are the accounts' own currencies: nothing sold is nothing in theirs.
    """
    whole = sum(by_currency.values(), SalesDay())
    currencies = set(by_currency) or usual
    is_single = len(currencies) == 1 and not is_mixed
    return Sales(
        orders=whole.orders,
        units=whole.units,
        gross=whole.gross if is_single else None,
        net=whole.net if is_single and not whole.net_unknown else None,
        net_known=whole.net if is_single else None,
        net_unknown=whole.net_unknown,
        currency_id=next(iter(currencies)) if is_single else None,
        date=date,
    )


@dataclass(frozen=True)
class Refunded:
    """What went back to buyers on a day: of orders that are sales all the same, and of those that no longer
    are, whose gross is in no sum either.
    """

    of_sales: Decimal = ZERO
    of_others: Decimal = ZERO

    def __add__(self, other: Refunded) -> Refunded:
        return Refunded(self.of_sales + other.of_sales, self.of_others + other.of_others)


def refunds_by_day(form: PeriodForm, now: datetime) -> dict[tuple[date, str], Refunded]:
    """Return the refunds made in the period, whenever their orders were, by the account's local day and by
    currency. One query per time zone.
    """
    made = form.during("refunds__refunded_at", now) & Q(refunds__isnull=False)
    orders = Order.objects.filter(made).order_by()
    found: defaultdict[tuple[date, str], Counter[bool]] = defaultdict(Counter)
    for zone, members in by_zone(form.accounts).items():
        rows = orders.filter(account__in=members).values_list(
            TruncDate("refunds__refunded_at", tzinfo=zone), "currency_id", "is_sale"
        )
        for day, currency, is_sale, amount in rows.annotate(Sum("refunds__amount")):
            found[day, currency][is_sale] += amount
    return {key: Refunded(ZERO + sums[True], ZERO + sums[False]) for key, sums in found.items()}


def refunds_by_currency(made: Q) -> dict[str, Refunded]:
    """Return the refunds that pass a condition on `refunds__refunded_at`, by currency. One query."""
    found: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    orders = Order.objects.filter(made & Q(refunds__isnull=False)).order_by()
    rows = orders.values_list("currency_id", "is_sale").annotate(Sum("refunds__amount"))
    for currency, is_sale, amount in rows:
        found[currency][is_sale] += amount
    return {currency: Refunded(ZERO + sums[True], ZERO + sums[False]) for currency, sums in found.items()}


def top_items(orders: OrderQuerySet) -> list[dict[str, Any]]:
    """Return the items of which most units were sold, with what they brought before fees. An order is one
    item (part B section 1.2); the rare old one with several counts for its first. Two queries: only the lines
    of the items found by the first are read.
    """
    sales = orders.sales().order_by()
    sold = sales.filter(item_id__gt="").values("item_id")
    most = sold.annotate(sold=Sum("units")).order_by("-sold", "item_id")[:TOP_ITEMS]
    best = sales.filter(item_id__in=[row["item_id"] for row in most])
    rows = best.values("currency_id", "item_id").annotate(
        item_title=Max("items__title", filter=Q(items__position=0)),
        sold=Sum("items__quantity"),
        brought=Sum(F("items__unit_price") * F("items__quantity"), output_field=AMOUNT),
    )
    return [
        {
            "item_id": row["item_id"],
            "currency_id": row["currency_id"],
            "item_title": row["item_title"],
            "units": row["sold"],
            "gross": row["brought"],
        }
        for row in rows.order_by("-sold", "item_id")[:TOP_ITEMS]
    ]
