"""The page about the reputation of the sellers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from painelml.web.charts import LineChart, line_chart
from painelml.web.context import filters_of, panel_of
from painelml.web.filters import FilterForm

from .access import role_required
from .models import Role
from .reputation import CANCELLATIONS, CLAIMS, DELAYS, LEVELS, LIMITS, WINDOWS, Limits, Reported, Standing
from .reputation_queries import Report, report

SHOWN = 100
"""Incidents the page lists, those that leave first."""
COLUMNS = {CLAIMS: "claims_rate", CANCELLATIONS: "cancellations_rate", DELAYS: "delays_rate"}


@dataclass(frozen=True)
class Gauge:
    """A rate on the scale of its limits, 0 to 100: `(level, from, width)` of each colour, and the mark."""

    bands: list[tuple[str, str, str]]
    mark: str


@dataclass(frozen=True)
class Metric:
    """A line of the page: what is counted here, what Mercado Livre reports, and how that went."""

    standing: Standing
    reported: Reported | None
    gauge: Gauge | None
    chart: LineChart | None


@role_required(Role.VIEWER)
@require_GET
def reputation(request: HttpRequest) -> HttpResponse:
    filters_of(request, FilterForm)
    panel = panel_of(request)
    panel.section = "reputation"
    account = panel.account or next(iter(panel.all_accounts), None)
    told = report(account, timezone.now()) if account else None
    context = {
        "account": account,
        "report": told,
        "metrics": metrics_of(told) if told else [],
        "incidents": told.projection.incidents[:SHOWN] if told else [],
        "levels": LEVELS,
        "window": WINDOWS.get(account.site_id) if account else None,
    }
    return TemplateResponse(request, "accounts/reputation.html", context)


def metrics_of(told: Report) -> list[Metric]:
    reported = told.reported.metrics if told.reported else {}
    limits = LIMITS.get(told.account.site_id, {})
    return [
        Metric(
            standing,
            reported.get(standing.metric),
            gauge(standing.rate, standing.limits),
            history(told, standing.metric, limits.get(standing.metric)),
        )
        for standing in told.projection.standings
    ]


def gauge(rate: Decimal | None, limits: Limits | None) -> Gauge | None:
    """Return the rate between its limits; a quarter of the scale is beyond the last one."""
    if rate is None or limits is None:
        return None
    top = Decimal(limits.orange) * 4 / 3
    bounds = [Decimal(0), *map(Decimal, (limits.green, limits.yellow, limits.orange)), top]
    levels = ("5_green", "3_yellow", "2_orange", "1_red")
    bands = [
        (level, f"{100 * low / top:.2f}", f"{100 * (high - low) / top:.2f}")
        for level, low, high in zip(levels, bounds, bounds[1:], strict=False)
    ]
    return Gauge(bands, f"{min(Decimal(100), 100 * 1000 * rate / top):.2f}")


def history(told: Report, metric: str, limits: Limits | None) -> LineChart | None:
    days = [(day.day, getattr(day, COLUMNS[metric])) for day in told.history]
    known = [(day, rate) for day, rate in days if rate is not None]
    return line_chart(known, Decimal(limits.green) / 1000 if limits else None)
