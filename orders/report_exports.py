"""The report as a file: a row for every day and currency, and the items that were sold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organization
from painelml.web import show
from painelml.web.exports import BARS_MAX, Column, Listing, Summary, Table, bars_by_day

from .breakdowns import Row as GroupRow
from .breakdowns import rows_of
from .forms import BreakdownForm, ReportForm
from .money import NOTHING
from .profit import Earned, ItemEarned, earned_by_currency, earned_by_item
from .reports import orders_of, report
from .stats import Refunded

ITEMS_MAX = 1000
"""Items of each currency, those that earned most first."""


@dataclass(frozen=True)
class Row:
    """A day in one currency."""

    date: date
    currency_id: str
    earned: Earned
    refunded: Refunded


def report_days(organization: Organization, form: ReportForm) -> list[Row]:
    """Return every day of the period in each currency, newest first; the currency with most sales first."""
    return [
        Row(day.date, block.currency_id, day.earned, day.refunded)
        for block in report(form, timezone.now())
        for day in block.newest_first
    ]


def report_items(organization: Organization, form: ReportForm) -> list[ItemEarned]:
    """Return the items sold in the period. One query per currency."""
    orders = orders_of(form, timezone.now())
    return [
        item
        for currency in sorted(earned_by_currency(orders))
        for item in earned_by_item(orders.filter(currency_id=currency), ITEMS_MAX)
    ]


@dataclass(frozen=True)
class Period:
    """The period of a report, or the one before, in one currency."""

    name: str
    currency_id: str
    earned: Earned
    refunded: Refunded


def report_periods(organization: Organization, form: ReportForm) -> list[Period]:
    """Return the period and the one before it, in each currency."""
    return [
        period
        for block in report(form, timezone.now())
        for period in (
            Period(_("This period"), block.currency_id, block.total, block.refunded),
            Period(_("The period before"), block.currency_id, block.before, block.refunded_before),
        )
    ]


def summarize_report(rows: list[Row]) -> Summary:
    """Return what was sold, earned and refunded in each currency, and the gross sales of each day."""
    totals: list[tuple[str, str]] = []
    for currency in dict.fromkeys(row.currency_id for row in rows):
        days = [row for row in rows if row.currency_id == currency]
        refunded = sum((day.refunded for day in days), Refunded())
        totals += [
            *totals_of(currency, sum((day.earned for day in days), Earned())),
            (_("Refunds"), show.money(refunded.of_sales, currency)),
            (_("Refunds of cancelled sales"), show.money(refunded.of_others, currency)),
        ]
    return Summary(totals, *chart_of(rows))


def totals_of(currency: str, earned: Earned) -> list[tuple[str, str]]:
    """Return what was sold and earned in a currency, as words."""
    totals = [
        (_("Sales in %(currency)s") % {"currency": currency}, show.count(earned.orders)),
        (_("Gross"), show.money(earned.gross, currency)),
        (_("Profit"), show.money(earned.known_profit, currency)),
    ]
    if earned.incomplete:
        totals.append((_("Sales whose costs or fees are unknown"), show.count(earned.incomplete)))
    return totals


def chart_of(rows: list[Row]) -> tuple[str, list[tuple[str, Any]]]:
    """Return the gross sales of the first currency by day, or by month where there are many days."""
    if not rows:
        return _("Gross"), []
    currency = rows[0].currency_id
    days = [(row.date, row.earned.gross) for row in rows if row.currency_id == currency]
    return _("Gross in %(currency)s") % {"currency": currency}, bars_by_day(days[::-1])


CURRENCY = Column("currency_id", gettext_lazy("Currency"))
UNITS = Column("units", gettext_lazy("Units"), kind="number")
EARNED = [
    Column("orders", gettext_lazy("Sales"), "earned.orders", kind="number"),
    Column("gross", gettext_lazy("Gross"), "earned.gross", kind="money"),
    Column("profit", gettext_lazy("Profit"), "earned.known_profit", kind="money"),
    Column("margin", gettext_lazy("Margin"), "earned.margin", kind="share"),
    Column("incomplete", gettext_lazy("Sales without all costs"), "earned.incomplete", kind="number"),
]
REFUNDED = [
    Column("refunds", gettext_lazy("Refunds"), "refunded.of_sales", kind="money"),
    Column(
        "refunds_of_others", gettext_lazy("Refunds of cancelled sales"), "refunded.of_others", kind="money"
    ),
]
DAYS = [Column("date", gettext_lazy("Day"), kind="day"), CURRENCY, *EARNED, *REFUNDED]
ITEMS = [
    Column("item_id", gettext_lazy("Item")),
    Column("title", gettext_lazy("Title")),
    CURRENCY,
    UNITS,
    *EARNED,
]
PERIODS = [Column("period", gettext_lazy("Period"), "name"), CURRENCY, *EARNED, *REFUNDED]
LISTING = Listing(
    name="reports",
    route="report-export",
    title=gettext_lazy("Sales and profit per day"),
    form=ReportForm,
    columns=DAYS,
    read=report_days,
    summarize=summarize_report,
    also=[
        Table(gettext_lazy("Items"), ITEMS, report_items),
        Table(gettext_lazy("Against the period before"), PERIODS, report_periods),
    ],
)


def breakdown_rows(organization: Organization, form: BreakdownForm) -> list[GroupRow]:
    """Return what sold in the period by item, state or account. Two queries."""
    return rows_of(form, timezone.now())


def summarize_breakdown(rows: list[GroupRow]) -> Summary:
    """Return the sales of each currency, and what sold most in the first."""
    totals: list[tuple[str, str]] = []
    for currency in dict.fromkeys(row.currency_id for row in rows):
        whole = sum((row.earned for row in rows if row.currency_id == currency), Earned())
        totals += totals_of(currency, whole)
    if not rows:
        return Summary(totals, _("Gross"), [])
    first = rows[0].currency_id
    most = [(row.label, row.earned.gross) for row in rows if row.currency_id == first][:BARS_MAX]
    return Summary(totals, _("Gross in %(currency)s") % {"currency": first}, most)


BREAKDOWN = Listing(
    name="breakdown",
    route="breakdown-export",
    title=gettext_lazy("Sales by item, state or account"),
    form=BreakdownForm,
    columns=[
        Column("name", gettext_lazy("Name"), "label"),
        Column("key", gettext_lazy("Number")),
        CURRENCY,
        UNITS,
        *EARNED,
        Column(
            "gross_before",
            gettext_lazy("Gross of the period before"),
            lambda row: row.before.gross if row.before else NOTHING,
            kind="money",
        ),
        Column(
            "profit_before",
            gettext_lazy("Profit of the period before"),
            lambda row: row.before.known_profit if row.before else None,
            kind="money",
        ),
    ],
    read=breakdown_rows,
    summarize=summarize_breakdown,
)
