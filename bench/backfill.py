"""How fast a seller's past is mirrored, through the engine, the client and the governor.

With a sandbox in this process that answers at once the reference is COPY of the very rows into the same
tables, the most PostgreSQL can take. With 250 ms for each answer and a limit of calls a minute it is the
least time that limit allows: calls times the interval between them. What is above it is told apart: until the
first call, after the last one, and while no call was asked for though the governor had room for more than it
can save up.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from django.conf import settings
from django.db import connection

from accounts.models import Account, Organization
from catalog.models import Item, StockPart, Variation
from orders.models import Order, OrderItem, Payment, Refund
from painelml.meli import Priority
from painelml.meli.throttle import RedisGovernor
from painelml.sandbox import Drills, Sandbox
from questions.models import Question
from shipments.models import Shipment

from . import data, place
from .results import Line, middle

MIRRORED = (Order, OrderItem, Payment, Refund, Shipment, Item, Variation, StockPart, Question)
SIZES = {"orders": 400, "items": 200, "questions": 200}
LIMITED = {"orders": 300, "items": 120, "questions": 120}
"""Long enough (some 45 s at the limit) that the beginning and the end, a few seconds each, do not decide."""
LATENCY_MS, RPM = 250, 1200
SLOWER = 1.15


def measure(asked: argparse.Namespace) -> list[Line]:
    original = data.use(data.ORDERS)
    with place.copy_of(original):
        shop = Organization.objects.get()
        taken = [at_once(shop) for _ in range(asked.rounds)]
        seconds, copied = (middle(figures) for figures in zip(*taken, strict=True))
        limited, least, unused = limited_by_governor(shop)
    rows = sum(SIZES.values())
    return [
        Line(
            "backfill, answers at once",
            f"{rows / seconds:.0f} orders, items and questions a second",
            f"{rows / copied:.0f}/s by COPY",
            seconds / copied,
        ),
        Line(
            f"backfill, {LATENCY_MS} ms an answer, {RPM} calls a minute",
            f"{limited:.1f} s: {unused.before:.1f} before the first call, {unused.between:.1f} idle between, "
            f"{unused.after:.1f} after the last",
            f"{least:.1f} s, calls x interval",
            limited / least,
            f"at most {SLOWER}",
            limited <= SLOWER * least,
            figures={"backfill_s": limited, "least_s": least, "idle_s": unused.between},
        ),
    ]


def at_once(shop: Organization) -> tuple[float, float]:
    """Return how long a backfill took, and COPY of its rows."""
    seconds, _calls = backfill(shop, SIZES, Drills())
    return seconds, copy_again()


@dataclass(frozen=True)
class Lost:
    """Seconds in which the limit was not used: before the first call, between calls, after the last."""

    before: float
    between: float
    after: float


def limited_by_governor(shop: Organization) -> tuple[float, float, Lost]:
    """Return how long a backfill took, how long its calls must take, and where the rest went."""
    settings.MELI_MAX_RPM = RPM
    began = time.monotonic()
    try:
        with passed() as moments:
            seconds, calls = backfill(shop, LIMITED, Drills(latency_ms=LATENCY_MS), helpers=6)
    finally:
        settings.MELI_MAX_RPM = 0
    ended = time.monotonic()
    return seconds, calls * 60 / RPM, lost(moments, max(began, ended - seconds), ended)


@contextmanager
def passed() -> Iterator[list[float]]:
    """Note when the governor let a call pass."""
    moments: list[float] = []
    take = RedisGovernor.take

    def noted(self: RedisGovernor, key: str, priority: Priority) -> float:
        wait = take(self, key, priority)
        if not wait:
            moments.append(time.monotonic())
        return wait

    RedisGovernor.take = noted  # type: ignore[method-assign]
    try:
        yield moments
    finally:
        RedisGovernor.take = take  # type: ignore[method-assign]


def lost(moments: list[float], began: float, ended: float) -> Lost:
    """Return what was not used, of a bucket that fills at the limit and holds a second's calls."""
    rate = RPM / 60
    moments = sorted(moments)
    room, at, overflow = rate, moments[0], 0.0
    for moment in moments:
        room += (moment - at) * rate
        overflow += max(0.0, room - rate)
        room, at = min(room, rate) - 1, moment
    return Lost(moments[0] - began, overflow / rate, ended - moments[-1])


def backfill(
    shop: Organization, sizes: dict[str, int], drills: Drills, helpers: int = 2
) -> tuple[float, int]:
    """Mirror one seller of a new sandbox into empty tables; return the seconds and calls it took."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {Account._meta.db_table} CASCADE")
    with Sandbox(port=0, seed=7, sellers=1, drills=drills, **sizes) as box:
        data.connect_to(box)
        account = data.connect(shop, box, next(iter(box.world.sellers)))
        began = time.perf_counter()
        data.mirror(account, helpers)
        return time.perf_counter() - began, sum(box.calls.values())


def copy_again() -> float:
    """Return how long COPY takes to write what the tables hold."""
    tables = [model._meta.db_table for model in MIRRORED]
    kept = []
    with connection.cursor() as cursor:
        for table in tables:
            rows = BytesIO()
            with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                for part in copy:
                    rows.write(part)
            kept.append(rows.getvalue())
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        began = time.perf_counter()
        for table, rows_again in zip(tables, kept, strict=True):
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(rows_again)
    return time.perf_counter() - began
