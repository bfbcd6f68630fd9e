"""Questions and answers (facts: part B, section 4)."""

import re
from statistics import median
from typing import Any

from ..clock import DAY, MINUTE, instant
from ..http import ApiError, Request, Response, forbidden, not_found, route
from ..payloads.questions import question_payload, question_row
from ..people import Buyer
from ..records import Question
from ..server import Box
from .users import own_user

SORTS = {
    "item_id": lambda question: question.item_id,
    "seller_id": lambda question: question.seller_id,
    "from_id": lambda question: question.buyer,
    "date_created": lambda question: (question.created, question.id),
}
PAGE = 50
ANSWER_LENGTH = 2000
CONTACT = re.compile(r"\S@\S+\.\w|https?://|www\.|whats|\(?\d{2}\)?\s?9\d{4}-?\d{4}", re.IGNORECASE)


def check_version(request: Request) -> None:
    if request.query.get("api_version") != "4":
        raise ApiError(400, "Unsupported api_version: use 4", "invalid_api_version")


@route("GET", "/questions/search")
def search_questions(box: Box, request: Request) -> dict[str, Any]:
    """50 a page at most (a greater limit is cut without a word), 1,000 by offset, all of them by scan."""
    check_version(request)
    query = request.query
    seller = query.get("seller_id", str(request.user))
    if seller != str(request.user):
        raise forbidden()
    limit, offset = min(request.number("limit", PAGE), PAGE), request.number("offset", 0)
    scan = query.get("search_type") == "scan"
    if offset > 1000 or (scan and offset):
        raise ApiError(400, "Invalid offset: use search_type=scan beyond 1000", "invalid_offset")
    fields = [name for name in query.get("sort_fields", "date_created").split(",") if name]
    if any(name not in SORTS for name in fields):
        raise ApiError(400, f"Invalid sort_fields: {query['sort_fields']}", "invalid_sort")
    descending = query.get("sort_types", "ASC").upper().startswith("DESC")
    key = (
        request.user,
        *sorted(
            (name, value) for name, value in query.items() if name not in {"limit", "offset", "scroll_id"}
        ),
    )

    def found() -> list[Question]:
        rows = select_questions(box.world.questions_of[request.user], query)
        return sorted(
            rows, key=lambda question: [SORTS[name](question) for name in fields], reverse=descending
        )

    answer: dict[str, Any] = {"limit": limit}
    if scan:
        scroll_id = query.get("scroll_id", "")
        page, answer["scroll_id"], answer["total"] = box.scrolls.page(
            scroll_id, None if scroll_id else list(found()), limit
        )
    else:
        questions = box.world.found(("questions", *key), found)
        page, answer["total"] = questions[offset : offset + limit], len(questions)
    return {
        **answer,
        "questions": [question_row(question) for question in page],
        "filters": {
            "limit": limit,
            "offset": offset,
            "api_version": "4",
            "is_admin": False,
            "sorts": [],
            "caller": request.user,
        },
        "available_filters": [
            {"id": "status", "name": "Status", "type": "text", "values": ["ANSWERED", "UNANSWERED"]}
        ],
        "available_sorts": ["item_id", "from_id", "date_created", "seller_id"],
    }


def select_questions(questions: list[Question], query: dict[str, str]) -> list[Question]:
    item, status, asker = query.get("item", query.get("item_id")), query.get("status"), query.get("from")
    return [
        question
        for question in questions
        if (item is None or question.item_id == item)
        and (status is None or question.status == status.upper())
        and (asker is None or str(Buyer(question.buyer).id) == asker)
    ]


def own_question(box: Box, request: Request, question_id: str) -> Question:
    """Raises ApiError 404 for what is unknown or somebody else's."""
    question = box.world.questions.get(int(question_id)) if question_id.isdigit() else None
    if question is None or question.seller_id != request.user:
        raise not_found(f"Question {question_id} not found")
    return question


@route("GET", "/questions/{question_id}")
def read(box: Box, request: Request, question_id: str) -> dict[str, Any]:
    check_version(request)
    return question_payload(own_question(box, request, question_id))


@route("DELETE", "/questions/{question_id}")
def delete(box: Box, request: Request, question_id: str) -> list[str]:
    question = own_question(box, request, question_id)
    check_unanswered(question)
    question.status = "DELETED"
    box.world.question_changed(question)
    return ["Question deleted."]


def check_unanswered(question: Question) -> None:
    if question.status != "UNANSWERED":
        raise ApiError(400, f"Question {question.id} is not unanswered", "not_unanswered_question")


@route("POST", "/answers")
def post_answer(box: Box, request: Request) -> Response:
    """Contact data is moderated away: the answer stands, BANNED and without its text."""
    body = request.json()
    if not isinstance(body, dict) or set(body) != {"question_id", "text"}:
        raise ApiError(400, "Only question_id and text are allowed", "invalid_post_body")
    text = body["text"]
    if not isinstance(text, str) or not text.strip() or len(text) > ANSWER_LENGTH:
        raise ApiError(400, f"text must have 1 to {ANSWER_LENGTH} characters", "invalid_post_body")
    if isinstance(body["question_id"], bool) or not str(body["question_id"]).isdigit():
        raise ApiError(400, "question_id must be an integer", "invalid_question")
    question = own_question(box, request, str(body["question_id"]))
    check_unanswered(question)
    if box.world.items[question.item_id].status != "active":
        raise ApiError(400, "item must be active", "not_active_item")
    question.status, question.answer = "ANSWERED", "" if CONTACT.search(text) else text
    question.answered = box.world.clock.now()
    box.world.question_changed(question)
    return Response(question_row(question), 201 if question.id % 2 else 200)


@route("GET", "/users/{user_id}/questions/response_time")
def response_time(box: Box, request: Request, user_id: str) -> dict[str, Any]:
    """Minutes over the last 14 days, by band of Brasília's week."""
    seller = own_user(request, user_id)
    now = box.world.clock.now()
    bands: dict[str, list[int]] = {
        "weekend": [],
        "weekdays_working_hours": [],
        "weekdays_extra_hours": [],
        "total": [],
    }
    for question in box.world.questions_of[seller]:
        if question.created < now - 14 * DAY or question.status not in {"ANSWERED", "UNANSWERED"}:
            continue
        minutes = min(((question.answered or now) - question.created) // MINUTE, 7 * DAY // MINUTE)
        local = instant(question.created - 3 * 60 * MINUTE)
        bands["total"].append(minutes)
        if local.weekday() >= 5:
            bands["weekend"].append(minutes)
        elif local.hour >= 9:
            bands["weekdays_working_hours" if local.hour < 18 else "weekdays_extra_hours"].append(minutes)
    if not bands["total"]:
        raise not_found(f"Response time not found for user id: {user_id}")
    answer: dict[str, Any] = {"user_id": seller, "total": {"response_time": int(median(bands.pop("total")))}}
    for band, minutes_of in bands.items():
        time = int(median(minutes_of)) if minutes_of else 0
        answer[band] = {"response_time": time, "sales_percent_increase": 8 if time > 60 else None}
    return answer
