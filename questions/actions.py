"""What people decide about questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time
from functools import partial

from django.db import transaction
from django.utils import timezone

from accounts.models import Account, User
from painelml.audit import trail
from painelml.meli import AnswerLost, Priority, Rejected
from painelml.sync.engine import Reader, apply
from painelml.sync.resource import Reading

from .models import BusinessCalendar, Holiday, OpenHours, PanelAnswer, Question, QuickReply
from .tasks import set_clocks

NOT_UNANSWERED = "not_unanswered_question"


class AnsweredAlready(Exception):
    """Somebody was faster; the question shows their answer."""


@trail.watched(
    "question.answered",
    lambda question: {"status": question.status, "answer": question.answer_text},
    lambda text, *args, **kwargs: {"answer": text},
)
def answer_question(question: Question, text: str, person: User) -> Question:
    """Answer at Mercado Livre and return the question as it then is; answers cannot be edited (part B, 4.4).

    The answer is remembered as this person's. Raises AnsweredAlready, and MeliError when Mercado Livre did
    not take it. Where the question may have changed it is read again.
    """
    if question.status != "UNANSWERED":
        raise AnsweredAlready
    reader = Reader(question.account, Priority.PERSON)
    read_at = timezone.now()
    try:
        payload = reader.meli.answer_question(question.meli_id, text)
    except AnswerLost:
        read_again(question)
        if question.answer_text != text:
            raise
    except Rejected as error:
        read_again(question)
        if NOT_UNANSWERED in error.codes:
            raise AnsweredAlready from error
        raise
    else:
        reader.save(reader.resource("questions"), [Reading(payload)], read_at)
        question.refresh_from_db()
    PanelAnswer.objects.update_or_create(question=question, defaults={"person": person, "name": str(person)})
    return question


def read_again(question: Question) -> None:
    """Bring the question up to date, as far as Mercado Livre can be reached now."""
    apply(question.account, "questions", [question.meli_id], Priority.PERSON)
    question.refresh_from_db()


@trail.watched("question.reply_kept", wanted=dict)
def keep_quick_reply(reply: QuickReply) -> None:
    """Store a new or changed quick reply for everybody of its organization."""
    reply.save()


@trail.watched("question.reply_deleted", wanted=dict)
def delete_quick_reply(reply: QuickReply) -> None:
    reply.delete()


@trail.watched("question.target_changed", lambda account: {"minutes": account.sla_target_minutes})
def change_target(account: Account, minutes: int) -> None:
    """Promise answers within `minutes` of open time; every question is measured anew."""
    account.sla_target_minutes = minutes
    Account.objects.filter(pk=account.pk).update(sla_target_minutes=minutes)
    measure_again(account)


@transaction.atomic
@trail.watched("question.calendar_changed", lambda account: calendar_of(account))
def change_calendar(
    account: Account,
    hours: Iterable[tuple[int, time, time]],
    holidays: Mapping[date, str],
    zone_name: str = "",
) -> BusinessCalendar:
    """Answer in these hours (weekday, opens, closes) but on holidays; no hours mean always."""
    calendar, _ = BusinessCalendar.objects.update_or_create(
        account=account, defaults={"zone_name": zone_name}
    )
    calendar.hours.all().delete()
    calendar.holidays.all().delete()
    OpenHours.objects.bulk_create(
        OpenHours(calendar=calendar, weekday=weekday, opens=opens, closes=closes)
        for weekday, opens, closes in hours
    )
    Holiday.objects.bulk_create(
        Holiday(calendar=calendar, day=day, name=name) for day, name in holidays.items()
    )
    measure_again(account)
    return calendar


def calendar_of(account: Account) -> dict[str, object]:
    """Return when an account is open, as words."""
    calendar = BusinessCalendar.objects.filter(account=account).first()
    if calendar is None:
        return {}
    return {
        "hours": [f"{one.weekday} {one.opens:%H:%M}-{one.closes:%H:%M}" for one in calendar.hours.all()],
        "holidays": [f"{one.day} {one.name}".strip() for one in calendar.holidays.all()],
        "zone": calendar.zone_name,
    }


def measure_again(account: Account) -> None:
    """Set every question's clock once what was decided is stored; the daily task makes a lost ring good."""
    transaction.on_commit(partial(set_clocks.apply_async, (account.pk,), retry=False), robust=True)
