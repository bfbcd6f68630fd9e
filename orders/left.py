"""What is left of a period's sales, part by part, and what is not known of them yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from accounts.models import Account
from painelml.web.days import by_zone, day_start

from .models import AMOUNTS, Order
from .profit import Earned, earned_figures, earned_of

KNOWN = Q(net__isnull=False)
COUNTS = ("sales", "left_out", "without_fee", "without_shipping")
FIGURES: dict[str, Count | Sum] = {
    **{f"known_{part}": Sum(part, filter=KNOWN) for part in AMOUNTS},
    "sales": Count("pk"),
    "left_out": Count("pk", filter=~KNOWN),
    "without_fee": Count("pk", filter=Q(sale_fee__isnull=True)),
    "without_shipping": Count("pk", filter=Q(shipping_cost__isnull=True)),
    "left_out_gross": Sum("gross", filter=~KNOWN),
}


@dataclass(frozen=True)
class Left:
    """The sales of some days in one currency whose parts are all known, so that gross less the parts is net
    to the cent; `left_out` of all `sales` are not among them, worth `left_out_gross`.
    """

    gross: Decimal
    sale_fee: Decimal
    shipping_cost: Decimal
    discounts: Decimal
    net: Decimal
    left_out_gross: Decimal
    sales: int
    left_out: int
    without_fee: int
    without_shipping: int
    earned: Earned


def left_of(accounts: list[Account], days: int, now: datetime) -> dict[str, Left]:
    """Return what is left of the last `days` local days, by currency. One query per time zone."""
    found: dict[str, dict[str, Any]] = {}
    earned: dict[str, Earned] = {}
    for zone, members in by_zone(accounts).items():
        since = day_start(now.astimezone(zone).date() - timedelta(days=days - 1), zone)
        sales = Order.objects.filter(account__in=members, date_created__gte=since).sales().order_by()
        for row in sales.values("currency_id").annotate(**FIGURES, **earned_figures()):
            currency = row["currency_id"]
            sums = found.setdefault(currency, dict.fromkeys(FIGURES, 0))
            for name in FIGURES:
                sums[name] += row[name] or 0
            earned[currency] = earned.get(currency, Earned()) + earned_of(row)
    return {
        currency: Left(
            *(Decimal(sums[f"known_{part}"]) for part in AMOUNTS),
            Decimal(sums["left_out_gross"]),
            *(sums[name] for name in COUNTS),
            earned=earned[currency],
        )
        for currency, sums in found.items()
    }
