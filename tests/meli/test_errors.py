import json
import logging
import pickle
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from painelml.meli import (
    AppRefused,
    Conflict,
    Gone,
    MeliError,
    NotAllowed,
    Reconnect,
    Rejected,
    Throttled,
    TryLater,
)
from painelml.meli.errors import from_response, parse_retry_after, redact

TOKEN = "APP_USR-1122334455667788-112109-0f3c9a7be1d24c55a8f6b1c2d3e4f5a6-1987654321"
REFRESH = "TG-674009b2e4b0a1000199aa01-1987654321"


def error_for(status, body=b"", headers=None):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return from_response(status, content, headers, endpoint="GET /orders/{id}")


@pytest.mark.parametrize(
    ("status", "body", "decision", "code"),
    [
        (
            400,
            {"message": "bad", "error": "bad_request", "status": 400, "cause": []},
            Rejected,
            "bad_request",
        ),
        (
            400,
            {"error": "limit.maximum_exceeded", "message": "Limit must be ..."},
            Rejected,
            "limit.maximum_exceeded",
        ),
        (400, {"message": "no", "error": "order_not_found", "status": 400}, Gone, "order_not_found"),
        (
            400,
            {"message": "unauthorized_client", "error": "unauthorized_client"},
            Reconnect,
            "unauthorized_client",
        ),
        (
            400,
            {"error_description": "Error validating grant", "error": "invalid_grant"},
            Reconnect,
            "invalid_grant",
        ),
        (401, {"message": "bad client", "error": "invalid_client"}, AppRefused, "invalid_client"),
        (401, {"code": "unauthorized", "message": "invalid access token"}, Reconnect, "unauthorized"),
        (401, {"message": "expired", "error": "expired_token"}, Reconnect, "expired_token"),
        (401, {"message": "blocked", "error": "unauthorized_scopes"}, AppRefused, "unauthorized_scopes"),
        (401, {"message": "Caller must be the seller of the item", "error": "x"}, NotAllowed, "x"),
        (
            401,
            {"message": "Invalid caller.id", "error": "caller.id.invalid"},
            NotAllowed,
            "caller.id.invalid",
        ),
        (403, {"status": 403, "error": "Invalid scopes", "code": "FORBIDDEN"}, NotAllowed, "FORBIDDEN"),
        (
            403,
            {"error": "access_denied", "message": "forbidden", "code": "FORBIDDEN"},
            NotAllowed,
            "access_denied",
        ),
        (
            403,
            {
                "code": "PA_UNAUTHORIZED_RESULT_FROM_POLICIES",
                "blocked_by": "PolicyAgent",
                "message": "At least",
            },
            NotAllowed,
            "PA_UNAUTHORIZED_RESULT_FROM_POLICIES",
        ),
        (
            403,
            {"error": "unauthorized_application", "message": "blocked"},
            AppRefused,
            "unauthorized_application",
        ),
        (404, {"message": "no discount", "error": "discount_not_found"}, Gone, "discount_not_found"),
        (410, b"", Gone, ""),
        (
            409,
            {"message": "item optimistic locking error: conflict", "error": "conflict"},
            Conflict,
            "conflict",
        ),
        (412, {"error": "item_not_automatizable"}, Rejected, "item_not_automatizable"),
        (422, {"error": "unprocessable_get_strategies"}, Rejected, "unprocessable_get_strategies"),
        (423, b"locked", TryLater, ""),
        (424, b"", TryLater, ""),
        (
            429,
            {"error": "too_many_requests", "message": "client.id over quota"},
            Throttled,
            "too_many_requests",
        ),
        (429, {"code": "too_many_requests", "message": "quota exceeded"}, Throttled, "too_many_requests"),
        (429, b"local_rate_limited", Throttled, ""),
        (500, b"<html><body>oops</body></html>", TryLater, ""),
        (502, b"", TryLater, ""),
        (503, {"message": "busy"}, TryLater, ""),
        (534, b"", TryLater, ""),
        (499, b"", Rejected, ""),
        (
            404,
            {"status": 200, "error": "bad.request", "message": "the body's own status is not believed"},
            Gone,
            "bad.request",
        ),
        (500, {"error": "invalid_grant"}, TryLater, "invalid_grant"),
    ],
)
def test_each_answer_becomes_its_decision(status, body, decision, code):
    error = error_for(status, body)

    assert type(error) is decision
    assert error.code == code
    assert error.status == status
    assert error.endpoint == "GET /orders/{id}"
    assert error.message


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        {"message": {"deep": 1}, "error": 5, "cause": "x", "code": 400},
    ],
)
def test_no_body_is_too_strange(body):
    assert isinstance(error_for(400, body), Rejected)


def test_validation_causes_come_with_code_message_and_type():
    error = error_for(
        400,
        {
            "message": "Validation error",
            "error": "validation_error",
            "status": 400,
            "cause": [
                {
                    "department": "items",
                    "cause_id": 147,
                    "type": "error",
                    "code": "item.attributes.missing_required",
                    "message": "m",
                },
                {"cause_id": 382, "type": "warning", "message": "moved"},
                "variations.available_quantity.not_modifiable",
                "a sentence",
            ],
        },
    )

    assert error.causes == [
        {"code": "item.attributes.missing_required", "message": "m", "type": "error"},
        {"code": "382", "message": "moved", "type": "warning"},
        {
            "code": "variations.available_quantity.not_modifiable",
            "message": "variations.available_quantity.not_modifiable",
            "type": "error",
        },
        {"code": "", "message": "a sentence", "type": "error"},
    ]
    assert error.codes >= {"validation_error", "item.attributes.missing_required", "382"}


def test_refused_labels_name_their_shipments():
    error = error_for(
        400,
        {
            "failed_shipments": [
                {
                    "shipment_id": 46123456789,
                    "message": "not yet",
                    "cause": "NOT_PRINTABLE_STATUS",
                    "retry": False,
                }
            ]
        },
    )

    assert error.causes == [
        {"code": "NOT_PRINTABLE_STATUS", "message": "not yet", "type": "error", "id": "46123456789"}
    ]
    assert error.message == "not yet"


def test_a_page_instead_of_json_becomes_its_text():
    error = error_for(
        502,
        b"<html><head><style>b{}</style><title>502 Bad Gateway</title></head>"
        b"<body><h1>Sorry</h1></body></html>",
    )

    assert error.message == "502 Bad Gateway Sorry"


def test_retry_after_is_seconds_or_a_date():
    assert error_for(429, b"", {"Retry-After": "7"}).retry_after == 7.0
    assert error_for(429).retry_after is None
    assert (
        25 < parse_retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)) <= 30
    )
    assert parse_retry_after(format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)) == 0.0
    assert parse_retry_after("tomorrow") is None
    assert parse_retry_after("inf") is None


def test_an_error_shows_no_secret_however_it_is_looked_at(caplog):
    body = {
        "message": f"token {TOKEN} of Bearer abc.def was refused, client_secret=s3cr3t&code=xyz",
        "error": "invalid_token",
        "refresh_token": REFRESH,
        "cause": [{"code": "c", "message": f"access_token={TOKEN}"}],
    }
    error = from_response(
        401, json.dumps(body).encode(), secrets=("odd-looking-token",), endpoint="GET /users/me"
    )
    other = from_response(400, b"no odd-looking-token here", secrets=("odd-looking-token",))
    logging.getLogger("test").error("%s %r", error, other, exc_info=error)

    seen = " ".join(
        [str(error), repr(error), str(vars(error)), str(vars(other)), repr(error.args), caplog.text]
    )
    for secret in (TOKEN, REFRESH, "abc.def", "s3cr3t", "xyz", "odd-looking-token"):
        assert secret not in seen


def test_a_known_secret_is_found_as_it_is_and_as_a_form_spells_it():
    assert redact("a/b+c was refused, also a%2Fb%2Bc", ["a/b+c", ""]) == "[hidden] was refused, also [hidden]"


def test_redaction_keeps_what_is_no_secret():
    text = '{"code":"item.price.not_modifiable","message":"MLB4100200300: status_code=400"}'
    assert redact(text) == text
    assert redact('{"access_token": "abc"}') == '{"access_token": "[hidden]"}'


def test_an_error_survives_a_trip_between_processes():
    error = pickle.loads(pickle.dumps(error_for(429, {"error": "too_many_requests"}, {"Retry-After": "3"})))

    assert isinstance(error, Throttled)
    assert (error.status, error.code, error.retry_after) == (429, "too_many_requests", 3.0)


def test_an_error_without_details_still_says_what_it_is():
    assert str(MeliError()) == "MeliError"
