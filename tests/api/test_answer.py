"""`POST /api/questions/{id}/answer`: Mercado Livre first, then our rows (contract 3.5)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Account, Organization, User
from painelml.sandbox import Sandbox
from painelml.sync.engine import apply
from questions.models import Question
from tests.factories import make_account, make_question

from .conftest import Login

SELLER = 1987654321


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox(port=0, seed=7, orders=20, items=10, questions=40) as box:
        monkeypatch.setattr(settings, "MELI_API_URL", box.url)
        yield box


@pytest.fixture
def seller(box: Sandbox, shop: Organization) -> Account:
    tokens = box.grant(SELLER)
    return make_account(
        shop,
        meli_user_id=str(SELLER),
        access_token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        token_expires_at=timezone.now() + timedelta(hours=6),
    )


@pytest.fixture
def question(box: Sandbox, seller: Account) -> Question:
    """A question that waits, of an item on sale."""
    waiting = next(
        question
        for question in box.world.questions.values()
        if question.seller_id == SELLER
        and question.status == "UNANSWERED"
        and box.world.items[question.item_id].status == "active"
    )
    apply(seller, "questions", [str(waiting.id)])
    box.calls.clear()
    return Question.objects.get(meli_id=str(waiting.id))


def answer_of(box: Sandbox, question: Question) -> str | None:
    return box.world.questions[int(question.meli_id)].answer


def test_an_answer_reaches_mercado_livre_and_comes_back(
    login: Login, bruno: User, box: Sandbox, question: Question
) -> None:
    answer = login(bruno).post(
        f"/api/questions/{question.meli_id}/answer", {"text": " Serve, sim! "}, format="json"
    )
    assert answer.status_code == 200
    told = answer.json()
    assert (told["status"], told["answer"]["text"]) == ("ANSWERED", "Serve, sim!")
    assert answer_of(box, question) == "Serve, sim!"
    question.refresh_from_db()
    assert (question.status, question.answer_text) == ("ANSWERED", "Serve, sim!")
    assert dict(box.calls) == {"POST /answers": 1}


def test_two_thousand_characters_are_an_answer(api: APIClient, box: Sandbox, question: Question) -> None:
    text = "ç" * 2000
    assert (
        api.post(f"/api/questions/{question.meli_id}/answer", {"text": text}, format="json").status_code
        == 200
    )
    assert answer_of(box, question) == text


@pytest.mark.parametrize(
    "body",
    [{}, {"text": ""}, {"text": "   "}, {"text": None}, {"text": "x" * 2001}, {"text": "a\u0000b"},
     {"text": "a\u001bb"}, {"text": ["Sim"]}, {"text": {"a": 1}}, {"text": True}, {"answer": "Sim"}],
)  # fmt: skip
def test_what_is_no_answer_is_refused_by_name(
    api: APIClient, box: Sandbox, question: Question, body: dict
) -> None:
    answer = api.post(f"/api/questions/{question.meli_id}/answer", body, format="json")
    assert answer.status_code == 400
    assert list(answer.json()) == ["text"]
    assert not box.calls


def test_a_question_we_know_to_be_answered_is_409_without_a_call(
    api: APIClient, box: Sandbox, question: Question
) -> None:
    Question.objects.update(status="ANSWERED")
    assert (
        api.post(f"/api/questions/{question.meli_id}/answer", {"text": "Sim"}, format="json").status_code
        == 409
    )
    assert not box.calls


def test_somebody_elses_faster_answer_is_409_and_mirrored(
    api: APIClient, box: Sandbox, question: Question
) -> None:
    truth = box.world.questions[int(question.meli_id)]
    truth.status, truth.answer, truth.answered = "ANSWERED", "Já respondi", box.world.clock.now()
    answer = api.post(f"/api/questions/{question.meli_id}/answer", {"text": "Sim"}, format="json")
    assert answer.status_code == 409
    assert api.get(f"/api/questions/{question.meli_id}").json()["answer"]["text"] == "Já respondi"


def test_a_refusal_is_502_with_its_code(api: APIClient, box: Sandbox, question: Question) -> None:
    box.world.items[box.world.questions[int(question.meli_id)].item_id].status = "closed"
    answer = api.post(f"/api/questions/{question.meli_id}/answer", {"text": "Sim"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (502, "not_active_item")
    assert Question.objects.get().status == "UNANSWERED"


def test_an_answer_whose_receipt_was_lost_is_found_there(
    api: APIClient, box: Sandbox, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks once, after Mercado Livre took the answer."""
    box.box.drills.errors, box.box.drills.error_rate = ["drop_after"], 1
    taken = box.world.question_changed

    def take_and_recover(changed: object) -> None:
        taken(changed)
        box.box.drills.error_rate = 0

    monkeypatch.setattr(box.world, "question_changed", take_and_recover)
    answer = api.post(f"/api/questions/{question.meli_id}/answer", {"text": "Sim"}, format="json")
    assert answer.status_code == 200
    assert answer.json()["answer"]["text"] == "Sim"
    assert box.calls["POST /answers"] == 1


def test_an_answer_nobody_can_look_up_is_503_and_never_sent_twice(
    api: APIClient, box: Sandbox, question: Question
) -> None:
    box.box.drills.errors, box.box.drills.error_rate = ["drop_after"], 1
    address = f"/api/questions/{question.meli_id}/answer"
    assert api.post(address, {"text": "Sim"}, format="json").status_code == 503
    box.box.drills.error_rate = 0
    assert api.post(address, {"text": "Sim"}, format="json").status_code == 409
    assert api.get(f"/api/questions/{question.meli_id}").json()["answer"]["text"] == "Sim"


def test_mercado_livre_out_of_reach_is_503(api: APIClient, box: Sandbox, question: Question) -> None:
    box.stop()
    answer = api.post(f"/api/questions/{question.meli_id}/answer", {"text": "Sim"}, format="json")
    assert answer.status_code == 503
    assert answer["Retry-After"]


def test_a_viewer_may_not_answer(login: Login, vera: User, account: Account) -> None:
    question = make_question(account)
    answer = login(vera).post(f"/api/questions/{question.meli_id}/answer", {"text": "Sim"}, format="json")
    assert answer.status_code == 403


def test_a_question_of_another_organization_is_404(
    api: APIClient, account: Account, other_account: Account
) -> None:
    question = make_question(other_account)
    assert (
        api.post(f"/api/questions/{question.meli_id}/answer", {"text": "Sim"}, format="json").status_code
        == 404
    )
