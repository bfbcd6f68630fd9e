"""The figures of `/api/shipments/stats` (contract section 3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q

from painelml.web.period import PeriodForm

from .models import Shipment
from .queries import dispatch_figures


@dataclass(frozen=True)
class ShipmentStats:
    """`to_dispatch_today` and `late` are of this moment, the rest of the shipments created in the period.

    `on_time_rate` is the share of what was handed over that went in time; delivery is counted from then.
    """

    total: int
    by_status: dict[str, int]
    to_dispatch_today: int
    late: int
    on_time_rate: float | None
    average_delivery_hours: float | None


def shipment_stats(form: PeriodForm, now: datetime) -> ShipmentStats:
    """Return the figures of the shipments created in the period. Three queries."""
    shipments = Shipment.objects.filter(form.during("date_created", now)).order_by()
    by_status = dict(shipments.values_list("status").annotate(Count("pk")).order_by("status"))
    had_deadline = Q(date_shipped__isnull=False, dispatch_by__isnull=False)
    figures = shipments.aggregate(
        handed_over=Count("pk", filter=had_deadline),
        in_time=Count("pk", filter=had_deadline & Q(date_shipped__lte=F("dispatch_by"))),
        way=Avg(ExpressionWrapper(F("date_delivered") - F("date_shipped"), output_field=DurationField())),
    )
    waiting = dispatch_figures(form.accounts, now)
    handed_over, way = figures["handed_over"], figures["way"]
    return ShipmentStats(
        total=sum(by_status.values()),
        by_status=by_status,
        to_dispatch_today=waiting.today,
        late=waiting.late,
        on_time_rate=round(figures["in_time"] / handed_over, 4) if handed_over else None,
        average_delivery_hours=None if way is None else round(way / timedelta(hours=1), 1),
    )
