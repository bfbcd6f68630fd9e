"""Two people on one question see each other; nobody is kept out."""

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import Account, User
from questions import presence
from questions.models import PanelAnswer, Question
from tests.factories import make_question
from tests.web.pages import text_of

from .conftest import HTMX, Login


@pytest.fixture
def question(account: Account) -> Question:
    return make_question(account)


def beat(browser: Client, question: Question, text: str = "") -> str:
    answer = browser.post(f"/questions/{question.meli_id}/beat/", {"text": text}, headers=HTMX)
    assert answer.status_code == 200
    return text_of(answer)


def test_two_people_see_each_other(login: Login, ana: User, page: Client, question: Question) -> None:
    anas = login(ana)
    assert beat(page, question) == ""
    assert beat(anas, question) == "Bruno has this question open"
    assert beat(page, question, "Serve") == "Ana has this question open"
    assert beat(anas, question, "Sim") == "Bruno is answering"
    assert beat(page, question, "Serve, sim") == "Ana is answering"


def test_nobody_is_seen_at_another_question(
    login: Login, ana: User, page: Client, account: Account, question: Question
) -> None:
    beat(page, question)
    assert beat(login(ana), make_question(account)) == ""


def test_whoever_stops_is_forgotten(
    login: Login, ana: User, page: Client, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "EXPIRES_S", 0)
    beat(page, question, "Serve")
    assert beat(login(ana), question) == ""


def test_without_a_cache_nobody_is_seen_and_nothing_fails(
    page: Client, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ConnectionError

    for name in ("set", "get_many", "delete"):
        monkeypatch.setattr(type(cache._connections["default"]), name, fail)
    assert beat(page, question, "Serve") == ""


def test_an_answer_from_somebody_else_is_told_while_typing(
    page: Client, ana: User, question: Question
) -> None:
    Question.objects.update(status="ANSWERED", answer_text="Já respondi.")
    assert "Somebody answered: Já respondi." in beat(page, question, "Serve")
    PanelAnswer.objects.create(question=question, person=ana, name="Ana")
    assert "Ana answered: Já respondi." in beat(page, question, "Serve")


def test_contact_data_is_warned_of_while_typing(page: Client, question: Question) -> None:
    assert "contact data or links: WhatsApp." in beat(page, question, "Me chame no WhatsApp")


def test_viewers_and_other_organizations_are_kept_out(
    login: Login, vera: User, carla: User, question: Question
) -> None:
    address = f"/questions/{question.meli_id}/beat/"
    assert login(vera).post(address).status_code == 403
    assert login(carla).post(address).status_code == 404
    assert login(carla).get(address).status_code == 405
