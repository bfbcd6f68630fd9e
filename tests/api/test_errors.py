"""What a caller is told when Mercado Livre did not do it, or when they call too often (contract 3.2)."""

import json
from typing import Any

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisConnectionError
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import Account, User
from painelml.meli.errors import Unreachable, from_response
from painelml.web.api import Conflict, handle_error
from painelml.web.docs import document
from painelml.web.throttling import AddressThrottle, PersonThrottle, StrangerThrottle

from .conftest import Login


@pytest.mark.parametrize(
    ("status", "body", "told", "code"),
    [
        (400, {"message": "Invalid price", "error": "validation_error"}, 502, "validation_error"),
        (
            400,
            {"message": "x", "cause": [{"code": "item.price.invalid", "message": "y"}]},
            502,
            "item.price.invalid",
        ),
        (400, {"message": "Nothing more to say"}, 502, "400"),
        (401, {"message": "expired", "error": "invalid_grant"}, 502, "invalid_grant"),
        (403, {"message": "Forbidden", "error": "forbidden"}, 502, "forbidden"),
        (404, {"message": "Not found", "error": "not_found"}, 502, "not_found"),
        (409, {"message": "Changed meanwhile", "error": "optimistic_locking"}, 409, "optimistic_locking"),
        (500, {"message": "Internal error"}, 503, "500"),
    ],
)
def test_a_refusal_is_told_with_mercado_livres_code(status: int, body: dict, told: int, code: str) -> None:
    answer = handle_error(from_response(status, json.dumps(body).encode()), {})
    assert answer.status_code == told
    assert answer.data["code"] == code
    assert answer.data["detail"] == body["message"]


def test_the_causes_of_a_refusal_are_told() -> None:
    body = {"message": "x", "cause": [{"code": "item.price.invalid", "message": "Too low"}]}
    answer = handle_error(from_response(400, json.dumps(body).encode()), {})
    assert answer.data["causes"] == [{"code": "item.price.invalid", "message": "Too low", "type": "error"}]


@pytest.mark.parametrize(("asked", "told"), [("12", "12"), ("1.2", "2"), (None, "60"), ("0", "0")])
def test_too_many_calls_to_mercado_livre_are_429_with_retry_after(asked: str | None, told: str) -> None:
    headers = {"Retry-After": asked} if asked else {}
    answer = handle_error(from_response(429, b'{"message": "Too many"}', headers), {})
    assert answer.status_code == 429
    assert answer["Retry-After"] == told


def test_mercado_livre_out_of_reach_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = handle_error(Unreachable("No connection to Mercado Livre"), {})
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert answer.data == {"detail": "No connection to Mercado Livre", "code": ""}


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (NotFound("Gone fishing."), 404, {"detail": "Gone fishing."}),
        (Conflict("Twice."), 409, {"detail": "Twice."}),
        (ValidationError({"text": ["Too long."]}), 400, {"text": ["Too long."]}),
        (ValidationError("Nonsense."), 400, {"detail": "Nonsense."}),
        (ValidationError({"non_field_errors": ["No.", "No."]}), 400, {"detail": "No. No."}),
    ],
)
def test_our_own_refusals_have_one_shape(error: Exception, status: int, body: dict) -> None:
    answer = handle_error(error, {})
    assert (answer.status_code, answer.data) == (status, body)


def test_a_bug_is_not_dressed_up_as_an_answer() -> None:
    assert handle_error(RuntimeError("bug"), {}) is None


def test_half_a_character_that_an_answer_repeats_is_no_error_of_ours(api: APIClient) -> None:
    body = b'{"\\ud800": 1, "list": "orders", "format": "\\udc00"}'
    answer = api.post("/api/exports", body, content_type="application/json")
    assert (answer.status_code, set(answer.json())) == (400, {"\ud800", "format"})


def test_calling_too_often_is_429_with_retry_after(
    api: APIClient, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PersonThrottle, "rate", "2/min")
    assert [api.get("/api/items").status_code for _ in range(2)] == [200, 200]
    answer = api.get("/api/items")
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert list(answer.json()) == ["detail"]


def test_each_person_has_calls_of_their_own(
    login: Login, ana: User, bruno: User, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PersonThrottle, "rate", "2/min")
    by_token = APIClient()
    by_token.credentials(HTTP_AUTHORIZATION=f"Bearer {AccessToken.for_user(ana)}")
    calls = [login(ana), by_token, login(ana)]
    assert [one.get("/api/items").status_code for one in calls] == [200, 200, 429]
    assert login(bruno).get("/api/items").status_code == 200


def test_each_address_that_did_not_log_in_has_calls_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AddressThrottle, "rate", "2/min")

    def call(address: str) -> Any:
        return APIClient(REMOTE_ADDR=address).post("/api/auth/token/refresh", {"refresh": "x"})

    assert [call("203.0.113.7").status_code for _ in range(2)] == [401, 401]
    answer = call("203.0.113.7")
    assert (answer.status_code, list(answer.json())) == (429, ["detail"])
    assert 0 < int(answer["Retry-After"]) <= 60
    assert call("203.0.113.8").status_code == 401


WITHOUT_A_LOGIN = {
    "none": {},
    "a wrong token": {"authorization": "Bearer nonsense"},
    "a wrong key": {"authorization": "Bearer pk_nonsense"},
}


@pytest.mark.parametrize("headers", WITHOUT_A_LOGIN.values(), ids=WITHOUT_A_LOGIN)
def test_who_keeps_calling_without_a_login_is_told_to_stop(
    ana: User, account: Account, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setattr(StrangerThrottle, "rate", "2/min")

    def call(address: str, **headers: str) -> Any:
        return APIClient(REMOTE_ADDR=address).get("/api/items", headers=headers)

    assert [call("203.0.113.7", **headers).status_code for _ in range(2)] == [401, 401]
    answer = call("203.0.113.7", **headers)
    assert (answer.status_code, list(answer.json())) == (429, ["detail"])
    assert 0 < int(answer["Retry-After"]) <= 60
    assert call("203.0.113.8", **headers).status_code == 401
    # Neighbours behind the same address still work, and still log in.
    assert call("203.0.113.7", authorization=f"Bearer {AccessToken.for_user(ana)}").status_code == 200
    login = {"email": ana.email, "password": "correct horse"}
    assert APIClient(REMOTE_ADDR="203.0.113.7").post("/api/auth/token", login).status_code == 200


def test_an_address_nobody_may_claim_does_not_make_calls_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AddressThrottle, "rate", "2/min")
    claims = [{"x-forwarded-for": f"203.0.113.{number}"} for number in range(3)]
    path, body = "/api/auth/token/refresh", {"refresh": "x"}
    calls = [APIClient().post(path, body, headers=claim) for claim in claims]
    assert [one.status_code for one in calls] == [401, 401, 429]


@pytest.mark.parametrize("path", ["/api/auth/token", "/api/auth/token/refresh"])
def test_asking_for_tokens_is_limited_by_address(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(AddressThrottle, "rate", "2/min")
    calls = [APIClient().post(path, {"refresh": "x", "email": "a@b.example", "password": "x"}) for _ in "123"]
    assert [one.status_code for one in calls] == [401, 401, 429]
    assert 0 < int(calls[-1]["Retry-After"]) <= 60


def test_every_endpoint_is_limited(api: APIClient, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PersonThrottle, "rate", "1/min")
    paths = document("en")["paths"]
    inside = [
        (method, path)
        for path, methods in paths.items()
        for method in methods
        if not path.startswith("/api/auth/")
    ]
    api.get("/api/items")
    for method, path in inside:
        answer = getattr(api, method)(path.replace("{id}", "1"))
        assert (answer.status_code, "Retry-After" in answer) == (429, True), (method, path)


def test_the_api_answers_without_its_cache(
    api: APIClient, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise RedisConnectionError("Connection refused")

    monkeypatch.setattr(type(cache._connections[cache._alias]), "get", refuse)
    assert api.get("/api/items").status_code == 200


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/api/ml-accounts/999999", "Não encontrado."),
        ("/api/orders/999999", "Não encontrado."),
        ("/api/sync/runs/999999/cancel", "Não encontrado."),
    ],
)
def test_what_is_not_there_is_told_in_the_callers_language(api: APIClient, path: str, said: str) -> None:
    call = api.post if path.endswith("cancel") else api.get
    answer = call(path, headers={"accept-language": "pt-br"})
    assert (answer.status_code, answer.json()) == (404, {"detail": said})


def test_a_refused_login_is_told_in_the_callers_language() -> None:
    person = {"email": "nobody@example.com", "password": "wrong horse"}
    answer = APIClient().post("/api/auth/token", person, headers={"accept-language": "pt-br"})
    assert (answer.status_code, answer.json()["detail"]) == (401, "Usuário e/ou senha incorreto(s)")
    headers = {"accept-language": "pt-br", "authorization": "Bearer nonsense"}
    answer = APIClient().get("/api/orders", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["detail"] == "O token informado não é válido para qualquer tipo de token"
