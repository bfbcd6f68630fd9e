from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from questions.models import Question
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
def test_rows_count_down_to_the_deadline_or_tell_the_status(page: Client) -> None:
    words = text_of(page.get("/questions/"))

    assert "Breached? −1 h 00" in words
    assert "Risky? 10:00" in words
    assert "Fresh? 1 h 00" in words
    assert "Answered? Answered" in words


def test_the_question_beside_the_list_tells_its_age_its_deadline_and_its_answer(
    account: Account, page: Client
) -> None:
    waiting = make_question(
        account, text="Risky?", date_created=NOW - timedelta(minutes=50), due_at=NOW + timedelta(minutes=10)
    )
    answered = make_question(
        account,
        status="ANSWERED",
        date_created=NOW - timedelta(days=1),
        answer_text="Sim, temos.",
        answered_at=NOW - timedelta(hours=23),
        response_seconds=3600,
        due_at=NOW - timedelta(hours=22),
    )

    assert "At risk due 10:00 50 min ago Risky?" in text_of(open_question(page, waiting))
    words = text_of(open_question(page, answered))
    assert "Sim, temos. Answered" in words
    assert "after 1 h" in words


def open_question(page: Client, question: Question) -> Any:
    return swap(page, f"/questions/?question={question.meli_id}", "question-pane")


def test_it_shows_the_item_asked_about(account: Account, page: Client) -> None:
    item = make_item(account, title="Chaleira", sku="CH-1")
    question = make_question(account, item_id=item.meli_id)

    answer = open_question(page, question)
    assert "Chaleira R$ 129.90 12 available CH-1 See the listing" in text_of(answer)
    assert f'href="{item.permalink}"' in answer.content.decode()


def test_beside_it_lie_earlier_questions_of_the_buyer_and_answers_on_the_item(
    account: Account, page: Client
) -> None:
    item = make_item(account)
    question = make_question(account, item_id=item.meli_id, text="Serve?", from_id="1")
    make_question(account, from_id="1", item_id="MLB1", text="Emite nota?")
    answered = {"status": "ANSWERED", "answered_at": NOW, "from_id": "2"}
    make_question(account, item_id=item.meli_id, text="Qual a cor?", answer_text="Azul.", **answered)
    make_question(account, item_id="MLB2", text="Pesa quanto?", answer_text="Pouco.", **answered)
    make_question(account, from_id="", text="Anonymous?")

    words = text_of(open_question(page, question))
    assert "Earlier questions of this buyer Emite nota?" in words
    assert "Answered about this item Qual a cor? Azul." in words
    assert "Pesa quanto?" not in words
    assert "Anonymous?" not in words


def test_the_address_of_a_question_draws_the_list_and_the_question(account: Account, page: Client) -> None:
    question = make_question(account, text="Serve?")
    make_question(account, text="E esta?")

    html = page.get(f"/questions/?status=UNANSWERED&question={question.meli_id}").content.decode()
    assert html.count(f'id="question-{question.meli_id}"') == 1
    assert html.count('class="ask"') == 2
    assert html.count('aria-current="true"') == 1


def test_a_question_of_carlas_is_not_opened(other_account: Account, page: Client) -> None:
    question = make_question(other_account)

    assert open_question(page, question).status_code == 404
    assert page.get(f"/questions/?question={question.meli_id}").status_code == 404


def test_fifty_long_questions_weigh_less_than_30_kib(account: Account, page: Client) -> None:
    item = make_item(account, title="Jogo de Panelas Antiaderente com Tampa de Vidro " * 5)
    for _ in range(51):
        make_question(account, item_id=item.meli_id, text="Olá, esta panela é de indução? " * 60)

    answer = swap(page, f"/questions/?status=UNANSWERED&account_id={account.pk}&q=panela", "question-list")
    assert answer.content.count(b'class="ask"') == 50
    assert len(answer.content) < 30 * 1024


def test_opening_a_question_costs_the_same_queries_whatever_lies_beside_it(
    account: Account, page: Client
) -> None:
    question = make_question(account, item_id="MLB1", text="Serve na tampa de vidro?")

    def queries(rows: int) -> int:
        for number in range(rows):
            answered = {"status": "ANSWERED", "answered_at": NOW, "answer_text": f"Serve {number}"}
            make_question(account, item_id="MLB1", text="Serve na tampa?", **answered)
        with CaptureQueriesContext(connection) as asked:
            open_question(page, question)
        return len(asked)

    assert queries(2) == queries(18)


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
