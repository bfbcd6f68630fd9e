"""When something is wrong the panel says so in its own look, and nothing that was typed is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation

from accounts.models import Account
from tests.factories import make_question
from tests.web.pages import text_of


@contextmanager
def database_away(error: type[Exception] = OperationalError) -> Iterator[None]:
    """Let every query fail as it does while the server is gone."""

    def fail(*_args: Any) -> None:
        raise error("server closed the connection unexpectedly")

    with connection.execute_wrapper(fail):
        yield


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_page_without_its_database_is_503_and_says_when_to_come_back(
    account: Account, page: Client, error: type[Exception]
) -> None:
    page.raise_request_exception = False
    with database_away(error):
        response = page.get("/orders/")

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "The panel is back in a moment" in text_of(response)


def test_the_api_without_its_database_is_503_in_json(account: Account, page: Client) -> None:
    page.raise_request_exception = False
    with database_away():
        response = page.get("/api/orders")

    assert response.status_code == 503
    assert "database" in response.json()["detail"]


def test_what_else_breaks_is_500_and_tells_no_secret(
    account: Account, page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("painelml.web.views.page_or_partial", break_down)
    page.raise_request_exception = False
    response = page.get("/")

    assert response.status_code == 500
    assert "Something broke on our side" in text_of(response)
    assert "secret" not in response.content.decode()


@pytest.mark.parametrize("language", ["pt-br", "en", "es"])
@pytest.mark.parametrize(
    "template", ["400.html", "403.html", "404.html", "500.html", "503.html", "offline.html"]
)
def test_every_state_speaks_every_language(template: str, language: str) -> None:
    with translation.override("en"):
        english = render_to_string(template)
    with translation.override(language):
        said = render_to_string(template)

    assert f'<html lang="{language}"' in said
    assert (said.partition("<h1>")[2] == english.partition("<h1>")[2]) == (language == "en")


def test_a_session_that_ended_in_a_form_leads_back_to_its_page(account: Account, client: Client) -> None:
    question = make_question(account)

    response = client.post(
        f"/questions/{question.meli_id}/answer/",
        {"text": "Sim."},
        headers={"referer": "http://testserver/questions/?status=UNANSWERED"},
    )

    assert response.headers["Location"] == "/login/?next=/questions/%3Fstatus%3DUNANSWERED"


@pytest.mark.parametrize("referer", ["https://evil.example/x", "", "javascript:alert(1)"])
def test_a_login_leads_back_to_no_other_host(account: Account, client: Client, referer: str) -> None:
    response = client.post("/questions/1/answer/", {"text": "Sim."}, headers={"referer": referer})

    assert response.headers["Location"] == "/login/?next=/"


def test_a_page_that_needs_a_login_is_what_opens_after_it(client: Client, db: None) -> None:
    assert client.get("/orders/?status=paid").headers["Location"] == "/login/?next=/orders/%3Fstatus%3Dpaid"


def test_a_new_shop_is_guided_to_its_first_account(page: Client) -> None:
    assert "Connect an account" in text_of(page.get("/"))
