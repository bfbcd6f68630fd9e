"""The sandbox's clock, and every spelling of a date Mercado Livre is known to use (facts: "Dates, ids,
money").
"""

import re
import time
from datetime import UTC, datetime, timedelta, timezone

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

SITE_ZONE = timezone(timedelta(hours=-4))
BRASILIA = timezone(timedelta(hours=-3))


class Clock:
    """Milliseconds since the epoch: the real time, shifted or frozen by a drill."""

    def __init__(self, start: int | None = None) -> None:
        real = real_now()
        self.shift = 0 if start is None else start - real
        self.frozen_at: int | None = None

    def now(self) -> int:
        return self.frozen_at if self.frozen_at is not None else real_now() + self.shift

    def freeze(self) -> None:
        self.frozen_at = self.now()

    def run(self) -> None:
        """Let the time pass again from the instant it was frozen at."""
        if self.frozen_at is not None:
            self.shift = self.frozen_at - real_now()
            self.frozen_at = None

    def advance(self, milliseconds: int) -> None:
        if self.frozen_at is not None:
            self.frozen_at += milliseconds
        else:
            self.shift += milliseconds


def real_now() -> int:
    return time.time_ns() // 1_000_000


def instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, UTC) + timedelta(milliseconds=ms % 1000)


def offset(ms: int) -> str:
    """`2026-10-04T09:12:44.000-04:00`: orders, shipments, question search, users."""
    return instant(ms).astimezone(SITE_ZONE).isoformat(timespec="milliseconds")


def maybe_offset(ms: int) -> str | None:
    return offset(ms) if ms else None


def brasilia(ms: int) -> str:
    """`2026-10-04T09:12:44.000-03:00`: promises made in the site's own zone."""
    return instant(ms).astimezone(BRASILIA).isoformat(timespec="milliseconds")


def compact(ms: int) -> str:
    """`2026-10-04T09:12:44.000-0400`, without the colon: packs."""
    return offset(ms)[:-3] + "00"


def utc_offset(ms: int) -> str:
    """`2026-10-04T13:58:20.000+00:00`: the index stamp of the order search."""
    return instant(ms).isoformat(timespec="milliseconds")


def zulu(ms: int) -> str:
    """`2026-10-04T13:58:20.123Z`: items, notifications, SLA."""
    return instant(ms).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def nano_zulu(ms: int) -> str:
    """`2026-10-04T13:58:20.123456789Z`: question detail, some notifications. Digits below the millisecond are
    invented.
    """
    return f"{zulu(ms)[:-1]}{ms * 7919 % 1_000_000:06d}Z"


def plain_utc(ms: int) -> str:
    """`2026-10-04T13:58:20.123+0000`, without the colon: user products."""
    return utc_offset(ms)[:-3] + "00"


_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?")


def parse(text: str) -> int:
    """Read a date of a filter, in any ISO spelling; without a zone it is UTC. Raises ValueError."""
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"unknown date format: {text!r}")
    value = datetime.fromisoformat(text)
    value = value if value.tzinfo else value.replace(tzinfo=UTC)
    return int(value.timestamp() * 1000)


def truncate_to_hour(ms: int) -> int:
    return ms - ms % HOUR
