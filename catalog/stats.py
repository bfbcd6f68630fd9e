"""The figures of `/api/items/stats` (contract section 3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count

from painelml.web.period import PeriodForm

from .models import Item
from .stock import HELD, pools_of


@dataclass(frozen=True)
class ItemStats:
    """`stock_units` and `stock_value` are of active and paused items, at the price in force; units several
    listings share count once. The value is None when the items have several currencies.
    """

    total: int
    by_status: dict[str, int]
    out_of_stock: int
    low_stock: int
    stock_units: int
    stock_value: Decimal | None
    currency_id: str | None


def item_stats(form: PeriodForm, now: datetime) -> ItemStats:
    """Return the figures of the items created in the period. Five queries."""
    items = Item.objects.filter(form.during("date_created", now)).order_by()
    by_status = dict(items.values_list("status").annotate(Count("pk")).order_by("status"))
    held = pools_of(items.filter(status__in=HELD))
    currencies = {pool.currency_id for pool in held} or {account.currency_id for account in form.accounts}
    value = sum((pool.value or Decimal(0) for pool in held), Decimal(0))
    return ItemStats(
        total=sum(by_status.values()),
        by_status=by_status,
        out_of_stock=items.out_of_stock().count(),
        low_stock=items.low_stock().count(),
        stock_units=sum(pool.available for pool in held),
        stock_value=value if len(currencies) < 2 else None,
        currency_id=currencies.pop() if len(currencies) == 1 else None,
    )
