"""The report as a file: a row for every day and currency, and the items that were sold."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organization
from painelml.web import show
from painelml.web.exports import Column, Listing, Summary

from .breakdowns import Row as GroupRow
from .breakdowns import rows_of
from .forms import BreakdownForm, ReportForm
from .profit import Earned, ItemEarned, earned_by_currency, earned_by_item
from .reports import ReportDay, orders_of, report
from .stats import Refunded

ITEMS_MAX = 1000
"""Items of each currency, those that earned most first."""
BARS_MAX = 31


@dataclass(frozen=True)
class Row:
    """A day in one currency."""

    currency_id: str
    day: ReportDay

    @property
    def earned(self) -> Earned:
        return self.day.earned


def report_days(organization: Organization, form: ReportForm) -> list[Row]:
    """Return every day of the period in each currency, newest first; the currency with most sales first."""
    return [
        Row(block.currency_id, day) for block in report(form, timezone.now()) for day in block.newest_first
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


def known_profit(item: ItemEarned) -> Decimal | None:
    """Return what the complete sales of an item earned; None while there is none."""
    return None if item.earned.orders == item.earned.incomplete else item.earned.profit


def summarize_report(rows: list[Row]) -> Summary:
    """Return what was sold, refunded and earned in each currency, and the gross sales of each day."""
    totals: list[tuple[str, str]] = []
    for currency in dict.fromkeys(row.currency_id for row in rows):
        days = [row.day for row in rows if row.currency_id == currency]
        earned = sum((day.earned for day in days), Earned())
        complete = earned.orders - earned.incomplete
        totals += [
            (_("Sales in %(currency)s") % {"currency": currency}, show.count(earned.orders)),
            (_("Gross"), show.money(earned.gross, currency)),
            (_("Refunds"), show.money(sum((day.refunded.of_sales for day in days), Decimal(0)), currency)),
            (
                _("Refunds of cancelled sales"),
                show.money(sum((day.refunded.of_others for day in days), Decimal(0)), currency),
            ),
            (_("Profit"), show.money(earned.profit if complete or not earned.orders else None, currency)),
        ]
        if earned.incomplete:
            totals.append((_("Sales whose costs or fees are unknown"), show.count(earned.incomplete)))
    return Summary(totals, *chart_of(rows))


def chart_of(rows: list[Row]) -> tuple[str, list[tuple[str, Any]]]:
    """Return the gross sales of the first currency by day, or by month where there are many days."""
    if not rows:
        return _("Gross"), []
    currency = rows[0].currency_id
    days = [row.day for row in rows if row.currency_id == currency][::-1]
    form = "SHORT_DATE_FORMAT" if len(days) <= BARS_MAX else "YEAR_MONTH_FORMAT"
    bars: dict[str, Decimal] = {}
    for day in days:
        label = date_format(day.date, form)
        bars[label] = bars.get(label, Decimal(0)) + day.earned.gross
    return _("Gross in %(currency)s") % {"currency": currency}, list(bars.items())


DAYS = [
    Column("date", gettext_lazy("Day"), "day.date", kind="day"),
    Column("currency_id", gettext_lazy("Currency")),
    Column("orders", gettext_lazy("Sales"), "earned.orders", kind="number"),
    Column("gross", gettext_lazy("Gross"), "earned.gross", kind="money"),
    Column("profit", gettext_lazy("Profit"), "day.profit", kind="money"),
    Column("margin", gettext_lazy("Margin"), "earned.margin", kind="share"),
    Column("incomplete", gettext_lazy("Sales without all costs"), "earned.incomplete", kind="number"),
    Column("refunds", gettext_lazy("Refunds"), "day.refunded.of_sales", kind="money"),
    Column(
        "refunds_of_others",
        gettext_lazy("Refunds of cancelled sales"),
        "day.refunded.of_others",
        kind="money",
    ),
]
ITEMS = [
    Column("item_id", gettext_lazy("Item")),
    Column("title", gettext_lazy("Title")),
    Column("currency_id", gettext_lazy("Currency")),
    Column("units", gettext_lazy("Units"), kind="number"),
    Column("orders", gettext_lazy("Sales"), "earned.orders", kind="number"),
    Column("gross", gettext_lazy("Gross"), "earned.gross", kind="money"),
    Column("profit", gettext_lazy("Profit"), known_profit, kind="money"),
    Column("margin", gettext_lazy("Margin"), "earned.margin", kind="share"),
    Column("incomplete", gettext_lazy("Sales without all costs"), "earned.incomplete", kind="number"),
]
PERIODS = [
    Column("period", gettext_lazy("Period"), "name"),
    Column("currency_id", gettext_lazy("Currency")),
    Column("orders", gettext_lazy("Sales"), "earned.orders", kind="number"),
    Column("gross", gettext_lazy("Gross"), "earned.gross", kind="money"),
    Column("profit", gettext_lazy("Profit"), "earned.known_profit", kind="money"),
    Column("margin", gettext_lazy("Margin"), "earned.margin", kind="share"),
    Column("incomplete", gettext_lazy("Sales without all costs"), "earned.incomplete", kind="number"),
    Column("refunds", gettext_lazy("Refunds"), "refunded.of_sales", kind="money"),
    Column(
        "refunds_of_others", gettext_lazy("Refunds of cancelled sales"), "refunded.of_others", kind="money"
    ),
]
LISTING = Listing(
    name="reports",
    route="report-export",
    title=gettext_lazy("Sales and profit per day"),
    form=ReportForm,
    columns=DAYS,
    read=report_days,
    summarize=summarize_report,
    also=[
        Listing(
            name="report-items",
            route="",
            title=gettext_lazy("Items"),
            form=ReportForm,
            columns=ITEMS,
            read=report_items,
            summarize=summarize_report,
        ),
        Listing(
            name="report-periods",
            route="",
            title=gettext_lazy("Against the period before"),
            form=ReportForm,
            columns=PERIODS,
            read=report_periods,
            summarize=summarize_report,
        ),
    ],
)


def breakdown_rows(organization: Organization, form: BreakdownForm) -> list[GroupRow]:
    """Return what sold in the period by item, state or account. Two queries."""
    return rows_of(form, timezone.now())


def summarize_breakdown(rows: list[GroupRow]) -> Summary:
    """Return the sales of each currency, and what sold most in the first."""
    totals = []
    for currency in dict.fromkeys(row.currency_id for row in rows):
        whole = sum((row.earned for row in rows if row.currency_id == currency), Earned())
        totals += [
            (_("Sales in %(currency)s") % {"currency": currency}, show.count(whole.orders)),
            (_("Gross"), show.money(whole.gross, currency)),
            (_("Profit"), show.money(whole.known_profit, currency)),
        ]
        if whole.incomplete:
            totals.append((_("Sales whose costs or fees are unknown"), show.count(whole.incomplete)))
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
        Column("currency_id", gettext_lazy("Currency")),
        Column("units", gettext_lazy("Units"), kind="number"),
        Column("orders", gettext_lazy("Sales"), "earned.orders", kind="number"),
        Column("gross", gettext_lazy("Gross"), "earned.gross", kind="money"),
        Column(
            "gross_before",
            gettext_lazy("Gross of the period before"),
            lambda row: row.before.gross if row.before else Decimal(0),
            kind="money",
        ),
        Column("profit", gettext_lazy("Profit"), "earned.known_profit", kind="money"),
        Column(
            "profit_before",
            gettext_lazy("Profit of the period before"),
            lambda row: row.before.known_profit if row.before else None,
            kind="money",
        ),
        Column("margin", gettext_lazy("Margin"), "earned.margin", kind="share"),
        Column("incomplete", gettext_lazy("Sales without all costs"), "earned.incomplete", kind="number"),
    ],
    read=breakdown_rows,
    summarize=summarize_breakdown,
)
