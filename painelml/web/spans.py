"""Days put together for people: a quarter is read by day, two years by week, what is longer by month."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Protocol, TypeVar

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from .show import NBSP, full_day

DAYS_MAX, WEEKS_MAX = 92, 106 * 7


@dataclass(frozen=True)
class Unit:
    """What the days of a period are read in: its name, `per` it, and the day on which that of a day began."""

    name: Any
    per: Any
    begin: Callable[[date], date]


DAY = Unit(_("Day"), _("per day"), lambda day: day)
WEEK = Unit(_("Week"), _("per week"), lambda day: day - timedelta(days=day.weekday()))
MONTH = Unit(_("Month"), _("per month"), lambda day: day.replace(day=1))


@dataclass(frozen=True)
class Span:
    """Some days in a row, both ends included: a unit, or as much of it as lies in the period."""

    first: date
    last: date

    @property
    def name(self) -> str:
        """`21/11/2026`, `16/11/2026 – 22/11/2026` or, for all of a month, `Novembro de 2026`."""
        if self.first == self.last:
            return full_day(self.first)
        if self.first.day == 1 and self.last + timedelta(days=1) == next_month(self.first):
            return date_format(self.first, "YEAR_MONTH_FORMAT")
        return f"{full_day(self.first)}{NBSP}– {full_day(self.last)}"


class Dated(Protocol):
    @property
    def date(self) -> date: ...


D = TypeVar("D", bound=Dated)


def unit_of(days: Sequence[Any]) -> Unit:
    """Return what so many days are read in."""
    if len(days) <= DAYS_MAX:
        return DAY
    return WEEK if len(days) <= WEEKS_MAX else MONTH


def put_together(days: Sequence[D]) -> list[tuple[Span, list[D]]]:
    """Return consecutive days by the unit they are read in, in their order."""
    unit = unit_of(days)
    groups = [list(group) for _begin, group in groupby(days, lambda day: unit.begin(day.date))]
    return [(Span(group[0].date, group[-1].date), group) for group in groups]


def next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
