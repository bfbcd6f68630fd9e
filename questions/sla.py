"""When an answer is due and how long one took, by the wall clock and by the shop's open hours.

Pure: no database, no clock. Instants are aware and come back in UTC; hours and holidays are those of the
calendar's zone. A `Calendar` of None is always open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Hours = Sequence[tuple[time, time]]

MEASURED = {"UNANSWERED", "ANSWERED"}
"""Statuses whose clock counts. Nobody can answer deleted, banned, closed and held-back questions: they stop
it (part B section 4.3)."""
LONGEST_CLOSED = timedelta(days=366)
"""A shop that does not open for so long never will."""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """When a shop answers: hours by weekday (0 is Monday) in `zone`, and the days it stays closed.

    Hours close later the same day, 00:00 being midnight at its end.
    """

    zone: ZoneInfo
    hours: Mapping[int, Hours]
    holidays: frozenset[date] = field(default_factory=frozenset)

    def spans(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return the open spans of a local day, in order and apart from each other."""
        if day in self.holidays:
            return []
        spans: list[tuple[datetime, datetime]] = []
        for opens, closes in sorted(self.hours.get(day.weekday(), ())):
            start = self._instants(day, opens)[0]
            end = max(self._instants(day + DAY if closes == time.min else day, closes))
            if spans:
                start = max(start, spans[-1][1])
            if start < end:
                spans.append((start, end))
        return spans

    def spans_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield what is open from `start` on, until the shop has been closed for more than a year."""
        day = start.astimezone(self.zone).date()
        last_open = start
        while datetime.combine(day, time.min, self.zone) - last_open <= LONGEST_CLOSED:
            for opens, closes in self.spans(day):
                if closes > start:
                    yield max(opens, start), closes
                    last_open = closes
            day += DAY

    def _instants(self, day: date, at: time) -> tuple[datetime, datetime]:
        """Return when the clocks show `at`: twice the same, but in the hour that is repeated in autumn."""
        first = datetime.combine(day, at, self.zone)
        return first.astimezone(UTC), first.replace(fold=1).astimezone(UTC)


def add_open_time(start: datetime, minutes: int, calendar: Calendar | None) -> datetime | None:
    """Return when `minutes` of open time have passed since `start`; None when the shop never opens."""
    left = timedelta(minutes=minutes)
    if calendar is None:
        return start + left
    for opens, closes in calendar.spans_from(start):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    return None


def open_time_between(start: datetime, end: datetime, calendar: Calendar | None) -> timedelta:
    """Return how long the shop was open between two instants; nothing when `end` is not after `start`."""
    total = timedelta()
    if end <= start:
        return total
    if calendar is None:
        return end - start
    for opens, closes in calendar.spans_from(start):
        if opens >= end:
            break
        total += min(closes, end) - opens
    return total


@dataclass(frozen=True)
class Clock:
    """What the clock of one question shows; None where it was stopped or nobody answered."""

    due_at: datetime | None
    response_open_seconds: int | None


def clock_of(
    status: str, asked: datetime, answered: datetime | None, target_minutes: int, calendar: Calendar | None
) -> Clock:
    """Return the clock of a question. Each question has its own, also when the same buyer asks again."""
    due_at = add_open_time(asked, target_minutes, calendar) if status in MEASURED else None
    return Clock(due_at, seconds_between(asked, answered, calendar))


def seconds_between(asked: datetime, answered: datetime | None, calendar: Calendar | None) -> int | None:
    """Return the whole open seconds an answer took; None without one, 0 when stamped before the question."""
    return None if answered is None else int(open_time_between(asked, answered, calendar).total_seconds())
