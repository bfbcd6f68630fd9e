"""The figures of `/api/items/stats` (contract section 3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count

from painelml.web.period import PeriodForm

from .models import HELD, Item, StockPart
from .stock import described, sold_covers
from .worth import StockValue, stock_values

ZERO = Decimal(0)
RUNNING_OUT = 7
"""Days of cover at or below which stock counts as running out."""


@dataclass(frozen=True)
class ItemStats:
    """`stock_units` and `stock_value` are of active and paused items, at the price in force; units several
    listings share count once. The value is None when the items have several currencies.

    `running_out` counts what lasts a week at most, `lost_per_day` by currency what is lost in sales by stock
    that ran out.
    """

    total: int
    by_status: dict[str, int]
    out_of_stock: int
    low_stock: int
    stock_units: int
    stock_value: Decimal | None
    currency_id: str | None
    running_out: int
    lost_per_day: dict[str, Decimal]
    stock_by_currency: list[StockValue]


def item_stats(form: PeriodForm, now: datetime) -> ItemStats:
    """Return the figures of the items created in the period. Seven queries."""
    items = Item.objects.filter(form.during("date_created", now)).order_by()
    # Of a column of the index, so that no row has to be read.
    counts = items.values_list("status", "currency_id").annotate(Count("account_id")).order_by("status")
    by_status: dict[str, int] = {}
    for status, _currency, count in counts:
        by_status[status] = by_status.get(status, 0) + count
    parts = StockPart.objects.filter(form.during("listed_since", now))
    short = sold_covers(form.accounts, parts, now, within=RUNNING_OUT)
    lost: dict[str, Decimal] = {}
    for cover in described((cover for cover in short if cover.lost_per_day), parts):
        lost[cover.pool.currency_id] = lost.get(cover.pool.currency_id, ZERO) + (cover.lost_per_day or ZERO)
    currencies = {currency for status, currency, _count in counts if status in HELD}
    held = stock_values(parts, form.accounts, now)
    currencies = currencies or {account.currency_id for account in form.accounts}
    return ItemStats(
        total=sum(by_status.values()),
        by_status=by_status,
        out_of_stock=items.out_of_stock().count(),
        low_stock=items.low_stock().count(),
        stock_units=sum(one.units for one in held),
        stock_value=sum((one.at_price for one in held), ZERO) if len(currencies) < 2 else None,
        currency_id=currencies.pop() if len(currencies) == 1 else None,
        running_out=sum(bool(cover.pool.available) for cover in short),
        lost_per_day=dict(sorted(lost.items())),
        stock_by_currency=[one for one in held if one.units],
    )
