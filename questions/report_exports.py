"""How well questions were answered, as a file: day by day, by account and by person, and the period against
the one before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organization
from orders.forms import ReportForm
from painelml.web import show
from painelml.web.days import by_zone
from painelml.web.exports import Column, Listing, Summary, Table, bars_by_day
from painelml.web.period import PeriodForm

from .dashboard import Group, by_account, by_person, tally
from .models import Question, QuestionQuerySet
from .stats import IN_TIME, MEASURED, service_levels


@dataclass(frozen=True)
class Day:
    """The questions asked on a local day, and how those of them with an answer were answered."""

    date: date
    questions: int
    answered: int
    in_time: int

    @property
    def in_time_rate(self) -> float | None:
        return round(self.in_time / self.answered, 4) if self.answered else None


@dataclass(frozen=True)
class Figure:
    """One figure of the service level, and the same of the period before; None where there is none."""

    name: str
    now: float | None
    before: float | None


def by_day(form: PeriodForm, now: datetime) -> list[Day]:
    """Return every local day of the period, newest first. One query per time zone."""
    found: defaultdict[date, Counter[str]] = defaultdict(Counter)
    questions = asked_in(form, now)
    for zone, members in by_zone(form.accounts).items():
        rows = questions.filter(account__in=members).values_list(TruncDate("date_created", tzinfo=zone))
        for day, asked, answered, in_time in rows.annotate(
            Count("pk"), answered=Count("pk", filter=MEASURED), in_time=Count("pk", filter=IN_TIME)
        ):
            found[day].update(questions=asked, answered=answered, in_time=in_time)
    days = form.all_days(set(found), now)[::-1]
    return [Day(day, *(found[day][name] for name in ("questions", "answered", "in_time"))) for day in days]


def asked_in(form: PeriodForm, now: datetime) -> QuestionQuerySet:
    questions: QuestionQuerySet = Question.objects.filter(form.during("date_created", now)).order_by()
    return questions


def day_rows(organization: Organization, form: ReportForm) -> list[Day]:
    return by_day(form, timezone.now())


def account_rows(organization: Organization, form: ReportForm) -> list[Group]:
    return by_account(tally(asked_in(form, timezone.now()), form.accounts), form.accounts)


def person_rows(organization: Organization, form: ReportForm) -> list[Group]:
    return by_person(tally(asked_in(form, timezone.now()), form.accounts))


def figure_rows(organization: Organization, form: ReportForm) -> list[Figure]:
    """Return what the page compares, in the order of the page. Four queries."""
    level, before = service_levels(form, timezone.now())
    names = {
        "questions": _("Questions"),
        "answered": _("Answers"),
        "in_time": _("Answered in time"),
        "in_time_rate": _("Share in time"),
        "median_seconds": _("Median seconds to answer"),
        "p90_seconds": _("Seconds within which 9 of 10 were answered"),
        "became_sales": _("Followed by a sale"),
    }
    return [
        Figure(label, getattr(level, name), getattr(before, name) if before else None)
        for name, label in names.items()
    ]


def summarize_days(days: list[Day]) -> Summary:
    """Return how many questions there were and how many were answered in time, and those of each day, or of
    each month where there are many days.
    """
    answered, in_time = sum(day.answered for day in days), sum(day.in_time for day in days)
    totals = [
        (_("Questions"), show.count(sum(day.questions for day in days))),
        (_("Answers"), show.count(answered)),
        (_("Answered in time"), show.percent(in_time / answered if answered else None)),
    ]
    return Summary(totals, _("Questions"), bars_by_day((day.date, day.questions) for day in days[::-1]))


LEVEL: list[Column] = [
    Column("questions", gettext_lazy("Questions"), kind="number"),
    Column("answered", gettext_lazy("Answers"), kind="number"),
    Column("in_time", gettext_lazy("Answered in time"), kind="number"),
    Column("in_time_rate", gettext_lazy("Share in time"), kind="share"),
]
MEDIAN = Column("median_seconds", gettext_lazy("Median seconds to answer"), kind="number")


LISTING = Listing(
    name="service-level",
    route="service-level-export",
    title=gettext_lazy("Service level of the answers"),
    form=ReportForm,
    columns=[Column("date", gettext_lazy("Day"), kind="day"), *LEVEL],
    read=day_rows,
    summarize=summarize_days,
    also=[
        Table(
            gettext_lazy("Against the period before"),
            [
                Column("figure", gettext_lazy("Figure"), "name"),
                Column("now", gettext_lazy("This period"), kind="number"),
                Column("before", gettext_lazy("The period before"), kind="number"),
            ],
            figure_rows,
        ),
        Table(
            gettext_lazy("By account"),
            [Column("account", gettext_lazy("Account"), "name"), *LEVEL, MEDIAN],
            account_rows,
        ),
        Table(
            gettext_lazy("By who answered"),
            [Column("person", gettext_lazy("Person"), "name"), *LEVEL, MEDIAN],
            person_rows,
        ),
    ],
)
