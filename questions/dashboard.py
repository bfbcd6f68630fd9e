"""What the performance page shows: how the questions of a period were answered, when, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, IntegerField, Value
from django.db.models.functions import Coalesce, ExtractHour, ExtractIsoWeekDay
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account
from painelml.web import show
from painelml.web.charts import Cell, heat_map, shares
from painelml.web.period import PeriodForm

from .models import QuestionQuerySet, Weekday
from .stats import IN_TIME, MEASURED, ServiceLevel, ages, asked_in, by_own_clock, service_levels
from .stats_ranks import Median


@dataclass(frozen=True)
class Measure:
    """A figure, the same of the period before, and whether it moved for the better (None: neither)."""

    now: Any
    before: Any
    change: int | None
    is_better: bool | None

    @property
    def size(self) -> int | None:
        """The change without its sign, which an arrow tells."""
        return None if self.change is None else abs(self.change)


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

    questions = asked_in(form, now)
    tallies = tally(questions, form.accounts)
    hours = by_hour(questions, form.accounts)
    return Performance(
        level=level,
        in_time=measure(level.in_time_rate, was("in_time_rate"), more_is_better=True),
        median=measure(level.median_seconds, was("median_seconds"), more_is_better=False),
        p90=measure(level.p90_seconds, was("p90_seconds"), more_is_better=False),
        questions=measure(level.questions, was("questions"), more_is_better=None),
        sales=measure(level.sales_rate, was("sales_rate"), more_is_better=True),
        week=week_of(hours),
        hours=[one for one in hours if one.questions],
        percentiles=percentiles(level),
        ageing=ageing(form.accounts, now),
        by_account=by_account(tallies, form.accounts),
        by_person=by_person(tallies),
    )


def measure(now: float | None, before: float | None, *, more_is_better: bool | None) -> Measure:
    change = (
        None if now is None or before is None else show.change(round(now * 10_000), round(before * 10_000))
    )
    is_better = None if more_is_better is None or not change else (change > 0) is more_is_better
    return Measure(now, before, change, is_better)


@dataclass(frozen=True)
class Tally:
    """How some questions were answered; the median is of the seconds their answers took."""

    questions: int = 0
    answered: int = 0
    in_time: int = 0
    median_seconds: int | None = None


@dataclass(frozen=True)
class Tallies:
    """The questions of a period by account, and those with an answer by who gave it: "" where nobody did so
    here.
    """

    by_account: dict[int, Tally]
    by_person: dict[str, Tally]


def tally(questions: QuestionQuerySet, accounts: Iterable[Account]) -> Tallies:
    """Count `questions` of these accounts. Two queries, whose answers are as short as the page."""
    asked = questions.filter(account__in=accounts)
    answered = asked.filter(answered_at__isnull=False)
    return Tallies(
        tallied(asked, F("account_id")), tallied(answered, Coalesce("panel_answer__name", Value("")))
    )


def tallied(questions: QuestionQuerySet, name: F | Coalesce) -> dict[Any, Tally]:
    """Return the questions by this name. One query."""
    rows = (
        questions.order_by()
        .values_list(name)
        .annotate(
            Count("pk"),
            answered=Count("pk", filter=MEASURED),
            in_time=Count("pk", filter=IN_TIME),
            median_seconds=Median("response_seconds"),
        )
    )
    return {key: Tally(*figures) for key, *figures in rows}


def by_hour(questions: QuestionQuerySet, accounts: Sequence[Account]) -> list[Hour]:
    """Return the 168 hours of the week, Monday first, by the clocks of these accounts. One query."""
    clocks = (by_own_clock(part, accounts, IntegerField()) for part in (ExtractIsoWeekDay, ExtractHour))
    found = {
        (weekday, hour): figures
        for weekday, hour, *figures in questions.values_list(*clocks).annotate(
            Count("pk"), median_seconds=Median("response_seconds")
        )
    }
    return [
        Hour(str(day.label), hour, *found.get((day + 1, hour), (0, None)))
        for day in Weekday
        for hour in range(24)
    ]


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


def percentiles(level: ServiceLevel) -> list[Length]:
    """Return within how many seconds so many percent of the answers came (nearest rank); half of them within
    the median that stands beside.
    """
    found = level.percentiles | ({50: level.median_seconds} if level.median_seconds is not None else {})
    names, values = [f"{share} %" for share in found], list(found.values())
    return [Length(*one) for one in zip(names, values, shares(values), strict=True)]


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


def by_account(tallies: Tallies, accounts: Iterable[Account]) -> list[Group]:
    """Return the accounts that were asked something, the busiest first."""
    names = {account.pk: str(account) for account in accounts}
    return groups((names[pk], one) for pk, one in tallies.by_account.items())


def by_person(tallies: Tallies) -> list[Group]:
    """Return who answered, the busiest first; answers that were given elsewhere have a line."""
    return groups((name or _("Outside the panel"), one) for name, one in tallies.by_person.items())


def groups(named: Iterable[tuple[str, Tally]]) -> list[Group]:
    found = [Group(name, one.questions, one.answered, one.in_time, one.median_seconds) for name, one in named]
    return sorted(found, key=lambda group: (-group.questions, group.name))
