"""What people decide about questions."""

from __future__ import annotations

from django.utils import timezone

from painelml.meli import AnswerLost, Priority, Rejected
from painelml.sync.engine import Reader, apply
from painelml.sync.resource import Reading

from .models import Question

NOT_UNANSWERED = "not_unanswered_question"


class AnsweredAlready(Exception):
    """Somebody was faster; the question shows their answer."""


def answer_question(question: Question, text: str) -> Question:
    """Answer at Mercado Livre and return the question as it then is; answers cannot be edited (part B, 4.4).

    Raises AnsweredAlready, and MeliError when Mercado Livre did not take it. Where the question may have
    changed it is read again.
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
    return question


def read_again(question: Question) -> None:
    """Bring the question up to date, as far as Mercado Livre can be reached now."""
    apply(question.account, "questions", [question.meli_id], Priority.PERSON)
    question.refresh_from_db()
