"""Answering a question on its page: what was typed is never lost (design section 8, rule 10)."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, User
from painelml.sandbox import Sandbox
from painelml.sync.engine import apply
from questions.models import PanelAnswer, Question
from tests.api.conftest import SELLER
from tests.factories import make_item, make_question
from tests.web.pages import text_of

from .conftest import HTMX, Login


@pytest.fixture
def question(box: Sandbox, seller: Account) -> Question:
    waiting = next(one for one in box.world.questions_of[SELLER] if one.status == "UNANSWERED")
    box.world.items[waiting.item_id].status = "active"
    apply(seller, "questions", [str(waiting.id)])
    box.calls.clear()
    return Question.objects.get()


def send(page: Client, question: Question, text: str, htmx: bool = True, **more: str) -> Any:
    address = f"/questions/{question.meli_id}/answer/"
    return page.post(address, {"text": text, **more}, headers=HTMX if htmx else {})


def test_an_answer_reaches_mercado_livre_and_the_question_shows_it(
    page: Client, box: Sandbox, question: Question
) -> None:
    answer = send(page, question, "Serve, sim!")
    assert answer.status_code == 200
    assert f'id="question-{question.meli_id}"' in answer.content.decode()
    words = text_of(answer)
    assert "Serve, sim!" in words
    assert "Mercado Livre has your answer." in words
    assert "<textarea" not in answer.content.decode()
    assert json.loads(answer.headers["HX-Trigger"])["painel:answered"]["id"] == question.meli_id
    assert box.world.questions[int(question.meli_id)].answer == "Serve, sim!"


def test_without_scripts_the_list_comes_back(page: Client, question: Question) -> None:
    answer = page.post(f"/questions/{question.meli_id}/answer/", {"text": "Sim"}, follow=True)
    assert answer.redirect_chain == [("/questions/", 302)]
    assert "Mercado Livre has your answer." in text_of(answer)


@pytest.mark.parametrize("htmx", [True, False])
def test_a_refused_answer_keeps_the_text_and_says_why(
    page: Client, box: Sandbox, question: Question, htmx: bool
) -> None:
    box.world.items[question.item_id].status = "closed"
    answer = send(page, question, "Serve <b>sim</b>", htmx)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "Serve &lt;b&gt;sim&lt;/b&gt;</textarea>" in html
    assert "The item is not active" in html
    assert ("<html" in html) is not htmx


def test_a_question_about_a_paused_item_says_so_before_anything_is_sent(
    page: Client, question: Question
) -> None:
    told = "this item was not active"
    address = f"/questions/?question={question.meli_id}"
    assert told not in text_of(page.get(address))
    make_item(question.account, meli_id=question.item_id, status="paused")
    answer = page.get(address)
    assert told in text_of(answer)
    assert f'id="answer-{question.meli_id}"' in answer.content.decode()


def test_an_unreachable_mercado_livre_keeps_the_text(page: Client, box: Sandbox, question: Question) -> None:
    box.stop()
    answer = send(page, question, "Serve, sim!")
    assert answer.status_code == 422
    assert "Serve, sim!</textarea>" in answer.content.decode()
    assert "cannot be reached" in text_of(answer)


def test_somebody_elses_faster_answer_is_shown_and_ours_is_not_lost(
    page: Client, box: Sandbox, question: Question
) -> None:
    truth = box.world.questions[int(question.meli_id)]
    truth.status, truth.answer, truth.answered = "ANSWERED", "Já respondi", box.world.clock.now()
    answer = send(page, question, "Serve, sim!")
    words = text_of(answer)
    assert answer.status_code == 409
    assert "Já respondi" in words
    assert "Yours was not sent: Serve, sim!" in words
    assert answer.headers.get("HX-Trigger") is None


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001, "a\x1bb"])
def test_what_is_no_answer_is_said_and_kept(
    page: Client, box: Sandbox, question: Question, text: str
) -> None:
    answer = send(page, question, text)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not box.calls


def test_two_thousand_characters_over_several_lines_are_an_answer(
    page: Client, box: Sandbox, question: Question
) -> None:
    """Browsers send two characters for each line end."""
    assert send(page, question, "a\r\n" * 999 + "ab").status_code == 200


def test_contact_data_is_asked_about_and_sent_when_meant(
    page: Client, box: Sandbox, question: Question
) -> None:
    asked = send(page, question, "Me chame no WhatsApp")
    assert asked.status_code == 422
    assert 'name="sure"' in asked.content.decode()
    assert "Me chame no WhatsApp</textarea>" in asked.content.decode()
    assert not box.calls
    assert send(page, question, "Me chame no WhatsApp", sure="1").status_code == 200


def test_a_placeholder_nobody_filled_is_asked_about(page: Client, box: Sandbox, question: Question) -> None:
    asked = send(page, question, "Olá {comprador}, serve {assim}.")
    assert asked.status_code == 422
    assert "Nothing stands in for {comprador} yet." in text_of(asked)
    assert not box.calls


def test_whoever_answered_here_is_remembered(
    page: Client, bruno: User, box: Sandbox, question: Question
) -> None:
    answer = send(page, question, "Serve, sim!")
    assert "Answered by Bruno" in text_of(answer)
    bruno.delete()
    assert PanelAnswer.objects.get(question=question).name == "Bruno"


def test_an_answer_from_elsewhere_is_nobodys_here(page: Client, box: Sandbox, question: Question) -> None:
    truth = box.world.questions[int(question.meli_id)]
    truth.status, truth.answer, truth.answered = "ANSWERED", "Já respondi", box.world.clock.now()
    send(page, question, "Serve, sim!")
    assert not PanelAnswer.objects.exists()


def test_a_viewer_sees_no_form_and_may_not_answer(login: Login, vera: User, account: Account) -> None:
    question, page = make_question(account), login(vera)
    html = page.get(f"/questions/?question={question.meli_id}").content.decode()
    assert f'id="question-{question.meli_id}"' in html
    assert "<textarea" not in html
    assert send(page, question, "Sim").status_code == 403


def test_an_operator_sees_a_form_for_what_waits_only(page: Client, account: Account) -> None:
    waiting = make_question(account)
    done = make_question(account, status="ANSWERED", answer_text="Sim")
    forms = [
        page.get(f"/questions/?question={one.meli_id}").content.decode().count("<textarea")
        for one in (waiting, done)
    ]
    assert forms == [1, 0]


def test_a_question_of_another_organization_is_404(
    page: Client, account: Account, other_account: Account
) -> None:
    assert send(page, make_question(other_account), "Sim").status_code == 404


def test_reading_the_address_changes_nothing(page: Client, account: Account) -> None:
    assert page.get(f"/questions/{make_question(account).meli_id}/answer/").status_code == 405


def test_a_form_of_another_site_is_refused(bruno: User, account: Account) -> None:
    stranger = Client(enforce_csrf_checks=True)
    stranger.force_login(bruno)
    assert send(stranger, make_question(account), "Sim").status_code == 403
