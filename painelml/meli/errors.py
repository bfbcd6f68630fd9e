"""What can go wrong when talking to Mercado Livre. Each class is a decision, and its docstring says whether
trying again is safe.

Follows part A, 1.6 (token endpoint), 2.2 (error bodies), 2.3 (status codes), 2.4 (limits); part B, 1.5,
3.7, 4.4.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

SHORT = 400

Cause = dict[str, str]  # {"code", "message", "type"} and "id" where the body names the thing that was refused


class MeliError(Exception):
    """A call that gave no result. `str()` is for logs and people; no token, code or secret is in it, nor in
    any attribute.

    `status` is the HTTP status (`None` when no answer came), `code` Mercado Livre's own word for it,
    `causes` the details of a validation, `body` the start of the answer, `retry_after` the seconds it asked
    us to wait, `endpoint` e.g. `GET /orders/{id}`.
    """

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        code: str = "",
        causes: Iterable[Cause] = (),
        body: str = "",
        retry_after: float | None = None,
        endpoint: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.causes = list(causes)
        self.body = body
        self.retry_after = retry_after
        self.endpoint = endpoint

    @property
    def codes(self) -> frozenset[str]:
        """Every code the answer carried: its own and those of its causes."""
        return frozenset(code for code in (self.code, *(cause["code"] for cause in self.causes)) if code)

    def __str__(self) -> str:
        parts = (self.endpoint, str(self.status or ""), self.code, self.message)
        return " ".join(part for part in parts if part) or type(self).__name__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class TryLater(MeliError):
    """Mercado Livre cannot now (5xx, 423, 424, nonsense instead of JSON). A read may be repeated; re-read
    before repeating a write.
    """


class Throttled(TryLater):
    """Too many calls (429), or our own limit has no room in time. Nothing was done: repeat anything after
    `retry_after`, or a while.
    """


class Unreachable(TryLater):
    """No connection could be made, so nothing was sent: anything may be repeated."""


class AnswerLost(TryLater):
    """The request went out and no usable answer came back: it may have been carried out.

    Repeat a read freely. Re-read before repeating a write. After a token refresh the old refresh token may
    be spent: try it once more, and take the `Reconnect` that may follow at its word.
    """


class Reconnect(MeliError):
    """The account's grant is dead. Trying again is useless until the seller connects again."""


class NotAllowed(MeliError):
    """This account may not do this (someone else's data, a missing permission). Trying again is useless
    until that changes.
    """


class AppRefused(NotAllowed):
    """The application itself is refused (wrong secret, blocked, no scopes). Stop all calls and tell the
    operator.
    """


class Gone(MeliError):
    """It does not exist, or not any more, or there is nothing to show. Trying again gives the same answer."""


class Conflict(MeliError):
    """Something changed meanwhile. Safe to repeat after reading again."""


class Rejected(MeliError):
    """The request is wrong as it stands; `codes` and `causes` say why. Trying again unchanged is useless."""


APP_REFUSED_CODES = {"invalid_client", "unauthorized_application", "unauthorized_scopes"}
RECONNECT_CODES = {"invalid_grant", "unauthorized_client"}
GONE_CODES = {"order_not_found"}  # documented with 400 as well as 404
NOT_OWNER_CODES = {
    "not_owned_order",
    "caller.id.invalid",
    "not_identified_user",
}  # with 401, yet no fault of the token
NOT_OWNER_TEXTS = ("caller must be the seller", "invalid caller.id")


def from_response(
    status: int,
    content: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    endpoint: str = "",
    secrets: Iterable[str] = (),
) -> MeliError:
    """Return the error for an answer that is not a success. The HTTP status decides; the body only refines
    and explains.

    Every shape of 2.2 is read, and plain text and HTML too. `secrets` are blotted out wherever the answer
    echoes them.
    """
    text = redact(content[:20_000].decode("utf-8", "replace"), secrets)
    code, message, causes = _read_body(text)
    kind = _kind(status, code, message)
    return kind(
        message[:SHORT] or f"Mercado Livre answered {status}",
        status=status,
        code=code,
        causes=causes,
        body=text[:SHORT],
        retry_after=parse_retry_after((headers or {}).get("Retry-After")),
        endpoint=endpoint,
    )


def _kind(status: int, code: str, message: str) -> type[MeliError]:
    if status == 429:
        return Throttled
    if status >= 500 or status in (408, 423, 424):
        return TryLater
    if code in APP_REFUSED_CODES:
        return AppRefused
    if code in RECONNECT_CODES:
        return Reconnect
    if status == 401:
        theirs = code in NOT_OWNER_CODES or any(text in message.lower() for text in NOT_OWNER_TEXTS)
        return NotAllowed if theirs else Reconnect
    if status == 403:
        return NotAllowed
    if status in (404, 410) or code in GONE_CODES:
        return Gone
    if status == 409:
        return Conflict
    return Rejected


def _read_body(text: str) -> tuple[str, str, list[Cause]]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    if isinstance(body, str):
        return "", body, []
    if not isinstance(body, dict):
        plain = re.sub(r"(?s)<(script|style).*?</\1>|<[^>]+>", " ", text)
        return "", " ".join(plain.split()), []
    causes = _read_causes(body)
    error, code = _word(body.get("error")), _word(body.get("code"))
    sentences = [body.get("message"), body.get("error_description"), body.get("error"), body.get("msg")]
    message = next((text for text in sentences if isinstance(text, str) and text), "")
    if not message and causes:
        message = causes[0]["message"]
    return (code if code.startswith("PA_") else error or code), message, causes


def _word(value: Any) -> str:
    """Return a machine word such as `not_found`; sentences (`Invalid scopes`) and numbers are not codes."""
    return value if isinstance(value, str) and value and " " not in value else ""


def _read_causes(body: dict[str, Any]) -> list[Cause]:
    raw = body.get("cause") or body.get("failed_shipments") or []
    return [_read_cause(cause) for cause in (raw if isinstance(raw, list) else [raw]) if cause]


def _read_cause(cause: Any) -> Cause:
    if not isinstance(cause, dict):
        return {"code": _word(cause), "message": str(cause)[:SHORT], "type": "error"}
    code = cause.get("code") or cause.get("cause") or cause.get("cause_id") or ""
    found = {
        "code": str(code),
        "message": str(cause.get("message") or "")[:SHORT],
        "type": str(cause.get("type") or "error"),
    }
    return found | ({"id": str(cause["shipment_id"])} if "shipment_id" in cause else {})


def parse_retry_after(value: str | None) -> float | None:
    """Return the seconds to wait in a `Retry-After` header, a number or an HTTP date; `None` without one."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            when = parsedate_to_datetime(value)
        except ValueError:
            return None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        seconds = (when - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if seconds < float("inf") else None


HIDDEN = "[hidden]"
_TOKENS = re.compile(r"\b(?:APP_USR|TG|TEST)-[\w-]+|(?<=Bearer )[^\s\"',]+", re.IGNORECASE)
_PAIRS = re.compile(
    r"((?:access_token|refresh_token|client_secret|code_verifier|\bcode)[\"']?\s*=\s*[\"']?"
    r"|(?:access_token|refresh_token|client_secret|code_verifier)[\"']\s*:\s*[\"'])[^\"'&\s,}]+"
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text without tokens, authorization codes and client secrets: those known, and whatever
    looks like one.
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, HIDDEN).replace(quote(secret, safe=""), HIDDEN)
    return _PAIRS.sub(rf"\1{HIDDEN}", _TOKENS.sub(HIDDEN, text))
