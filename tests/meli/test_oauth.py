import base64
import hashlib
import json
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from painelml.meli import (
    AnswerLost,
    AppRefused,
    MeliError,
    NotAllowed,
    Reconnect,
    Rejected,
    Throttled,
    TryLater,
    Unreachable,
    oauth,
)
from tests.meli.conftest import API, closed_port, raw_server

APP = oauth.Application(
    API, "1122334455667788", "the-client-secret", "https://panel.test/meli/oauth/callback"
)
CODE = "TG-66f0c1d2a9b3e40001ab12cd-1987654321"
REFRESH = "TG-674009b2e4b0a1000199aa01-1987654321"
VERIFIER = "v" * 64
PAIR = {
    "access_token": "APP_USR-1122334455667788-112109-0f3c9a7be1d24c55a8f6b1c2d3e4f5a6-1987654321",
    "token_type": "bearer",
    "expires_in": 21600,
    "scope": "offline_access read write",
    "user_id": 1987654321,
    "refresh_token": REFRESH,
}


def exchange():
    return oauth.exchange_code(APP, CODE, VERIFIER)


def refresh():
    return oauth.refresh_tokens(APP, REFRESH)


# The authorization page


def test_the_authorization_url_asks_the_sites_own_host_with_pkce():
    url = oauth.authorization_url(
        client_id="7", redirect_uri="https://panel.test/cb?x=1", state="s t", verifier=VERIFIER, site_id="MLB"
    )

    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "auth.mercadolivre.com.br", "/authorization")
    assert parse_qs(parts.query) == {
        "response_type": ["code"],
        "client_id": ["7"],
        "redirect_uri": ["https://panel.test/cb?x=1"],
        "state": ["s t"],
        "code_challenge": [oauth.challenge_of(VERIFIER)],
        "code_challenge_method": ["S256"],
    }


@pytest.mark.parametrize(
    ("site_id", "host"),
    [
        ("MLA", "auth.mercadolibre.com.ar"),
        ("MLC", "auth.mercadolibre.cl"),
        ("MPE", "auth.mercadolibre.com.pe"),
    ],
)
def test_each_site_has_its_host(site_id, host):
    url = oauth.authorization_url(
        client_id="7", redirect_uri="u", state="s", verifier=VERIFIER, site_id=site_id
    )
    assert url.startswith(f"https://{host}/authorization?")


def test_another_address_stands_in_for_the_site():
    url = oauth.authorization_url(
        client_id="7", redirect_uri="u", state="s", verifier=VERIFIER, auth_url="http://127.0.0.1:8001/"
    )
    assert url.startswith("http://127.0.0.1:8001/authorization?")


def test_the_verifier_is_long_enough_and_never_the_same():
    verifiers = {oauth.new_verifier() for _ in range(100)}

    assert len(verifiers) == 100
    assert all(43 <= len(verifier) <= 128 and verifier.isascii() for verifier in verifiers)


def test_the_challenge_is_the_one_of_rfc_7636():
    assert (
        oauth.challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    assert base64.urlsafe_b64decode(oauth.challenge_of(VERIFIER) + "=") == digest


# The pair


def test_a_code_is_exchanged_in_a_form_body(api, calls):
    api.post(f"{API}/oauth/token", json=PAIR)

    pair = oauth.exchange_code(APP, CODE, VERIFIER, on_call=calls.append)

    request = api.calls[0].request
    assert request.url == f"{API}/oauth/token"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in request.headers
    assert parse_qs(request.body) == {
        "grant_type": ["authorization_code"],
        "client_id": [APP.client_id],
        "client_secret": [APP.client_secret],
        "code": [CODE],
        "redirect_uri": [APP.redirect_uri],
        "code_verifier": [VERIFIER],
    }
    assert pair == oauth.TokenPair(
        PAIR["access_token"], REFRESH, 21600, "1987654321", "offline_access read write"
    )
    assert [(call.endpoint, call.status) for call in calls] == [("POST /oauth/token", 200)]


def test_a_refresh_sends_the_refresh_token_and_returns_the_next(api):
    api.post(f"{API}/oauth/token", json=PAIR | {"refresh_token": "TG-next-1"})

    assert refresh().refresh_token == "TG-next-1"
    assert parse_qs(api.calls[0].request.body) == {
        "grant_type": ["refresh_token"],
        "client_id": [APP.client_id],
        "client_secret": [APP.client_secret],
        "refresh_token": [REFRESH],
    }


def test_without_offline_access_there_is_no_refresh_token(api):
    api.post(
        f"{API}/oauth/token", json={name: value for name, value in PAIR.items() if name != "refresh_token"}
    )

    assert exchange().refresh_token is None


def test_a_pair_and_an_application_print_no_secret():
    shown = repr(oauth.TokenPair(PAIR["access_token"], REFRESH, 21600, "1", "read")) + repr(APP)

    for secret in (PAIR["access_token"], REFRESH, APP.client_secret):
        assert secret not in shown


# Refusals


@pytest.mark.parametrize(
    ("status", "body", "decision"),
    [
        (
            400,
            {"error": "invalid_grant", "message": "Your authorization code ... already used"},
            oauth.CodeRefused,
        ),
        (400, {"error": "invalid_grant", "error_description": "code may be expired"}, oauth.CodeRefused),
        (400, {"error": "invalid_grant", "message": "The user has pending data"}, oauth.PendingData),
        (
            400,
            {"error": "redirect_uri_mismatch", "message": "Your client callback has to match"},
            oauth.RedirectMismatch,
        ),
        (400, {"error": "invalid_grant", "message": "redirect_uri_mismatch"}, oauth.RedirectMismatch),
        (
            400,
            {"error": "invalid_grant", "message": "Your client callback has to match"},
            oauth.RedirectMismatch,
        ),
        (400, {"error": "invalid_client", "message": "m"}, AppRefused),
        (401, {"error": "invalid_client", "message": "m"}, AppRefused),
        (401, {"error": "unauthorized_application", "message": "m"}, AppRefused),
        (401, {"message": "who are you"}, AppRefused),
        (401, {"error": "unauthorized_client", "message": "m"}, Reconnect),
        (400, {"error": "invalid_scope", "message": "m"}, Rejected),
        (400, {"error": "invalid_request", "message": "code_verifier is required"}, Rejected),
        (400, {"error": "unsupported_grant_type", "message": "m"}, Rejected),
        (400, {"error": "internal_error", "message": "error_role_idp"}, TryLater),
        (403, {"error": "forbidden", "message": "m"}, NotAllowed),
        (429, {"message": "local_rate_limited"}, Throttled),
        (500, {"message": "m"}, AnswerLost),
    ],
)
def test_a_refused_code_says_who_can_mend_it(api, status, body, decision):
    api.post(f"{API}/oauth/token", status=status, json=body)

    with pytest.raises(MeliError) as caught:
        exchange()

    assert type(caught.value) is decision
    assert caught.value.status == status
    assert len(api.calls) == 1


@pytest.mark.parametrize("description", ["message", "error_description"])
def test_a_dead_refresh_token_means_reconnect(api, description):
    api.post(
        f"{API}/oauth/token",
        status=400,
        json={description: "Error validating grant", "error": "invalid_grant"},
    )

    with pytest.raises(Reconnect) as caught:
        refresh()

    assert type(caught.value) is Reconnect
    assert caught.value.code == "invalid_grant"


# Lost answers: is the refresh token spent?


def test_nothing_was_sent_when_nobody_listens():
    with closed_port() as url, pytest.raises(Unreachable):
        oauth.refresh_tokens(oauth.Application(url, "7", "s"), REFRESH)


def test_a_connection_that_breaks_leaves_the_refresh_token_in_doubt_and_it_is_sent_once():
    requests_seen = []
    with (
        raw_server(lambda connection, request: requests_seen.append(request)) as url,
        pytest.raises(AnswerLost),
    ):
        oauth.refresh_tokens(oauth.Application(url, "7", "s"), REFRESH)

    assert len(requests_seen) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 502, "body": "<html>Bad Gateway</html>"},
        {"status": 500, "json": {"message": "internal"}},
        {"status": 200, "body": "{"},
        {"status": 200, "json": {"access_token": "", "user_id": 1}},
        {"status": 200, "json": ["what"]},
        {"body": requests.ReadTimeout("slow")},
    ],
)
def test_an_unclear_answer_leaves_the_refresh_token_in_doubt_and_it_is_sent_once(api, answer):
    api.post(f"{API}/oauth/token", **answer)

    with pytest.raises(AnswerLost):
        refresh()

    assert len(api.calls) == 1


def test_a_throttled_refresh_spent_nothing(api):
    api.post(f"{API}/oauth/token", status=429, body="local_rate_limited", headers={"Retry-After": "9"})

    with pytest.raises(Throttled) as caught:
        refresh()

    assert caught.value.retry_after == 9


def test_no_failure_repeats_what_was_sent(api, caplog):
    caplog.set_level("DEBUG")
    api.post(
        f"{API}/oauth/token",
        status=400,
        json={"error": "invalid_grant", "message": f"{CODE} {APP.client_secret} {VERIFIER}", "cause": [CODE]},
    )

    with pytest.raises(oauth.CodeRefused) as caught:
        exchange()

    error = caught.value
    seen = repr(error) + str(error) + json.dumps(vars(error), default=repr) + caplog.text
    for secret in (CODE, APP.client_secret, VERIFIER):
        assert secret not in seen
