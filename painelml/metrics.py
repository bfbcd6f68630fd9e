"""What every process counts for `/metrics`: web, worker and scheduler add to the same figures.

They lie in one Redis hash, so whichever web process is asked answers for all of them, on every host; the
embedded panel keeps them in memory. Counting never waits and never fails: it goes through a thread that
delivers once a second. Figures only: emptying Redis starts them at zero, which Prometheus takes for a
restart.

What counts is a metric of `METRICS`: `RUNS.count("orders", "backfill", "done")`, in the order of its labels.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Any

import redis
from django.conf import settings
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from .later import Later

KEY = "painelml:metrics"
KEPT_S = 30 * 24 * 3600
"""Figures nobody added to for so long are those of a panel that was taken down."""
SUM = "sum"
MICRO = 1_000_000


Figures = dict[tuple[str, ...], Counter[str]]
"""Of one metric: by label values, what was counted under each part (a bound, `sum`, or nothing)."""


@dataclass(frozen=True)
class Counted:
    """How often something happened, by labels."""

    name: str
    meaning: str
    labels: tuple[str, ...]

    def count(self, *values: str, times: int = 1) -> None:
        _figures.update({(self.name, values, ""): times})

    def family(self, figures: Figures) -> Metric:
        family = CounterMetricFamily(self.name, self.meaning, labels=self.labels)
        for values, parts in sorted(figures.items()):
            family.add_metric(values, parts[""])
        return family


@dataclass(frozen=True)
class Timed:
    """How long something took, by labels: how many stayed under each bound, and the seconds together."""

    name: str
    meaning: str
    labels: tuple[str, ...]
    bounds: tuple[float, ...]

    def observe(self, seconds: float, *values: str) -> None:
        place = bisect_left(self.bounds, seconds)
        bound = str(self.bounds[place]) if place < len(self.bounds) else "+Inf"
        _figures.update({(self.name, values, bound): 1, (self.name, values, SUM): round(seconds * MICRO)})

    def family(self, figures: Figures) -> Metric:
        family = HistogramMetricFamily(self.name, self.meaning, labels=self.labels)
        bounds = [*map(str, self.bounds), "+Inf"]
        for values, parts in sorted(figures.items()):
            upto = accumulate(parts[bound] for bound in bounds)
            family.add_metric(values, list(zip(bounds, upto, strict=True)), parts[SUM] / MICRO)
        return family


REQUESTS = Timed(
    "painel_request_seconds",
    "Requests answered, by the name of their address",
    ("method", "route", "status"),
    (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
ACKNOWLEDGEMENTS = Timed(
    "painel_acknowledgement_seconds",
    "Notifications answered; Mercado Livre waits half a second",
    ("status",),
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0),
)
CALLS = Timed(
    "painel_meli_call_seconds",
    "Calls to Mercado Livre by endpoint; status 0 is no whole answer",
    ("endpoint", "status"),
    (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
REFRESHES = Counted("painel_token_refreshes", "Tokens renewed, by how that went", ("outcome",))
DRAINS = Counted("painel_drains", "Batches of notifications worked off, by resource", ("resource",))
SETTLED = Counted("painel_drained_notifications", "Notifications settled, by what came of them", ("outcome",))
RUNS = Counted("painel_runs_ended", "Sync runs that ended", ("scope", "kind", "outcome"))
EXPORTS = Counted("painel_exports_ended", "Files made, or not", ("format", "outcome"))

METRICS: tuple[Counted | Timed, ...] = (
    REQUESTS,
    ACKNOWLEDGEMENTS,
    CALLS,
    REFRESHES,
    DRAINS,
    SETTLED,
    RUNS,
    EXPORTS,
)

_in_memory: Counter[str] = Counter()


def families() -> Iterator[Metric]:
    """Yield every metric with what all processes counted. Raises RedisError when nobody can tell."""
    found: dict[str, Figures] = {metric.name: {} for metric in METRICS}
    for field, times in stored().items():
        name, values, part = json.loads(field)
        if name in found:  # those of a version that is gone are not told
            found[name].setdefault(tuple(values), Counter())[part] += times
    for metric in METRICS:
        yield metric.family(found[metric.name])


def stored() -> dict[str, int]:
    _figures.flush()  # what this process counted a moment ago
    if not settings.REDIS_URL:
        return dict(_in_memory)
    return {field.decode(): int(times) for field, times in _redis(settings.REDIS_URL).hgetall(KEY).items()}


def add_up(figures: Counter[tuple[str, tuple[str, ...], str]]) -> None:
    if not settings.REDIS_URL:
        _in_memory.update({json.dumps(figure): times for figure, times in figures.items()})
        return
    with _redis(settings.REDIS_URL).pipeline() as pipeline:
        for figure, times in figures.items():
            pipeline.hincrby(KEY, json.dumps(figure), times)
        pipeline.expire(KEY, KEPT_S)
        pipeline.execute()


_figures = Later(add_up, pause_s=1.0)


@cache
def _redis(url: str) -> Any:
    return redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)
