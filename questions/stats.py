"""The figures of `/api/questions/stats` (contract section 3.5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.db.models import Case, Count, DateField, F, Field, IntegerField, Max, Min, Q, When
from django.db.models.functions import Cast, Extract, ExtractHour, ExtractIsoWeekDay, TruncDate

from accounts.models import Account
from orders.models import Order
from painelml.web.days import by_zone
from painelml.web.period import PeriodForm

from .models import BOUGHT_WITHIN, Question, QuestionQuerySet, has_sla
from .stats_ranks import Median, Percentiles

MEASURED = Q(answered_at__isnull=False, due_at__isnull=False)
IN_TIME = MEASURED & Q(answered_at__lte=F("due_at"))
PERCENTILES = (25, 50, 75, 90, 95, 99)
AGES = [timedelta(hours=1), timedelta(hours=4), timedelta(days=1), timedelta(days=3), timedelta(days=7)]


@dataclass(frozen=True)
class ServiceLevel:
    """How the questions of a period were answered; seconds by the wall clock and in open time.

    `percentiles` are the seconds within which so many percent of the answers came, empty without answers.
    `became_sales` counts questions whose asker bought the same item within a week: a correlation, no cause.
    """

    questions: int
    answered: int
    in_time: int
    became_sales: int
    median_seconds: int | None
    percentiles: dict[int, int]
    median_open_seconds: int | None
    p90_open_seconds: int | None

    @property
    def p90_seconds(self) -> int | None:
        return self.percentiles.get(90)

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


@dataclass(frozen=True)
class QuestionStats:
    """Of the questions asked in the period. `breached` and `at_risk` count what the filter `sla` finds: the
    first those answered late, too; `waiting_breached` only those that still wait for their answer.

    Hours and days are the account's. `sla_target_minutes` is None when the accounts have different targets.
    `ageing` is of all that wait; `previous_period` is as long a one before, None without one.
    """

    total: int
    unanswered: int
    breached: int
    waiting_breached: int
    at_risk: int
    sla_target_minutes: int | None
    level: ServiceLevel
    by_hour: list[dict[str, int]]
    per_day: list[dict[str, date | int]]
    by_weekday_and_hour: list[Slot]
    ageing: list[dict[str, int | None]]
    previous_period: ServiceLevel | None


def question_stats(form: PeriodForm, now: datetime) -> QuestionStats:
    """Return the figures of the questions asked in the period. Eight queries."""
    questions = asked_in(form, now)
    level, before = service_levels(form, now)
    late, waiting = has_sla("breached", now), Q(status="UNANSWERED")
    figures = questions.aggregate(
        unanswered=Count("pk", filter=waiting),
        breached=Count("pk", filter=late),
        waiting_breached=Count("pk", filter=waiting & late),
        at_risk=Count("pk", filter=has_sla("at_risk", now)),
    )
    days = dict(
        questions.values_list(by_own_clock(TruncDate, form.accounts, DateField())).annotate(Count("pk"))
    )
    slots = by_weekday_and_hour(form, now)
    hours: Counter[int] = Counter()
    for slot in slots:
        hours[slot.hour] += slot.questions
    targets = {account.sla_target_minutes for account in form.accounts}
    return QuestionStats(
        total=level.questions,
        **figures,
        sla_target_minutes=targets.pop() if len(targets) == 1 else None,
        level=level,
        by_hour=[{"hour": hour, "questions": hours[hour]} for hour in range(24)],
        per_day=[{"date": day, "questions": days.get(day, 0)} for day in form.all_days(set(days), now)],
        by_weekday_and_hour=slots,
        ageing=[
            {"up_to_seconds": None if age is None else int(age.total_seconds()), "questions": number}
            for age, number in ages(form.accounts, now)
        ],
        previous_period=before,
    )


def asked_in(form: PeriodForm, now: datetime) -> QuestionQuerySet:
    """Return the questions of the period, unordered."""
    questions: QuestionQuerySet = Question.objects.filter(form.during("date_created", now)).order_by()
    return questions


def by_own_clock(part: type[Extract | TruncDate], accounts: Iterable[Account], kind: Field) -> Cast:
    """Return a part, of this kind, of when a question was asked, by the clocks of its account."""
    zones = by_zone(accounts).items()
    cases = [When(account__in=members, then=part("date_created", tzinfo=zone)) for zone, members in zones]
    # PostgreSQL's parts are decimals, which take longer to put in order.
    return Cast(Case(*cases, output_field=kind), kind)


def service_level(questions: QuestionQuerySet, accounts: Sequence[Account]) -> ServiceLevel:
    """Return how `questions` of these accounts were answered. Two queries."""
    found = questions.order_by().aggregate(
        questions=Count("pk"),
        answered=Count("pk", filter=MEASURED),
        in_time=Count("pk", filter=IN_TIME),
        median_seconds=Median("response_seconds"),
        percentiles=Percentiles("response_seconds", PERCENTILES),
        median_open_seconds=Median("response_open_seconds"),
        open_percentiles=Percentiles("response_open_seconds", [90]),
        first=Min("date_created"),
        last=Max("date_created"),
    )
    became_sales = 0
    if found["questions"]:
        orders = Order.objects.filter(
            account__in=accounts,
            date_created__gte=found["first"],
            date_created__lte=found["last"] + BOUGHT_WITHIN,
        )
        became_sales = questions.became_sales(orders).count()
    return ServiceLevel(
        questions=found["questions"],
        answered=found["answered"],
        in_time=found["in_time"],
        became_sales=became_sales,
        median_seconds=found["median_seconds"],
        percentiles=found["percentiles"] or {},
        median_open_seconds=found["median_open_seconds"],
        p90_open_seconds=(found["open_percentiles"] or {}).get(90),
    )


def service_levels(form: PeriodForm, now: datetime) -> tuple[ServiceLevel, ServiceLevel | None]:
    """Return the service level of the period and of as long a one before it. Four queries."""
    before = form.before("date_created", now)
    return (
        service_level(asked_in(form, now), form.accounts),
        None if before is None else service_level(Question.objects.filter(before), form.accounts),
    )


def by_weekday_and_hour(form: PeriodForm, now: datetime) -> list[Slot]:
    """Return the hours of the week in which something was asked. One query."""
    rows = asked_in(form, now).values_list(
        by_own_clock(ExtractIsoWeekDay, form.accounts, IntegerField()),
        by_own_clock(ExtractHour, form.accounts, IntegerField()),
    )
    counted = rows.annotate(
        Count("pk"), answered=Count("pk", filter=MEASURED), in_time=Count("pk", filter=IN_TIME)
    )
    return [Slot(*row) for row in sorted(counted)]


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
