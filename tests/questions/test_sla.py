"""When an answer is due and how long one took, exact to the second, worked out by hand.

November 2026: the 16th is a Monday, Friday the 20th a holiday in Brazil, the 22nd a Sunday.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questions.sla import Calendar, Hours, add_open_time, clock_of, open_time_between

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
SANTIAGO = ZoneInfo("America/Santiago")
ASUNCION = ZoneInfo("America/Asuncion")
MEXICO = ZoneInfo("America/Mexico_City")

NINE, NOON, ONE, SIX, MIDNIGHT = time(9), time(12), time(13), time(18), time(0)
WEEKDAYS = range(5)


def on(days: Iterable[int], *hours: tuple[time, time]) -> dict[int, Hours]:
    return dict.fromkeys(days, hours)


def daily(zone: ZoneInfo, *hours: tuple[time, time]) -> Calendar:
    return Calendar(zone, on(range(7), *hours))


ALWAYS = None
SHOP = Calendar(
    SAO_PAULO,
    {**on(WEEKDAYS, (NINE, SIX)), 5: [(NINE, ONE)]},
    frozenset({date(2026, 11, 20), date(2026, 12, 25)}),
)
LUNCH = Calendar(SAO_PAULO, on(WEEKDAYS, (time(13, 30), SIX), (NINE, NOON)))
OVERNIGHT = daily(SAO_PAULO, (SIX, MIDNIGHT), (MIDNIGHT, time(2)))
WORKDAYS = Calendar(SAO_PAULO, on(WEEKDAYS, (MIDNIGHT, MIDNIGHT)))
CHILE = daily(SANTIAGO, (NINE, SIX))
BY_NIGHT = daily(SANTIAGO, (time(22), MIDNIGHT), (MIDNIGHT, time(6)))
PARAGUAY = daily(ASUNCION, (NINE, SIX))
ALL_DAY = daily(MEXICO, (MIDNIGHT, MIDNIGHT))
BRAZIL = daily(SAO_PAULO, (NINE, SIX))

DUE = [
    # name, calendar, minutes, asked, due
    ("in the morning", SHOP, 60, "2026-11-16T10:00:00-03:00", "2026-11-16T11:00:00-03:00"),
    ("seconds count", SHOP, 60, "2026-11-16T10:00:37-03:00", "2026-11-16T11:00:37-03:00"),
    ("as the shop opens", SHOP, 60, "2026-11-16T09:00:00-03:00", "2026-11-16T10:00:00-03:00"),
    ("a second before it opens", SHOP, 60, "2026-11-16T08:59:59-03:00", "2026-11-16T10:00:00-03:00"),
    ("due as it closes", SHOP, 60, "2026-11-16T17:00:00-03:00", "2026-11-16T18:00:00-03:00"),
    ("a second too late for today", SHOP, 60, "2026-11-16T17:00:01-03:00", "2026-11-17T09:00:01-03:00"),
    ("as it closes", SHOP, 60, "2026-11-16T18:00:00-03:00", "2026-11-17T10:00:00-03:00"),
    ("at night", SHOP, 60, "2026-11-16T23:30:00-03:00", "2026-11-17T10:00:00-03:00"),
    ("after midnight", SHOP, 60, "2026-11-17T02:00:00-03:00", "2026-11-17T10:00:00-03:00"),
    ("half today, half tomorrow", SHOP, 60, "2026-11-16T17:30:00-03:00", "2026-11-17T09:30:00-03:00"),
    ("before a holiday", SHOP, 60, "2026-11-19T17:30:00-03:00", "2026-11-21T09:30:00-03:00"),
    ("on a holiday", SHOP, 60, "2026-11-20T11:00:00-03:00", "2026-11-21T10:00:00-03:00"),
    ("before a Sunday", SHOP, 60, "2026-11-21T12:30:00-03:00", "2026-11-23T09:30:00-03:00"),
    ("as Saturday ends", SHOP, 60, "2026-11-21T13:00:00-03:00", "2026-11-23T10:00:00-03:00"),
    ("on a Sunday", SHOP, 60, "2026-11-22T15:00:00-03:00", "2026-11-23T10:00:00-03:00"),
    ("before Christmas", SHOP, 60, "2026-12-24T17:45:00-03:00", "2026-12-26T09:45:00-03:00"),
    ("more than a day's hours", SHOP, 600, "2026-11-16T09:00:00-03:00", "2026-11-17T10:00:00-03:00"),
    ("more than a week's", SHOP, 2880, "2026-11-16T09:00:00-03:00", "2026-11-23T17:00:00-03:00"),
    ("at once", SHOP, 0, "2026-11-16T10:00:00-03:00", "2026-11-16T10:00:00-03:00"),
    ("at once, once open", SHOP, 0, "2026-11-16T23:30:00-03:00", "2026-11-17T09:00:00-03:00"),
    ("over lunch", LUNCH, 60, "2026-11-16T11:30:00-03:00", "2026-11-16T14:00:00-03:00"),
    ("as lunch begins", LUNCH, 60, "2026-11-16T12:00:00-03:00", "2026-11-16T14:30:00-03:00"),
    ("during lunch", LUNCH, 60, "2026-11-16T12:45:00-03:00", "2026-11-16T14:30:00-03:00"),
    ("due as lunch begins", LUNCH, 60, "2026-11-16T11:00:00-03:00", "2026-11-16T12:00:00-03:00"),
    ("over a weekend", LUNCH, 60, "2026-11-20T17:30:00-03:00", "2026-11-23T09:30:00-03:00"),
    ("over midnight", OVERNIGHT, 60, "2026-11-16T23:30:00-03:00", "2026-11-17T00:30:00-03:00"),
    ("over the day", OVERNIGHT, 60, "2026-11-17T01:30:00-03:00", "2026-11-17T18:30:00-03:00"),
    ("by day", OVERNIGHT, 60, "2026-11-16T12:00:00-03:00", "2026-11-16T19:00:00-03:00"),
    ("whole days", WORKDAYS, 60, "2026-11-20T23:30:00-03:00", "2026-11-23T00:30:00-03:00"),
    ("always open, Saturday night", ALWAYS, 60, "2026-11-21T03:00:00-03:00", "2026-11-21T04:00:00-03:00"),
    ("always open, a holiday", ALWAYS, 90, "2026-11-20T23:00:00-03:00", "2026-11-21T00:30:00-03:00"),
    # Chile: clocks go from 00:00 to 01:00 on 6 September, and repeat 23:00 to 24:00 on 4 April.
    ("spring, next morning", CHILE, 60, "2026-09-05T17:30:00-04:00", "2026-09-06T12:30:00+00:00"),
    ("spring, always open", ALWAYS, 60, "2026-09-05T23:30:00-04:00", "2026-09-06T01:30:00-03:00"),
    ("over the lost hour", BY_NIGHT, 60, "2026-09-05T23:30:00-04:00", "2026-09-06T01:30:00-03:00"),
    ("a night of 7 hours", BY_NIGHT, 480, "2026-09-05T22:00:00-04:00", "2026-09-06T23:00:00-03:00"),
    ("a night of 9 hours", BY_NIGHT, 240, "2026-04-04T22:00:00-03:00", "2026-04-05T01:00:00-04:00"),
    ("the repeated hour, first", BY_NIGHT, 60, "2026-04-04T23:30:00-03:00", "2026-04-05T03:30:00+00:00"),
    ("the repeated hour, again", BY_NIGHT, 60, "2026-04-04T23:30:00-04:00", "2026-04-05T00:30:00-04:00"),
    ("autumn, next morning", CHILE, 60, "2026-04-04T17:30:00-03:00", "2026-04-05T13:30:00+00:00"),
    ("Paraguay's last change", PARAGUAY, 60, "2024-10-05T17:30:00-04:00", "2024-10-06T12:30:00+00:00"),
    ("Paraguay without one", PARAGUAY, 60, "2026-10-03T17:30:00-03:00", "2026-10-04T12:30:00+00:00"),
    ("Brazil's last summer time", BRAZIL, 60, "2018-11-03T17:30:00-03:00", "2018-11-04T11:30:00+00:00"),
]  # fmt: skip

TOOK = [
    # name, calendar, asked, answered, open seconds
    ("in the morning", SHOP, "2026-11-16T10:00:00-03:00", "2026-11-16T10:09:11-03:00", 551),
    ("before opening", SHOP, "2026-11-16T23:30:00-03:00", "2026-11-17T08:00:00-03:00", 0),
    ("over night", SHOP, "2026-11-16T17:30:00-03:00", "2026-11-17T09:10:05-03:00", 2405),
    ("over a weekend", SHOP, "2026-11-21T12:30:00-03:00", "2026-11-23T09:31:00-03:00", 3660),
    ("over a holiday", SHOP, "2026-11-19T17:30:00-03:00", "2026-11-21T09:15:00-03:00", 2700),
    ("within a holiday", SHOP, "2026-11-20T10:00:00-03:00", "2026-11-20T11:00:00-03:00", 0),
    ("over a week", SHOP, "2026-11-16T09:00:00-03:00", "2026-11-23T09:00:00-03:00", 144_000),
    ("in the same second", SHOP, "2026-11-16T10:00:00-03:00", "2026-11-16T10:00:00-03:00", 0),
    ("stamped before the question", SHOP, "2026-11-16T10:00:00-03:00", "2026-11-16T09:59:59-03:00", 0),
    ("over lunch", LUNCH, "2026-11-16T11:59:00-03:00", "2026-11-16T13:31:00-03:00", 120),
    ("always open", ALWAYS, "2026-11-21T10:00:00-03:00", "2026-11-22T10:00:00-03:00", 86_400),
    ("a day of 25 hours", ALL_DAY, "2021-10-31T00:00:00-05:00", "2021-11-01T00:00:00-06:00", 90_000),
    ("a night of 7 hours", BY_NIGHT, "2026-09-05T12:00:00-04:00", "2026-09-06T12:00:00-03:00", 25_200),
    ("a night of 9 hours", BY_NIGHT, "2026-04-04T12:00:00-03:00", "2026-04-05T12:00:00-04:00", 32_400),
]  # fmt: skip


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("calendar", "minutes", "asked", "due"), [c[1:] for c in DUE], ids=[c[0] for c in DUE]
)
def test_an_answer_is_due_after_the_target_of_open_time(
    calendar: Calendar | None, minutes: int, asked: str, due: str
) -> None:
    assert add_open_time(at(asked), minutes, calendar) == at(due)


@pytest.mark.parametrize(
    ("calendar", "asked", "answered", "seconds"), [c[1:] for c in TOOK], ids=[c[0] for c in TOOK]
)
def test_an_answer_takes_open_time_only(
    calendar: Calendar | None, asked: str, answered: str, seconds: int
) -> None:
    assert clock_of("ANSWERED", at(asked), at(answered), 60, calendar).response_open_seconds == seconds


@pytest.mark.parametrize(
    "status", ["DELETED", "BANNED", "CLOSED_UNANSWERED", "UNDER_REVIEW", "DISABLED", "SOMETHING_NEW", ""]
)
def test_what_nobody_can_answer_stops_the_clock(status: str) -> None:
    asked, answered = at("2026-11-16T10:00:00-03:00"), at("2026-11-16T10:09:11-03:00")
    assert clock_of(status, asked, None, 60, SHOP).due_at is None
    removed_later = clock_of(status, asked, answered, 60, SHOP)
    assert (removed_later.due_at, removed_later.response_open_seconds) == (None, 551)


def test_a_buyer_who_asks_again_starts_a_clock_of_its_own() -> None:
    first = clock_of("ANSWERED", at("2026-11-16T10:00:00-03:00"), at("2026-11-16T10:30:00-03:00"), 60, SHOP)
    again = clock_of("UNANSWERED", at("2026-11-16T17:45:00-03:00"), None, 60, SHOP)
    assert (first.due_at, again.due_at) == (at("2026-11-16T11:00:00-03:00"), at("2026-11-17T09:45:00-03:00"))


@pytest.mark.parametrize("calendar", [Calendar(SAO_PAULO, {}), Calendar(SAO_PAULO, {2: []})])
def test_a_shop_that_never_opens_owes_no_answer(calendar: Calendar) -> None:
    asked = at("2026-11-16T10:00:00-03:00")
    assert add_open_time(asked, 60, calendar) is None
    assert open_time_between(asked, asked + timedelta(days=900), calendar) == timedelta()


def test_hours_that_overlap_count_once() -> None:
    calendar = daily(SAO_PAULO, (NINE, ONE), (NOON, SIX))
    day = at("2026-11-16T00:00:00-03:00")
    assert open_time_between(day, day + timedelta(days=1), calendar) == timedelta(hours=9)


calendars = st.builds(
    lambda zone, days, opens, length: Calendar(zone, on(days, (time(opens), time(opens + length)))),
    st.sampled_from([SAO_PAULO, SANTIAGO, ASUNCION, MEXICO]),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, 11),
    st.integers(1, 12),
)  # fmt: skip
instants = st.datetimes(datetime(2018, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@given(instants, st.integers(0, 3000), calendars)
def test_the_time_until_it_is_due_is_the_target(asked: datetime, minutes: int, calendar: Calendar) -> None:
    due = add_open_time(asked, minutes, calendar)
    assert due is not None
    assert open_time_between(asked, due, calendar) == timedelta(minutes=minutes)


@given(instants, st.lists(st.integers(0, 500_000), min_size=2, max_size=2), calendars)
def test_open_time_adds_up(asked: datetime, steps: list[int], calendar: Calendar) -> None:
    middle = asked + timedelta(seconds=steps[0])
    end = middle + timedelta(seconds=steps[1])
    whole = open_time_between(asked, end, calendar)
    assert whole == open_time_between(asked, middle, calendar) + open_time_between(middle, end, calendar)
