"""What pages and statistics ask about questions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Min, Q

from accounts.models import Account, Organization
from painelml.text import fold
from painelml.web.days import within

from .forms import QuestionFilterForm
from .models import AT_RISK, Question, QuestionQuerySet


def questions_for_listing(organization: Organization, form: QuestionFilterForm) -> QuestionQuerySet:
    """Return the organization's questions that pass the filters, unordered; the account comes with them."""
    questions: QuestionQuerySet = Question.objects.of(organization).filter(
        within("date_created", form.accounts, form.value("date_from"), form.value("date_to")),
        account__in=form.accounts,
        **form.filters(status="status", item_id="item_id"),
    )
    if q := form.value("q"):
        questions = questions.filter(search_text__contains=fold(q))
    if sla := form.value("sla"):
        questions = questions.with_sla(sla)
    return questions.select_related("account").defer("payload", "parts", "search_text")


@dataclass(frozen=True)
class WaitingFigures:
    """How many questions wait for an answer, and since when the oldest does."""

    unanswered: int
    breached: int
    at_risk: int
    oldest: datetime | None


def waiting_figures(accounts: list[Account], now: datetime) -> WaitingFigures:
    """Return the figures of what waits for an answer. One query that reads only unanswered questions."""
    waiting = Question.objects.filter(account__in=accounts).unanswered()
    return WaitingFigures(
        **waiting.aggregate(
            unanswered=Count("pk"),
            breached=Count("pk", filter=Q(due_at__lt=now)),
            at_risk=Count("pk", filter=Q(due_at__gte=now, due_at__lt=now + AT_RISK)),
            oldest=Min("date_created"),
        )
    )


def longest_waiting(accounts: list[Account], limit: int) -> list[Question]:
    """Return the unanswered questions whose answer is due first."""
    waiting = Question.objects.filter(account__in=accounts).unanswered().select_related("account")
    first_due = waiting.defer("payload", "parts", "search_text")
    return list(first_due.order_by(F("due_at").asc(nulls_last=True), "pk")[:limit])


def get_question(organization: Organization, meli_id: str) -> Question | None:
    """Return a question of the organization with its account; None when it has no such question."""
    questions = Question.objects.of(organization).filter(meli_id=meli_id).select_related("account")
    return questions.order_by("pk").first()
