"""The figures of `/api/items/stats` (contract section 3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, DecimalField, F, Sum

from painelml.web.period import PeriodForm

from .models import Item

HELD = ["active", "paused"]
"""Statuses whose units the seller still holds for sale."""


@dataclass(frozen=True)
class ItemStats:
    """`stock_units` and `stock_value` are of active and paused items, at the price in force.

    The value is None when the items have several currencies.
    """

    total: int
    by_status: dict[str, int]
    out_of_stock: int
    low_stock: int
    stock_units: int
    stock_value: Decimal | None
    currency_id: str | None


def item_stats(form: PeriodForm, now: datetime) -> ItemStats:
    """Return the figures of the items created in the period. Four queries."""
    items = Item.objects.filter(form.during("date_created", now)).order_by()
    by_status = dict(items.values_list("status").annotate(Count("pk")).order_by("status"))
    worth = Sum(
        F("price") * F("available_quantity"), output_field=DecimalField(max_digits=20, decimal_places=2)
    )
    held = list(
        items.filter(status__in=HELD)
        .values("currency_id")
        .annotate(units=Sum("available_quantity"), worth=worth)
    )
    currencies = {row["currency_id"] for row in held} or {account.currency_id for account in form.accounts}
    value = sum((row["worth"] or Decimal(0) for row in held), Decimal(0))
    return ItemStats(
        total=sum(by_status.values()),
        by_status=by_status,
        out_of_stock=items.out_of_stock().count(),
        low_stock=items.low_stock().count(),
        stock_units=sum(row["units"] or 0 for row in held),
        stock_value=value if len(currencies) < 2 else None,
        currency_id=currencies.pop() if len(currencies) == 1 else None,
    )
