"""What the performance page shows: how the questions of a period were answered, when, and by whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account
from painelml.web import show
from painelml.web.charts import Cell, heat_map, shares
from painelml.web.days import by_zone
from painelml.web.period import PeriodForm

from .models import Question, QuestionQuerySet, Weekday
from .stats import IN_TIME, MEASURED, ServiceLevel, ages, nearest_rank, seconds_at, service_levels

PERCENTILES = (25, 50, 75, 90, 95, 99)


@dataclass(frozen=True)
class Measure:
    """A figure, the same of the period before, and whether it moved for the better (None: neither)."""

    now: Any
    before: Any
    change: int | None
    is_better: bool | None


@dataclass(frozen=True)
class Hour:
    """The questions asked in one hour of one weekday, and the median of what their answers took."""

    weekday: str
    hour: int
    questions: int
    median_seconds: int | None


@dataclass(frozen=True)
class Group:
    """How the questions of one account, or the answers of one person, were answered."""

    name: str
    questions: int
    answered: int
    in_time: int
    median_seconds: int | None

    @property
    def in_time_rate(self) -> float | None:
        return self.in_time / self.answered if self.answered else None


@dataclass(frozen=True)
class Length:
    """A bar: its name, its value, its length out of 100 as text."""

    name: str
    value: int
    length: str


@dataclass(frozen=True)
class Performance:
    level: ServiceLevel
    in_time: Measure
    median: Measure
    p90: Measure
    questions: Measure
    sales: Measure
    week: list[Cell]
    hours: list[Hour]
    percentiles: list[Length]
    ageing: list[Length]
    by_account: list[Group]
    by_person: list[Group]


def performance(form: PeriodForm, now: datetime) -> Performance:
    """Return how the period went. As many queries whatever the number of questions, accounts and people."""
    level, before = service_levels(form, now)

    def was(name: str) -> float | None:
        return None if before is None else getattr(before, name)

    questions = Question.objects.filter(form.during("date_created", now)).order_by()
    hours = by_hour(form, now)
    return Performance(
        level=level,
        in_time=measure(level.in_time_rate, was("in_time_rate"), more_is_better=True),
        median=measure(level.median_seconds, was("median_seconds"), more_is_better=False),
        p90=measure(level.p90_seconds, was("p90_seconds"), more_is_better=False),
        questions=measure(level.questions, was("questions"), more_is_better=None),
        sales=measure(level.sales_rate, was("sales_rate"), more_is_better=True),
        week=week_of(hours),
        hours=[one for one in hours if one.questions],
        percentiles=percentiles(questions),
        ageing=ageing(form.accounts, now),
        by_account=by_account(questions, form.accounts),
        by_person=by_person(questions),
    )


def measure(now: float | None, before: float | None, *, more_is_better: bool | None) -> Measure:
    change = (
        None if now is None or before is None else show.change(round(now * 10_000), round(before * 10_000))
    )
    is_better = None if more_is_better is None or not change else (change > 0) is more_is_better
    return Measure(now, before, change, is_better)


def by_hour(form: PeriodForm, now: datetime) -> list[Hour]:
    """Return the 168 hours of the week, Monday first, by the clocks of each account. One query per zone."""
    taken: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    asked: defaultdict[tuple[int, int], int] = defaultdict(int)
    questions = Question.objects.filter(form.during("date_created", now)).order_by()
    for zone, members in by_zone(form.accounts).items():
        rows = questions.filter(account__in=members).values_list(
            ExtractIsoWeekDay("date_created", tzinfo=zone),
            ExtractHour("date_created", tzinfo=zone),
            "response_seconds",
        )
        for weekday, hour, seconds in rows.iterator(chunk_size=5000):
            asked[weekday, hour] += 1
            if seconds is not None:
                taken[weekday, hour].append(seconds)
    return [
        Hour(str(day.label), hour, asked[day + 1, hour], middle(taken[day + 1, hour]))
        for day in Weekday
        for hour in range(24)
    ]


def middle(seconds: Sequence[int]) -> int | None:
    return round(median(seconds)) if seconds else None


def week_of(hours: Sequence[Hour]) -> list[Cell]:
    """Return the heat map of the hours: a row for each weekday."""

    def title(row: int, column: int) -> str:
        one = hours[row * 24 + column]
        asked = ngettext("%(count)s question", "%(count)s questions", one.questions) % {
            "count": show.count(one.questions)
        }
        answered = (
            _("median answer after %(span)s") % {"span": show.span(timedelta(seconds=one.median_seconds))}
            if one.median_seconds is not None
            else _("no answer yet")
        )
        when = f"{one.weekday} {one.hour:02}:00"
        return f"{when}: {asked}, {answered}" if one.questions else f"{when}: {asked}"

    rows = [[one.questions for one in hours[start : start + 24]] for start in range(0, len(hours), 24)]
    return heat_map(rows, title=title)


def percentiles(questions: QuestionQuerySet) -> list[Length]:
    """Return within how many seconds so many percent of the answers came (nearest rank). Two queries."""
    found = seconds_at(questions, lambda count: [nearest_rank(count, share) for share in PERCENTILES])
    known = [seconds for seconds in found if seconds is not None]
    return [
        Length(f"{share} %", value, length)
        for share, value, length in zip(PERCENTILES, known, shares(known), strict=False)
    ]


def ageing(accounts: list[Account], now: datetime) -> list[Length]:
    """Return how long the open questions have waited. One query."""
    found = ages(accounts, now)
    bounds = [bound for bound, _count in found if bound is not None]
    names = [
        _("over %(span)s") % {"span": show.span(bounds[-1])}
        if bound is None
        else _("up to %(span)s") % {"span": show.span(bound)}
        for bound, _count in found
    ]
    counts = [count for _bound, count in found]
    return [Length(*one) for one in zip(names, counts, shares(counts), strict=True)]


def by_account(questions: QuestionQuerySet, accounts: Iterable[Account]) -> list[Group]:
    """Return the accounts that were asked something, the busiest first. Two queries."""
    names = {account.pk: str(account) for account in accounts}
    return grouped(questions, "account", lambda pk: names[pk])


def by_person(questions: QuestionQuerySet) -> list[Group]:
    """Return who answered, the busiest first; answers that were given elsewhere have a line. Two queries."""
    answered = questions.filter(answered_at__isnull=False)
    return grouped(answered, "panel_answer__name", lambda name: name or _("Outside the panel"))


def grouped(questions: QuestionQuerySet, column: str, name_of: Any) -> list[Group]:
    taken: defaultdict[Any, list[int]] = defaultdict(list)
    timed = questions.filter(response_seconds__isnull=False).values_list(column, "response_seconds")
    for key, seconds in timed.iterator(chunk_size=5000):
        taken[key].append(seconds)
    rows = questions.values_list(column).annotate(
        Count("pk"), answered=Count("pk", filter=MEASURED), in_time=Count("pk", filter=IN_TIME)
    )
    groups = [
        Group(name_of(key), asked, answered, in_time, middle(taken[key]))
        for key, asked, answered, in_time in rows
    ]
    return sorted(groups, key=lambda group: (-group.questions, group.name))
