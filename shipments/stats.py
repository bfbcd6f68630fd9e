"""The figures of `/api/shipments/stats` (contract section 3.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import TruncDate

from painelml.web.days import by_zone
from painelml.web.period import PeriodForm
from painelml.web.spans import Span, put_together

from .models import Shipment, ShipmentQuerySet
from .queries import dispatch_figures

HAD_DEADLINE = Q(date_handed_over__isnull=False, dispatch_by__isnull=False)
JUDGED = {
    "shipments": Count("pk"),
    "handed_over": Count("pk", filter=HAD_DEADLINE),
    "in_time": Count("pk", filter=HAD_DEADLINE & Q(date_handed_over__lte=F("dispatch_by"))),
    "way": Avg(ExpressionWrapper(F("date_delivered") - F("date_shipped"), output_field=DurationField())),
}


@dataclass(frozen=True)
class HandedOver:
    """Parcels that were handed over: of so many it is known by when they had to be, and `in_time` were."""

    handed_over: int
    in_time: int

    @property
    def on_time_rate(self) -> float | None:
        return round(self.in_time / self.handed_over, 4) if self.handed_over else None


@dataclass(frozen=True)
class Performance(HandedOver):
    """How a group of shipments did."""

    shipments: int
    average_delivery_hours: float | None


@dataclass(frozen=True)
class StatePerformance(Performance):
    state: str


@dataclass(frozen=True)
class TypePerformance(Performance):
    logistic_type: str


@dataclass(frozen=True)
class DayPerformance(HandedOver):
    date: date


@dataclass(frozen=True)
class SpanPerformance(HandedOver):
    """Days in a row as people read them together."""

    span: Span


def by_span(days: Sequence[DayPerformance]) -> list[SpanPerformance]:
    return [
        SpanPerformance(sum(day.handed_over for day in own), sum(day.in_time for day in own), span)
        for span, own in put_together(days)
    ]


@dataclass(frozen=True)
class ShipmentStats:
    """`to_dispatch_today`, `late` and `upcoming` are of this moment, the rest of the shipments created in the
    period. Returns are in `total` and `by_status` alone.

    `on_time_rate` is the share of what was handed over that went in time, of `handed_over` whose deadline is
    known; delivery is counted from when it was on its way.
    """

    total: int
    by_status: dict[str, int]
    to_dispatch_today: int
    late: int
    upcoming: int
    handed_over: int
    on_time_rate: float | None
    average_delivery_hours: float | None
    by_state: list[StatePerformance]
    by_logistic_type: list[TypePerformance]
    per_day: list[DayPerformance]


def shipment_stats(form: PeriodForm, now: datetime) -> ShipmentStats:
    """Return the figures of the shipments created in the period. Five queries, and one for each time zone."""
    shipments = Shipment.objects.filter(form.during("date_created", now)).order_by()
    by_status = dict(shipments.values_list("status").annotate(Count("pk")).order_by("status"))
    sent = shipments.sent()
    whole = Performance(**judged(sent.aggregate(**JUDGED)))
    waiting = dispatch_figures(form.accounts, now)
    states = sent.values(state=F("receiver_state")).annotate(**JUDGED)
    types = sent.values("logistic_type").annotate(**JUDGED)
    return ShipmentStats(
        total=sum(by_status.values()),
        by_status=by_status,
        to_dispatch_today=waiting.today,
        late=waiting.late,
        upcoming=waiting.upcoming,
        handed_over=whole.handed_over,
        on_time_rate=whole.on_time_rate,
        average_delivery_hours=whole.average_delivery_hours,
        by_state=sorted(
            (StatePerformance(**judged(row), state=row["state"]) for row in states),
            key=lambda one: (-one.shipments, one.state),
        ),
        by_logistic_type=sorted(
            (TypePerformance(**judged(row), logistic_type=row["logistic_type"]) for row in types),
            key=lambda one: (-one.shipments, one.logistic_type),
        ),
        per_day=per_day(form, sent, now),
    )


def judged(row: Mapping[str, Any]) -> dict[str, Any]:
    way = row["way"]
    return {
        "shipments": row["shipments"],
        "handed_over": row["handed_over"],
        "in_time": row["in_time"],
        "average_delivery_hours": None if way is None else round(way / timedelta(hours=1), 1),
    }


def per_day(form: PeriodForm, shipments: ShipmentQuerySet, now: datetime) -> list[DayPerformance]:
    """Return every local day of the period by when shipments were created, quiet ones too."""
    found: dict[date, list[int]] = {}
    for zone, members in by_zone(form.accounts).items():
        rows = (
            shipments.filter(HAD_DEADLINE, account__in=members)
            .values(day=TruncDate("date_created", tzinfo=zone))
            .annotate(handed_over=JUDGED["handed_over"], in_time=JUDGED["in_time"])
        )
        for row in rows.filter(day__isnull=False):
            day = found.setdefault(row["day"], [0, 0])
            day[0] += row["handed_over"]
            day[1] += row["in_time"]
    days = form.all_days(set(found), now)
    return [DayPerformance(*found.get(day, (0, 0)), day) for day in days]
