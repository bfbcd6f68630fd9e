"""Keeping the clocks of questions: after they are saved, and when the target or the calendar changes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction

from accounts.models import Account

from .models import CLOCK, BusinessCalendar, Question, QuestionQuerySet
from .sla import Calendar, clock_of

CHUNK = 250
"""Questions recomputed at a time: 0.2 to 0.35 s on two busy cores, for which saving may wait."""


def set_clocks_saved(resource: str, account: Account, ids: Collection[str], **_: Any) -> None:
    """Set the clocks of questions that were just saved."""
    if resource == "questions":
        set_clocks(account, Question.objects.filter(account=account, meli_id__in=ids))


def set_all_clocks(account: Account) -> int:
    """Set the clocks of all questions of an account and return how many changed; a chunk at a time."""
    changed, last = 0, 0
    questions = Question.objects.filter(account=account).order_by("pk")
    while pks := list(questions.filter(pk__gt=last).values_list("pk", flat=True)[:CHUNK]):
        changed += set_clocks(account, Question.objects.filter(pk__in=pks))
        last = pks[-1]
    return changed


@transaction.atomic
def set_clocks(account: Account, questions: QuestionQuerySet) -> int:
    """Set the clocks of `questions` by the account's present target and calendar; return how many changed."""
    target = Account.objects.filter(pk=account.pk).values_list("sla_target_minutes", flat=True).first()
    if target is None:
        return 0  # the account was removed meanwhile, and its questions with it
    calendar = calendar_of(account)
    changed = []
    locked = questions.select_for_update().order_by("meli_id")  # in the order in which saving locks them
    for question in locked.only("pk", "status", "date_created", "answered_at", *CLOCK):
        clock = clock_of(question.status, question.date_created, question.answered_at, target, calendar)
        if any(getattr(question, name) != getattr(clock, name) for name in CLOCK):
            for name in CLOCK:
                setattr(question, name, getattr(clock, name))
            changed.append(question)
    Question.objects.bulk_update(changed, CLOCK)
    return len(changed)


def calendar_of(account: Account) -> Calendar | None:
    """Return the account's open hours as they are now; None when it is always open. Three queries at most."""
    found = BusinessCalendar.objects.filter(account=account).prefetch_related("hours", "holidays").first()
    return found.calendar() if found else None
