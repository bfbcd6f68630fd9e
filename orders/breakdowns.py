"""What sold how much: the sales of a period by item, by the buyer's state or by account, each against as long
a period right before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, DecimalField, F, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from painelml.web.charts import shares
from painelml.web.show import change
from shipments.models import Shipment

from .forms import BreakdownForm
from .models import Order, OrderQuerySet
from .money import NOTHING
from .profit import Earned, earned_figures, earned_of, sales_by_item
from .reports import orders_of

SHOWN = 50
"""Rows of each currency on the page; a file has them all."""

Key = tuple[str, str]
Group = tuple[str, int, Earned]


@dataclass(frozen=True)
class Row:
    """What sold under one name in one currency. `key` is the item's number, the state or the account's id,
    empty where it is not known; `before` is the period before, None where nothing was sold then.
    """

    key: str
    label: str
    currency_id: str
    units: int
    earned: Earned
    before: Earned | None

    @property
    def change(self) -> int | None:
        """By how many percent gross sales moved; None when there was nothing before."""
        return change(self.earned.gross, self.before.gross) if self.before else None


@dataclass(frozen=True)
class Breakdown:
    """The rows of one currency, those that sold most first; `rest` counts those a page leaves out."""

    currency_id: str
    rows: list[Row]
    total: Earned
    rest: int = 0

    @property
    def bars(self) -> list[tuple[Row, str]]:
        """Return each row with how long its bar is, out of 100."""
        lengths = shares([max(0, int(row.earned.gross)) for row in self.rows])
        return list(zip(self.rows, lengths, strict=True))


def breakdown(form: BreakdownForm, now: datetime) -> list[Breakdown]:
    """Return what a page shows, the currency with most sales first."""
    found = _best_items(form, now) if form.by_name == "item" else _first_rows(form, now)
    return sorted(found, key=lambda one: -one.total.orders)


def _first_rows(form: BreakdownForm, now: datetime) -> list[Breakdown]:
    """States and accounts are few, so that all come. Two queries."""
    by_currency: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows_of(form, now):
        by_currency[row.currency_id].append(row)
    return [
        Breakdown(
            currency,
            rows[:SHOWN],
            sum((row.earned for row in rows), Earned()),
            max(0, len(rows) - SHOWN),
        )
        for currency, rows in by_currency.items()
    ]


def _best_items(form: BreakdownForm, now: datetime) -> list[Breakdown]:
    """Items are many, so that only those shown come. Two queries, and two for each currency."""
    orders = orders_of(form, now)
    by_currency = orders.sales().order_by("currency_id").values("currency_id")
    wholes = list(by_currency.annotate(items=Count("item_id", distinct=True), **earned_figures()))
    best = [best_sellers(orders.filter(currency_id=whole["currency_id"]), SHOWN) for whole in wholes]
    shown = {row.key for rows in best for row in rows}
    before = by_item(_orders_before(form, now).filter(item_id__in=shown))
    return [
        Breakdown(
            whole["currency_id"],
            [replace(row, before=_earned_in(before, row.key, row.currency_id)) for row in rows],
            earned_of(whole),
            max(0, whole["items"] - SHOWN),
        )
        for whole, rows in zip(wholes, best, strict=True)
    ]


def rows_of(form: BreakdownForm, now: datetime) -> list[Row]:
    """Return what sold in the period, by currency and then by gross, the greatest first."""
    group = GROUPS[form.by_name]
    before = group(_orders_before(form, now))
    accounts = {str(account.pk): str(account) for account in form.accounts}
    rows = [
        Row(
            key,
            accounts.get(key, key) if form.by_name == "account" else title or key or _("unknown"),
            currency,
            units,
            told,
            _earned_in(before, key, currency),
        )
        for (key, currency), (title, units, told) in group(orders_of(form, now)).items()
    ]
    return sorted(rows, key=lambda row: (row.currency_id, -row.earned.gross, row.key))


def _orders_before(form: BreakdownForm, now: datetime) -> OrderQuerySet:
    orders: OrderQuerySet = Order.objects.filter(form.before("date_created", now)).order_by()
    return orders


def _earned_in(groups: dict[Key, Group], key: str, currency: str) -> Earned | None:
    return groups[key, currency][2] if (key, currency) in groups else None


def by_item(orders: OrderQuerySet) -> dict[Key, Group]:
    found = {}
    for row in sales_by_item(orders):
        found[row["item_id"], row["currency_id"]] = row["name"], row["sold"] or 0, earned_of(row)
    return found


def best_sellers(orders: OrderQuerySet, limit: int) -> list[Row]:
    """Return the items that sold most of sales in one currency, the greatest gross first. Two queries: only
    these are named.
    """
    greatest = Coalesce("earned_gross", NOTHING, output_field=DecimalField()).desc()
    sold = orders.sales().order_by().values("item_id").annotate(earned_gross=Sum("gross"))
    found = {row["item_id"] for row in sold.order_by(greatest, "item_id")[:limit]}
    most = sales_by_item(orders.filter(item_id__in=found)).order_by(greatest, "item_id")[:limit]
    return [
        Row(
            row["item_id"],
            row["name"] or row["item_id"] or _("unknown"),
            row["currency_id"],
            row["sold"] or 0,
            earned_of(row),
            None,
        )
        for row in most
    ]


def by_state(orders: OrderQuerySet) -> dict[Key, Group]:
    """The state is where the parcel went; a sale whose shipment nobody has read is of no known state."""
    shipment = Shipment.objects.filter(account=OuterRef("account"), meli_id=OuterRef("shipment_id"))
    state = Coalesce(Subquery(shipment.values("receiver_state")[:1]), Value(""))
    return _grouped(orders.annotate(state=state), "state")


def by_account(orders: OrderQuerySet) -> dict[Key, Group]:
    return _grouped(orders, "account_id")


def _grouped(orders: OrderQuerySet, column: str) -> dict[Key, Group]:
    rows = orders.sales().values("currency_id", key=F(column)).annotate(sold=Sum("units"), **earned_figures())
    return {(str(row["key"]), row["currency_id"]): ("", row["sold"] or 0, earned_of(row)) for row in rows}


GROUPS: dict[str, Callable[[OrderQuerySet], dict[Key, Group]]] = {
    "item": by_item,
    "state": by_state,
    "account": by_account,
}
