"""How dispatch and delivery went in a period against as long a one right before it: what the page compares,
and the report as a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organization
from painelml.web import show
from painelml.web.exports import BARS_MAX, Column, Listing, Summary, Table

from .forms import PerformanceForm
from .models import Shipment
from .stats import JUDGED, DayPerformance, Performance, judged, shipment_stats


@dataclass(frozen=True)
class Compared:
    """How the parcels to one state, or of one kind of logistics, did, and those of the period before; None
    where there were none.
    """

    name: str
    now: Performance
    before: Performance | None

    @property
    def change(self) -> int | None:
        """By how many percent the parcels moved; None when there were none before."""
        return show.change(self.now.shipments, self.before.shipments) if self.before else None


def performance_before(form: PerformanceForm, now: datetime) -> Performance:
    """Return how as long a period right before did. One query."""
    shipments = Shipment.objects.filter(form.before("date_created", now))
    return Performance(**judged(shipments.sent().aggregate(**JUDGED)))


def compare(form: PerformanceForm, now: datetime, column: str) -> list[Compared]:
    """Return the groups that share the value of a column, those with most parcels first. Two queries."""
    groups, before = (
        {
            row["key"]: Performance(**judged(row))
            for row in Shipment.objects.filter(period)
            .sent()
            .order_by()
            .values(key=F(column))
            .annotate(**JUDGED)
        }
        for period in (form.during("date_created", now), form.before("date_created", now))
    )
    rows = [Compared(name, told, before.get(name)) for name, told in groups.items()]
    return sorted(rows, key=lambda row: (-row.now.shipments, row.name))


def state_rows(organization: Organization, form: PerformanceForm) -> list[Compared]:
    return compare(form, timezone.now(), "receiver_state")


def type_rows(organization: Organization, form: PerformanceForm) -> list[Compared]:
    return compare(form, timezone.now(), "logistic_type")


def day_rows(organization: Organization, form: PerformanceForm) -> list[DayPerformance]:
    return shipment_stats(form, timezone.now()).per_day[::-1]


def summarize_states(rows: list[Compared]) -> Summary:
    """Return how many parcels there were and how many went in time, now and before, and those of each
    state.
    """
    parcels = sum(row.now.shipments for row in rows)
    handed_over = sum(row.now.handed_over for row in rows)
    in_time = sum(row.now.in_time for row in rows)
    totals = [
        (_("Parcels"), show.count(parcels)),
        (_("Handed over"), show.count(handed_over)),
        (_("Handed over in time"), show.percent(in_time / handed_over if handed_over else None)),
    ]
    most = [(row.name or _("unknown"), row.now.shipments) for row in rows[:BARS_MAX]]
    return Summary(totals, _("Parcels by state"), most)


def was(name: str) -> Any:
    """Return what reads a figure of the period before off a row."""
    return lambda row: getattr(row.before, name) if row.before else None


COMPARED = [
    Column("parcels", gettext_lazy("Parcels"), "now.shipments", kind="number"),
    Column(
        "parcels_before",
        gettext_lazy("Parcels of the period before"),
        lambda row: row.before.shipments if row.before else 0,
        kind="number",
    ),
    Column("handed_over", gettext_lazy("Handed over"), "now.handed_over", kind="number"),
    Column("in_time", gettext_lazy("Handed over in time"), "now.in_time", kind="number"),
    Column("in_time_rate", gettext_lazy("Share in time"), "now.on_time_rate", kind="share"),
    Column(
        "in_time_rate_before",
        gettext_lazy("Share in time in the period before"),
        was("on_time_rate"),
        kind="share",
    ),
    Column(
        "delivery_hours",
        gettext_lazy("Hours from dispatch to delivery"),
        "now.average_delivery_hours",
        kind="number",
    ),
    Column(
        "delivery_hours_before",
        gettext_lazy("Hours from dispatch to delivery in the period before"),
        was("average_delivery_hours"),
        kind="number",
    ),
]
DAYS = [
    Column("date", gettext_lazy("Day"), kind="day"),
    Column("handed_over", gettext_lazy("Handed over"), kind="number"),
    Column("in_time", gettext_lazy("Handed over in time"), kind="number"),
    Column("in_time_rate", gettext_lazy("Share in time"), "on_time_rate", kind="share"),
]
LISTING = Listing(
    name="dispatch",
    route="dispatch-export",
    title=gettext_lazy("Dispatch and delivery by state"),
    form=PerformanceForm,
    columns=[Column("state", gettext_lazy("State"), "name"), *COMPARED],
    read=state_rows,
    summarize=summarize_states,
    also=[
        Table(
            gettext_lazy("By logistics"),
            [Column("logistic_type", gettext_lazy("Logistics"), "name", words="logistics"), *COMPARED],
            type_rows,
        ),
        Table(gettext_lazy("By day of the sale"), DAYS, day_rows),
    ],
)
