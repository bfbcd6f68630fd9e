"""Which pages elsewhere may call the API: those of the origins in `CORS_ORIGINS`, never with cookies."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Account, User
from painelml.env import WrongSetting, load

from .test_access import with_token

SHOP, STRANGER = "https://loja.example.com", "https://elsewhere.example.com"


@pytest.fixture(autouse=True)
def _allow_the_shop(settings: LazySettings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [SHOP]


def ask_first(client: Client, path: str, origin: str, method: str = "PATCH", headers: str = "") -> Any:
    """Ask as a browser does before it sends what a form could not."""
    asked = {"access-control-request-method": method, "access-control-request-headers": headers}
    return client.options(path, headers={"origin": origin, **asked})


def named(answer: Any, name: str) -> set[str]:
    return {word.strip().lower() for word in answer.headers.get(name, "").split(",") if word.strip()}


def test_a_page_of_an_allowed_origin_reads_with_its_token(ana: User, account: Account) -> None:
    answer = with_token(ana).get("/api/items", headers={"origin": SHOP})
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, SHOP)
    assert "Access-Control-Allow-Credentials" not in answer
    assert "origin" in named(answer, "Vary")
    assert {"retry-after", "x-printed", "x-refused", "idempotent-replayed"} <= named(
        answer, "Access-Control-Expose-Headers"
    )


def test_a_refusal_can_be_read_as_well(account: Account) -> None:
    answer = APIClient().get("/api/items", headers={"origin": SHOP})
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (401, SHOP)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_asking_first_needs_no_login(client: Client, method: str) -> None:
    wanted = "authorization, content-type, idempotency-key, x-organization"
    answer = ask_first(client, "/api/items/MLB1", SHOP, method, wanted)
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, SHOP)
    assert method.lower() in named(answer, "Access-Control-Allow-Methods")
    assert named(answer, "Access-Control-Allow-Headers") >= {word.strip() for word in wanted.split(",")}
    assert "Access-Control-Allow-Credentials" not in answer


def test_cookies_and_csrf_tokens_are_not_for_other_pages(client: Client) -> None:
    answer = ask_first(client, "/api/items/MLB1", SHOP, headers="x-csrftoken, cookie")
    assert not {"x-csrftoken", "cookie"} & named(answer, "Access-Control-Allow-Headers")


@pytest.mark.parametrize(
    "origin", [STRANGER, "http://loja.example.com", f"{SHOP}:8443", f"{SHOP}.evil.example", "null"]
)
def test_any_other_origin_is_told_nothing(client: Client, ana: User, account: Account, origin: str) -> None:
    answers = [
        ask_first(client, "/api/items/MLB1", origin),
        with_token(ana).get("/api/items", headers={"origin": origin}),
    ]
    assert not any(name.startswith("Access-Control") for answer in answers for name in answer.headers)


@pytest.mark.parametrize(
    "path", ["/", "/login/", "/meli/webhooks", "/meli/webhooks/stats", "/healthz", "/admin/", "/apiary"]
)
def test_only_the_api_is_for_other_pages(client: Client, ana: User, path: str) -> None:
    client.force_login(ana)
    for answer in (ask_first(client, path, SHOP), client.get(path, headers={"origin": SHOP})):
        assert not any(name.startswith("Access-Control") for name in answer.headers)


def test_nobody_is_allowed_unless_the_settings_say_so(client: Client, settings: LazySettings) -> None:
    assert load({}).cors_origins == ()
    settings.CORS_ALLOWED_ORIGINS = load({}).cors_origins
    assert "Access-Control-Allow-Origin" not in ask_first(client, "/api/items", SHOP)


def test_origins_are_separated_by_commas() -> None:
    given = {"CORS_ORIGINS": " https://Loja.example.com/, http://localhost:3000 "}
    assert load(given).cors_origins == (SHOP, "http://localhost:3000")


@pytest.mark.parametrize("value", ["*", "loja.example.com", "https://loja.example.com/app", "https://a, *"])
def test_a_wrong_origin_is_said_at_the_start(value: str) -> None:
    with pytest.raises(WrongSetting, match="CORS_ORIGINS must be addresses"):
        load({"CORS_ORIGINS": value})
