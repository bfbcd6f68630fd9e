"""The figures of `/api/questions/stats` (contract section 3.5)."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, Q
from django.db.models.functions import ExtractHour, TruncDate

from painelml.web.days import by_zone
from painelml.web.period import PeriodForm

from .models import Question, QuestionQuerySet


@dataclass(frozen=True)
class QuestionStats:
    """Of the questions asked in the period. `breached` and `at_risk` count what the filter `sla` finds.

    Hours and days are the account's. `sla_target_minutes` is None when the accounts have different targets.
    """

    total: int
    unanswered: int
    breached: int
    at_risk: int
    sla_target_minutes: int | None
    answered_within_sla_rate: float | None
    median_response_seconds: int | None
    p90_response_seconds: int | None
    by_hour: list[dict[str, int]]
    per_day: list[dict[str, date | int]]


def question_stats(form: PeriodForm, now: datetime) -> QuestionStats:
    """Return the figures of the questions asked in the period. Four queries, and two more per time zone."""
    questions = Question.objects.filter(form.during("date_created", now)).order_by()
    answered = Q(answered_at__isnull=False, due_at__isnull=False)
    figures = questions.aggregate(
        total=Count("pk"),
        unanswered=Count("pk", filter=Q(status="UNANSWERED")),
        answered=Count("pk", filter=answered),
        in_time=Count("pk", filter=answered & Q(answered_at__lte=F("due_at"))),
    )
    hours: Counter[int] = Counter()
    days: Counter[date] = Counter()
    for zone, members in by_zone(form.accounts).items():
        asked = questions.filter(account__in=members)
        hours.update(dict(counted(asked, ExtractHour("date_created", tzinfo=zone))))
        days.update(dict(counted(asked, TruncDate("date_created", tzinfo=zone))))
    targets = {account.sla_target_minutes for account in form.accounts}
    median, p90 = response_times(questions)
    return QuestionStats(
        total=figures["total"],
        unanswered=figures["unanswered"],
        breached=questions.with_sla("breached", now).count(),
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


def response_times(questions: QuestionQuerySet) -> tuple[int | None, int | None]:
    """Return the median and the 90th percentile (nearest rank) of the seconds answers took. One query."""
    seconds = list(
        questions.filter(response_seconds__isnull=False)
        .order_by("response_seconds")
        .values_list("response_seconds", flat=True)
    )
    if not seconds:
        return None, None
    middle = seconds[(len(seconds) - 1) // 2 : len(seconds) // 2 + 1]
    return round(sum(middle) / len(middle)), seconds[math.ceil(len(seconds) * 0.9) - 1]
