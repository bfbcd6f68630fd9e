"""What the overview shows: what needs somebody now, how sales go, and what is still being read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.queries import best_sellers_out, items_by_id
from orders.breakdowns import Breakdown, Row, best_sellers, breakdown
from orders.forms import BreakdownForm
from orders.left import Left, left_of
from orders.queries import MONTH, CurrencySales, Period, orders_by_shipment, sales_overview
from orders.reports import orders_of
from painelml.sync.queries import latest_runs, overall_percent
from questions.queries import longest_waiting
from shipments.queries import next_to_dispatch

from .charts import DayChart, day_chart
from .context import Panel
from .show import count, day_and_month, money, short_money

SHOWN = 5
"""Rows of each list; the rest is one click away."""


def needs_you(panel: Panel) -> dict[str, Any]:
    """Return the figures of what waits, with the most urgent questions, shipments and stock-outs."""
    accounts = panel.accounts
    questions = longest_waiting(accounts, SHOWN)
    asked_about = items_by_id(accounts, [question.item_id for question in questions])
    shipments = next_to_dispatch(accounts, SHOWN)
    orders = orders_by_shipment(accounts, [shipment.meli_id for shipment in shipments])
    return {
        "now": timezone.now(),
        "stock": panel.stock,
        "questions": [(question, asked_about.get(question.item_id)) for question in questions],
        "shipments": [(shipment, orders.get(shipment.meli_id, [])) for shipment in shipments],
        "items_out": best_sellers_out(accounts, SHOWN),
    }


def sales(panel: Panel) -> dict[str, Any]:
    """Return the sales of each currency: three periods, the chart of the last 30 days, what is left of them,
    what sold best and which account sold how much."""
    now = timezone.now()
    left = left_of(panel.accounts, MONTH, now)
    month = of_month(panel)
    orders = orders_of(month, now)
    accounts = {}
    if len(panel.accounts) > 1:
        accounts = {one.currency_id: one for one in breakdown(month, now)}
    return {
        "sales": [
            Sales(
                block,
                periods_of(block),
                sales_chart(block),
                left.get(block.currency_id),
                best_sellers(orders.filter(currency_id=block.currency_id, item_id__gt=""), SHOWN),
                accounts.get(block.currency_id),
            )
            for block in sales_overview(panel.accounts, now)
        ]
    }


@dataclass(frozen=True)
class Span:
    """A period of the overview under its name, and the days its lists and reports are opened with."""

    name: str
    compared: str
    period: Period
    first: str
    last: str


@dataclass(frozen=True)
class Sales:
    """All the overview says of one currency. `left`, `items` and `accounts` are of the last 30 days."""

    block: CurrencySales
    spans: list[Span]
    chart: DayChart
    left: Left | None
    items: list[Row]
    accounts: Breakdown | None

    @property
    def month(self) -> Span:
        return self.spans[-1]


def periods_of(block: CurrencySales) -> list[Span]:
    named = [
        (_("Today"), _("against a week ago until this hour"), block.today),
        (_("Last 7 days"), _("against the 7 days before"), block.week),
        (_("Last 30 days"), _("against the 30 days before"), block.month),
    ]
    last = block.days[-1][0].isoformat()
    return [
        Span(name, compared, period, block.days[-period.days][0].isoformat(), last)
        for name, compared, period in named
    ]


def of_month(panel: Panel) -> BreakdownForm:
    """Return the last 30 days of the accounts of the page, broken down by account."""
    chosen = {"account_id": str(panel.account.pk)} if panel.account else {}
    asked = {"by": "account", "days": str(MONTH), **chosen}
    form = BreakdownForm(asked, organization=panel.organization)  # type: ignore[arg-type]
    form.all_accounts = panel.all_accounts
    return form


def sales_chart(block: CurrencySales) -> DayChart:
    """Return the drawing of gross sales per day, with the 30 days before as a line."""

    def title(index: int) -> str:
        day, sold = block.days[index]
        orders = ngettext("%(count)s sale", "%(count)s sales", sold.orders) % {"count": count(sold.orders)}
        before = money(block.days_before[index].gross, block.currency_id)
        return "\n".join(
            [
                f"{day_and_month(day)}: {money(sold.gross, block.currency_id)}",
                orders,
                _("30 days before: %(amount)s") % {"amount": before},
            ]
        )

    return day_chart(
        [(day, sold.gross) for day, sold in block.days],
        [sold.gross for sold in block.days_before],
        title=title,
        tick=lambda amount: short_money(amount, block.currency_id),
    )


def running(panel: Panel) -> dict[str, Any]:
    """Return the runs that read from Mercado Livre right now, by account."""
    by_account: dict[Any, list[Any]] = {}
    for one in latest_runs(panel.accounts) if panel.is_filling else []:
        by_account.setdefault(one.run.account, []).append(one)
    shown = [
        (account, [one for one in runs if one.run.is_active], overall_percent(runs))
        for account, runs in by_account.items()
    ]
    return {"running": [one for one in shown if one[1]]}
