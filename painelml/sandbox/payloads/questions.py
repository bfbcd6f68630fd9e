"""Questions as the search and the detail spell them: other dates, other asker (facts: part B, section 4)."""

from typing import Any

from ..clock import nano_zulu, offset
from ..people import Buyer
from ..records import Question
from . import is_one_in


def question_row(question: Question) -> dict[str, Any]:
    """A question in `GET /questions/search`."""
    payload: dict[str, Any] = {
        "id": question.id,
        "item_id": question.item_id,
        "seller_id": question.seller_id,
        "status": question.status,
        "text": question.text,
        "date_created": offset(question.created),
        "hold": False,
        "deleted_from_listing": question.status == "DELETED",
        "suspected_spam": question.status == "BANNED",
        "answer": answer(question, offset),
        "from": {"id": Buyer(question.buyer).id},
    }
    if is_one_in(2, question.id):
        payload["tags"] = []
    return payload


def question_payload(question: Question) -> dict[str, Any]:
    """`GET /questions/{id}?api_version=4`: nanoseconds and `Z`; the asker may be `buyer_id` instead of
    `from`.
    """
    payload: dict[str, Any] = {
        "id": question.id,
        "item_id": question.item_id,
        "seller_id": question.seller_id,
        "status": question.status,
        "text": question.text,
        "date_created": nano_zulu(question.created),
        "last_updated": nano_zulu(question.updated),
        "hold": False,
        "deleted_from_listing": question.status == "DELETED",
        "answer": answer(question, nano_zulu),
        "ai_categories": [],
    }
    buyer = Buyer(question.buyer)
    if is_one_in(3, question.id, 1):
        return {**payload, "buyer_id": buyer.id, "app_id": 7092}
    return {**payload, "from": {"id": buyer.id, "answered_questions": question.buyer % 4}}


def answer(question: Question, spell: Any) -> dict[str, Any] | None:
    if not question.answered:
        return None
    status = "ACTIVE" if question.answer else "BANNED"
    return {"text": question.answer, "status": status, "date_created": spell(question.answered)}
