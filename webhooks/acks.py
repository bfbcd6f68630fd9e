"""How fast and how we answered Mercado Livre, counted per day in the cache. Figures only: losing them is no
loss."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from django.core.cache import cache
from django.utils import timezone

from painelml import metrics
from painelml.later import Later

BOUNDS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000)
"""Answers are counted by the first bound they stay under. Mercado Livre waits 500 ms."""
STATUSES = (200, 400, 403, 413, 429, 500, 503)
KEPT_S = 3 * 24 * 3600


def count(status: int, seconds: float) -> None:
    """Remember one answer. Never waits, never fails."""
    bound = next((bound for bound in BOUNDS_MS if seconds * 1000 <= bound), BOUNDS_MS[-1])
    _answers.add((status, bound))
    metrics.ACKNOWLEDGEMENTS.observe(seconds, str(status))


def add_up(answers: Counter[tuple[int, int]]) -> None:
    today = timezone.now().date()
    for (status, bound), times in answers.items():
        name = key(today, status, bound)
        cache.add(name, 0, timeout=KEPT_S)
        cache.incr(name, times)


_answers = Later(add_up, pause_s=1.0)


def key(day: date, status: int, bound: int) -> str:
    return f"acks:{day:%Y%m%d}:{status}:{bound}"


def latest() -> dict[int, Counter[int]]:
    """Return today's and yesterday's answers: how many stayed under each bound (milliseconds), by status."""
    today = timezone.now().date()
    keys = {
        key(day, status, bound): (status, bound)
        for day in (today, today - timedelta(days=1))
        for status in STATUSES
        for bound in BOUNDS_MS
    }
    counted: dict[int, Counter[int]] = {status: Counter() for status in STATUSES}
    for name, times in cache.get_many(keys).items():
        status, bound = keys[name]
        counted[status][bound] += times
    return counted


def percentile(counted: Counter[int], share: float) -> int | None:
    """Return the bound under which this share of the answers stayed, None without answers."""
    left = share * counted.total()
    for bound in BOUNDS_MS:
        left -= counted[bound]
        if counted[bound] and left <= 0:
            return bound
    return None
