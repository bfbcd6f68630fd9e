"""Codes are good once, refresh tokens too, and every refusal has its documented code."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from painelml.sandbox import Sandbox

from .conftest import ANA, CARLA, Caller

VERIFIER = "v" * 64
S256 = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def authorize(box: Sandbox, **params: Any) -> requests.Response:
    asked = {
        "response_type": "code",
        "client_id": box.box.application.id,
        "redirect_uri": box.box.application.redirect_uri,
        "state": "s3cret",
        "auto": ANA,
        **params,
    }
    return requests.get(f"{box.url}/authorization", params=asked, allow_redirects=False, timeout=5)


def code_of(answer: requests.Response) -> str:
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def token(box: Sandbox, **form: Any) -> requests.Response:
    application = box.box.application
    sent = {"client_id": application.id, "client_secret": application.secret, **form}
    return requests.post(f"{box.url}/oauth/token", data=sent, timeout=5)


def exchange(box: Sandbox, code: str, **form: Any) -> requests.Response:
    redirect = {"redirect_uri": box.box.application.redirect_uri}
    return token(box, grant_type="authorization_code", code=code, **{**redirect, **form})


def refresh(box: Sandbox, refresh_token: str) -> requests.Response:
    return token(box, grant_type="refresh_token", refresh_token=refresh_token)


def refused(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def test_a_seller_who_accepts_comes_back_with_a_code_and_the_state(box: Sandbox) -> None:
    answer = authorize(box)
    back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert answer.status_code == 302
    assert back["state"] == ["s3cret"]
    assert back["code"][0].endswith(f"-{ANA}")


def test_the_page_offers_every_seller_in_portuguese(box: Sandbox) -> None:
    page = authorize(box, auto="")
    assert "Permitir como Casa do Pátio" in page.text
    assert "Não permitir" in page.text


def test_a_redirect_uri_that_differs_is_never_redirected_to(box: Sandbox) -> None:
    answer = authorize(box, redirect_uri="http://127.0.0.1:8000/elsewhere")
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_a_collaborator_gets_no_grant(box: Sandbox) -> None:
    answer = authorize(box, auto="collaborator")
    assert answer.status_code == 403
    assert "invalid_operator_user_id" in answer.text


def test_refusing_comes_back_without_a_code(box: Sandbox) -> None:
    assert "code=" not in authorize(box, auto="refuse").headers["Location"]


def test_a_code_becomes_tokens_once(box: Sandbox) -> None:
    code = code_of(authorize(box))
    tokens = exchange(box, code).json()
    assert tokens["user_id"] == ANA
    assert tokens["expires_in"] == 21600
    assert tokens["refresh_token"].startswith("TG-")
    assert refused(exchange(box, code)) == (400, "invalid_grant")


def test_a_code_dies_after_ten_minutes(box: Sandbox) -> None:
    code = code_of(authorize(box))
    box.control(clock={"advance_s": 601})
    assert refused(exchange(box, code)) == (400, "invalid_grant")


def test_the_exchange_wants_the_same_redirect_uri(box: Sandbox) -> None:
    code = code_of(authorize(box))
    assert refused(exchange(box, code, redirect_uri="http://127.0.0.1:8000/other")) == (400, "invalid_grant")


def test_a_seller_with_pending_data_fails_at_the_exchange(box: Sandbox) -> None:
    assert refused(exchange(box, code_of(authorize(box, auto="pending")))) == (400, "invalid_grant")


@pytest.mark.parametrize(("method", "challenge"), [("S256", S256), ("plain", VERIFIER)])
def test_the_verifier_must_match_the_challenge(box: Sandbox, method: str, challenge: str) -> None:
    asked = {"code_challenge": challenge, "code_challenge_method": method}
    assert exchange(box, code_of(authorize(box, **asked)), code_verifier=VERIFIER).status_code == 200
    assert refused(exchange(box, code_of(authorize(box, **asked)), code_verifier="wrong")) == (
        400,
        "invalid_grant",
    )
    assert refused(exchange(box, code_of(authorize(box, **asked)))) == (400, "invalid_request")


def test_an_application_with_pkce_switched_on_refuses_an_exchange_without_it(box: Sandbox) -> None:
    box.drills.pkce_required = True
    assert refused(exchange(box, code_of(authorize(box)))) == (400, "invalid_request")


def test_a_refresh_token_works_once_and_only_the_last_one(box: Sandbox) -> None:
    first = box.grant(ANA)["refresh_token"]
    second = refresh(box, first).json()["refresh_token"]
    assert refused(refresh(box, first)) == (400, "invalid_grant")
    assert refresh(box, second).status_code == 200


def test_connecting_again_elsewhere_kills_the_refresh_token_of_before(box: Sandbox) -> None:
    before = box.grant(ANA)["refresh_token"]
    exchange(box, code_of(authorize(box)))
    assert refused(refresh(box, before)) == (400, "invalid_grant")


def test_a_wrong_secret_is_the_clients_fault(box: Sandbox) -> None:
    answer = token(box, client_secret="nope", grant_type="refresh_token", refresh_token="TG-1")
    assert refused(answer) == (400, "invalid_client")


def test_other_grants_are_not_supported(box: Sandbox) -> None:
    assert refused(token(box, grant_type="client_credentials")) == (400, "unsupported_grant_type")


def test_parameters_in_the_query_string_do_not_count(box: Sandbox) -> None:
    answer = requests.post(f"{box.url}/oauth/token", params={"grant_type": "refresh_token"}, timeout=5)
    assert refused(answer) == (400, "invalid_request")


def test_both_spellings_of_invalid_grant_occur(box: Sandbox) -> None:
    bodies = [refresh(box, "TG-none").json() for _ in range(4)]
    assert any("message" in body for body in bodies)
    assert any("error_description" in body for body in bodies)


def test_an_access_token_lives_six_hours(box: Sandbox, ana: Caller) -> None:
    assert ana.get("/users/me").json()["id"] == ANA
    box.control(clock={"advance_s": 6 * 3600})
    assert refused(ana.get("/users/me")) == (401, "expired_token")


def test_newer_resources_spell_a_bad_token_differently(box: Sandbox, ana: Caller) -> None:
    box.control(expire=ANA)
    answer = ana.get("/questions/search", api_version=4)
    assert answer.status_code == 401
    assert answer.json() == {"code": "unauthorized", "message": "invalid access token"}


def test_without_a_token_nothing_is_told(box: Sandbox) -> None:
    assert requests.get(f"{box.url}/users/me", timeout=5).status_code == 401


def test_revoking_ends_every_token_of_the_grant(box: Sandbox, ana: Caller) -> None:
    refresh_token = box.grant(ANA)["refresh_token"]
    assert ana("DELETE", f"/users/{ANA}/applications/{box.box.application.id}").json()["user_id"] == str(ANA)
    assert ana.get("/users/me").status_code == 401
    assert refused(refresh(box, refresh_token)) == (400, "invalid_grant")


def test_other_sellers_show_only_their_public_side(ana: Caller) -> None:
    assert "email" in ana.get("/users/me").json()
    assert "email" not in ana.get(f"/users/{CARLA}").json()
