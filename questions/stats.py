"""The figures of `/api/questions/stats` (contract section 3.5)."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.db.models import Count, F, Q, Window
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay, RowNumber, TruncDate

from accounts.models import Account
from painelml.web.days import by_zone
from painelml.web.period import PeriodForm

from .models import Question, QuestionQuerySet

MEASURED = Q(answered_at__isnull=False, due_at__isnull=False)
IN_TIME = MEASURED & Q(answered_at__lte=F("due_at"))
AGES = [timedelta(hours=1), timedelta(hours=4), timedelta(days=1), timedelta(days=3), timedelta(days=7)]


@dataclass(frozen=True)
class QuestionStats:
    """Of the questions asked in the period. `breached` and `at_risk` count what the filter `sla` finds: the
    first those answered late, too; `waiting_breached` only those that still wait for their answer.

    Hours and days are the account's. `sla_target_minutes` is None when the accounts have different targets.
    """

    total: int
    unanswered: int
    breached: int
    waiting_breached: int
    at_risk: int
    sla_target_minutes: int | None
    answered_within_sla_rate: float | None
    median_response_seconds: int | None
    p90_response_seconds: int | None
    by_hour: list[dict[str, int]]
    per_day: list[dict[str, date | int]]


def question_stats(form: PeriodForm, now: datetime) -> QuestionStats:
    """Return the figures of the questions asked in the period. Five queries, and two more per time zone."""
    questions = Question.objects.filter(form.during("date_created", now)).order_by()
    figures = questions.aggregate(
        total=Count("pk"),
        unanswered=Count("pk", filter=Q(status="UNANSWERED")),
        answered=Count("pk", filter=MEASURED),
        in_time=Count("pk", filter=IN_TIME),
        timed=Count("response_seconds"),
    )
    hours: Counter[int] = Counter()
    days: Counter[date] = Counter()
    for zone, members in by_zone(form.accounts).items():
        asked = questions.filter(account__in=members)
        hours.update(dict(counted(asked, ExtractHour("date_created", tzinfo=zone))))
        days.update(dict(counted(asked, TruncDate("date_created", tzinfo=zone))))
    targets = {account.sla_target_minutes for account in form.accounts}
    median, p90 = response_times(questions, figures["timed"])
    return QuestionStats(
        total=figures["total"],
        unanswered=figures["unanswered"],
        breached=questions.with_sla("breached", now).count(),
        waiting_breached=questions.unanswered().with_sla("breached", now).count(),
        at_risk=questions.with_sla("at_risk", now).count(),
        sla_target_minutes=targets.pop() if len(targets) == 1 else None,
        answered_within_sla_rate=(
            round(figures["in_time"] / figures["answered"], 4) if figures["answered"] else None
        ),
        median_response_seconds=median,
        p90_response_seconds=p90,
        by_hour=[{"hour": hour, "questions": hours[hour]} for hour in range(24)],
        per_day=[{"date": day, "questions": days[day]} for day in form.all_days(set(days), now)],
    )


def counted(questions: QuestionQuerySet, part: ExtractHour | TruncDate) -> QuestionQuerySet:
    return questions.values_list(part).annotate(Count("pk"))


def response_times(
    questions: QuestionQuerySet, count: int, column: str = "response_seconds"
) -> tuple[int | None, int | None]:
    """Return the median and the 90th percentile (nearest rank) of the seconds answers took, which `count` of
    the questions have. One query: the database sorts, and hands over nothing else.
    """
    places = (count + 1) // 2, count // 2 + 1, nearest_rank(count, 90)
    measured = questions.filter(**{f"{column}__isnull": False}).order_by()
    ranked = measured.annotate(place=Window(RowNumber(), order_by=column)).filter(place__in=set(places))
    found = dict(ranked.values_list("place", column))
    low, high, p90 = (found.get(place) for place in places)
    if low is None or high is None:
        return None, None
    return round((low + high) / 2), p90


def nearest_rank(count: int, percent: int) -> int:
    """Return the place, from 1, of the value that so many percent of `count` values are not above."""
    return -(-count * percent // 100)


@dataclass(frozen=True)
class ServiceLevel:
    """How the questions of a period were answered; seconds by the wall clock and in open time.

    `became_sales` counts questions whose asker bought the same item within a week: a correlation, no cause.
    """

    questions: int
    answered: int
    in_time: int
    became_sales: int
    median_seconds: int | None
    p90_seconds: int | None
    median_open_seconds: int | None
    p90_open_seconds: int | None

    @property
    def in_time_rate(self) -> float | None:
        return round(self.in_time / self.answered, 4) if self.answered else None

    @property
    def sales_rate(self) -> float | None:
        return round(self.became_sales / self.questions, 4) if self.questions else None


@dataclass(frozen=True)
class Slot:
    """The questions asked in one hour of one weekday (1 is Monday), by the account's clocks."""

    weekday: int
    hour: int
    questions: int
    answered: int
    in_time: int


def service_level(questions: QuestionQuerySet) -> ServiceLevel:
    """Return how `questions` were answered. Four queries."""
    counts = questions.order_by().aggregate(
        questions=Count("pk"),
        answered=Count("pk", filter=MEASURED),
        in_time=Count("pk", filter=IN_TIME),
        timed=Count("response_seconds"),
        timed_open=Count("response_open_seconds"),
    )
    median, p90 = response_times(questions, counts["timed"])
    median_open, p90_open = response_times(questions, counts["timed_open"], "response_open_seconds")
    return ServiceLevel(
        questions=counts["questions"],
        answered=counts["answered"],
        in_time=counts["in_time"],
        became_sales=questions.became_sales().count(),
        median_seconds=median,
        p90_seconds=p90,
        median_open_seconds=median_open,
        p90_open_seconds=p90_open,
    )


def service_levels(form: PeriodForm, now: datetime) -> tuple[ServiceLevel, ServiceLevel | None]:
    """Return the service level of the period and of as long a one before it. Eight queries."""
    before = form.before("date_created", now)
    return (
        service_level(Question.objects.filter(form.during("date_created", now))),
        None if before is None else service_level(Question.objects.filter(before)),
    )


def by_weekday_and_hour(form: PeriodForm, now: datetime) -> list[Slot]:
    """Return the hours of the week in which something was asked. One query per time zone."""
    questions = Question.objects.filter(form.during("date_created", now)).order_by()
    slots: defaultdict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for zone, members in by_zone(form.accounts).items():
        rows = questions.filter(account__in=members).values_list(
            ExtractIsoWeekDay("date_created", tzinfo=zone), ExtractHour("date_created", tzinfo=zone)
        )
        counted = rows.annotate(
            Count("pk"), answered=Count("pk", filter=MEASURED), in_time=Count("pk", filter=IN_TIME)
        )
        for weekday, hour, asked, answered, in_time in counted:
            slots[weekday, hour].update(questions=asked, answered=answered, in_time=in_time)
    return [
        Slot(weekday, hour, figures["questions"], figures["answered"], figures["in_time"])
        for (weekday, hour), figures in sorted(slots.items())
    ]


def ages(accounts: list[Account], now: datetime) -> list[tuple[timedelta | None, int]]:
    """Return how many open questions are at most so old and older than the age before; None is any age."""
    bounds: list[tuple[timedelta | None, timedelta | None]] = list(pairwise([None, *AGES, None]))
    counts = {}
    for number, (younger, older) in enumerate(bounds):
        asked = Q() if younger is None else Q(date_created__lt=now - younger)
        asked &= Q() if older is None else Q(date_created__gte=now - older)
        counts[f"age_{number}"] = Count("pk", filter=asked)
    found = Question.objects.filter(account__in=accounts).unanswered().aggregate(**counts)
    return [(older, found[f"age_{number}"]) for number, (_younger, older) in enumerate(bounds)]
