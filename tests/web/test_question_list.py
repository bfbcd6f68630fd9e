from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from tests.factories import make_item, make_question
from tests.web.conftest import NOW
from tests.web.pages import swap, text_of


@pytest.fixture
def questions(account: Account) -> None:
    make_question(
        account, text="Breached?", date_created=NOW - timedelta(hours=2), due_at=NOW - timedelta(hours=1)
    )
    make_question(
        account, text="Risky?", date_created=NOW - timedelta(minutes=50), due_at=NOW + timedelta(minutes=10)
    )
    make_question(account, text="Fresh?", date_created=NOW, due_at=NOW + timedelta(hours=1))
    make_question(
        account,
        text="Answered?",
        status="ANSWERED",
        date_created=NOW - timedelta(days=1),
        answer_text="Sim, temos.",
        answered_at=NOW - timedelta(hours=23),
        response_seconds=3600,
        due_at=NOW - timedelta(hours=22),
    )


@pytest.mark.usefixtures("questions")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Fresh?", "Risky?", "Breached?", "Answered?"]),
        ("status=UNANSWERED", ["Breached?", "Risky?", "Fresh?"]),
        ("sla=breached", ["Breached?"]),
        ("sla=at_risk", ["Risky?"]),
        ("sla=ok", ["Fresh?", "Answered?"]),
        ("q=temos", []),
        ("q=risky", ["Risky?"]),
        ("date_to=2026-11-20", ["Answered?"]),
    ],
)
def test_filters_narrow_and_order_the_questions(page: Client, query: str, found: list[str]) -> None:
    listed = page.get(f"/questions/?{query}").context["page"]

    assert [question.text for question in listed] == found


@pytest.mark.usefixtures("questions")
def test_a_question_tells_its_age_its_deadline_and_its_answer(page: Client) -> None:
    words = text_of(page.get("/questions/"))

    assert "Breached? 2 h ago due 1 h ago" in words
    assert "Risky? 50 min ago due in 10 min" in words
    assert "Sim, temos. Answered" in words
    assert "after 1 h" in words


def test_it_shows_the_item_asked_about(account: Account, page: Client) -> None:
    item = make_item(account, title="Chaleira")
    make_question(account, item_id=item.meli_id)

    assert "Chaleira R$ 129.90 12 available" in text_of(page.get("/questions/"))


def test_a_question_cannot_smuggle_markup(account: Account, page: Client) -> None:
    make_question(account, text="<img src=x onerror=alert(1)>")

    assert "<img src=x" not in page.get("/questions/").content.decode()


def test_htmx_gets_the_list_alone(account: Account, page: Client) -> None:
    html = swap(page, "/questions/", "question-list").content.decode()

    assert html.count('id="question-list"') == 1
    assert "<html" not in html


def test_carlas_questions_are_not_anas(account: Account, other_account: Account, page: Client) -> None:
    make_question(other_account, text="Segredo?")

    assert "Segredo?" not in text_of(page.get("/questions/"))


def test_queries_are_the_same_for_two_rows_and_for_twenty(account: Account, page: Client) -> None:
    def queries(rows: int) -> int:
        for _ in range(rows):
            make_question(account)
        with CaptureQueriesContext(connection) as asked:
            page.get("/questions/")
        return len(asked)

    assert queries(2) == queries(18)
