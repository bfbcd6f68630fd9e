"""No secret reaches a log line, whoever writes it and in whatever form."""

import json
import logging

import pytest
import structlog

from painelml import logs

TOKEN = "APP_USR-1122334455667788-112120-0123456789abcdef0123456789abcdef-1987654321"

LEAKS = [
    f"Authorization: Bearer {TOKEN}",
    f'{{"access_token": "{TOKEN}", "refresh_token": "TG-6540a1b2c3d4e5f6a7b8c9d0-1987654321"}}',
    "GET /meli/oauth/callback?code=TG-6540a1b2c3d4e5f6a7b8c9d0-1987654321&state=verysecretstate",
    "{'client_secret': 'verysecretstate', 'grant_type': 'refresh_token'}",
    "redis://:verysecretstate@redis:6379/0 does not answer",
    "postgres://painel:verysecretstate@database/painel",
    "X-Key: pk_verysecretstate-verysecretstate",
    "Authorization: Api-Key pk_verysecretstate-verysecretstate",
    "sent eyJhbGciOiJIUzI1NiJ9.verysecretstate.verysecretstate",
    "GET /team/join/verysecretstateverysecretstate/ 200",
    "otpauth://totp/ana?secret=verysecretstate&issuer=Painel",
]


def formatted(as_json: bool, message: str, *values: object, error: Exception | None = None) -> str:
    info = (type(error), error, None) if error else None
    record = logging.LogRecord("orders", logging.ERROR, __file__, 1, message, values, info)
    return logs.Formatter(as_json=as_json).format(record)


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("leak", LEAKS)
def test_secrets_are_struck_out_of_messages_values_and_errors(as_json: bool, leak: str) -> None:
    lines = [
        formatted(as_json, leak),
        formatted(as_json, "said %s", leak),
        formatted(as_json, "failed", error=ValueError(leak)),
    ]
    for line in lines:
        assert "0123456789abcdef" not in line
        assert "6540a1b2c3d4e5f6" not in line
        assert "verysecretstate" not in line
        assert "***" in line


def test_a_json_line_stays_json_after_striking_out() -> None:
    for leak in LEAKS:
        line = json.loads(formatted(True, "said %s", leak))
        assert line["level"] == "error"
        assert line["logger"] == "orders"


def test_what_has_nothing_to_hide_is_left_as_it_is() -> None:
    said = "order 2000012345678901 of seller 1987654321: key=value, code 400, R$ 1.234,56"
    assert logs.redact(said) == said


def test_a_sentry_event_is_redacted_to_its_leaves() -> None:
    event = {"exception": {"values": [{"value": f"token {TOKEN}"}]}, "level": "error", "count": 3}
    assert logs.redact_event(event) == {
        "exception": {"values": [{"value": "token APP_USR-***"}]},
        "level": "error",
        "count": 3,
    }


def test_our_own_loggers_go_the_same_way(caplog: pytest.LogCaptureFixture) -> None:
    structlog.get_logger("orders").warning("order_postponed", order="2000012345678901")
    (record,) = caplog.records
    line = json.loads(logs.Formatter(as_json=True).format(record))
    assert (line["event"], line["order"], line["level"]) == ("order_postponed", "2000012345678901", "warning")


def test_an_endless_word_is_redacted_in_a_moment_too() -> None:
    """With a pattern that tries every letter as the beginning of an address this took hours."""
    assert logs.redact("x" * 1_000_000) == "x" * 1_000_000


ROW = """null value in column "status" violates not-null constraint
DETAIL:  Failing row contains (1, 2000, RENATOLIMA, {"buyer": ")."}, 2000
renatolima (said he).
rua das palmeiras, 16.99, 0.00)."""


@pytest.mark.parametrize("as_json", [True, False])
def test_a_row_that_a_database_repeats_is_struck_out_to_its_end(as_json: bool) -> None:
    """The words before and after it stay, and a line of JSON stays one."""
    try:
        try:
            raise ValueError(ROW)
        except ValueError as error:
            raise RuntimeError("could not be saved") from error
    except RuntimeError as error:
        caught = error
    line = formatted(as_json, "orders of %s", "/api/orders?q=renatolima&page=2", error=caught)
    assert not [word for word in ("RENATOLIMA", "renatolima", "palmeiras", "16.99") if word in line]
    assert "Failing row contains (***)" in line
    assert "could not be saved" in line
    assert "q=***&page=2" in line
    if as_json:
        assert "RuntimeError" in json.loads(line)["exception"]
