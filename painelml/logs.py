"""How log lines look, and what never appears in them.

Every line, its traceback included, passes through `redact_line`, so that a token in an address or a name in
an exception never reaches a file, a terminal or Sentry. Code of ours logs with
`structlog.get_logger(__name__)`: an event in words, then what it is about as `name=value`.
"""

import logging
import re
from typing import Any

import structlog

NAMES = (
    "access_token|refresh_token|client_secret|code_verifier|authorization|password|secret_key|encryption_key"
    "|sessionid|csrftoken"
)
SECRETS = (
    # Mercado Livre's own tokens and codes, wherever they turn up (API facts, part A section 1).
    (re.compile(r"\b(APP_USR|TG|TEST)-[\w-]{8,}"), r"\1-***"),
    # Our own: API keys, the tokens of the API, and links that let in whoever has them.
    (re.compile(r"\bpk_[\w-]{20,}"), "pk_***"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]+)?"), "***"),
    (re.compile(r"((?:/join/|/reset/key/|/confirm-email/|/alerts/stop/))[^\s/\"'\\]{12,}"), r"\1***"),
    (re.compile(r"\b(Bearer|Basic|Api-Key)\s+[\w.~+/=-]{8,}", re.IGNORECASE), r"\1 ***"),
    (
        re.compile(
            rf"""(\b(?:{NAMES})\\?["']?\s*[=:]\s*\\?["']?)(?!(?:Bearer|Basic)\b)[^\s"'\\&,;}})]+""",
            re.IGNORECASE,
        ),
        r"\1***",
    ),
    (re.compile(r"([?&](?:code|state|key|token|secret)=)[^\s&\"'\\]+"), r"\1***"),
    (re.compile(r"(\b\w+://[^\s:/@]*:)[^\s@/]+@"), r"\1***@"),
)

PERSONAL = (
    # What databases add to an error: the values of the row, a buyer's name among them.
    # A value may have any sign in it, ends of lines too: all goes that could still be the row.
    (
        re.compile(
            r"(Failing row contains )\((?!\*\*\*\))(?:(?!\n(?:The above|During handling)).)*", re.DOTALL
        ),
        r"\1(***)",
    ),
    (re.compile(r"(\bKey \([^)]*\)=)\s*\(.*?\)(?=\.|\\n|$)", re.MULTILINE), r"\1 (***)"),
    # What somebody searched for, which may be a name.
    (re.compile(r"([?&]q=)[^\s&\"'\\]+"), r"\1***"),
    (re.compile(r"\b[\w.+-]{1,64}@((?:[\w-]{1,63}\.)+[a-zA-Z]{2,20})\b"), r"***@\1"),
    # CPF and CNPJ as people write them; bare digits are ids of everything else, too.
    (re.compile(r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b|\b\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}\b"), "***"),
)
UNTOLD = ("query_string", "cookies", "data", "headers", "env")
"""What Sentry is not told of a request: searches hold names, headers hold tokens."""

KNOWN_OF_EVERY_LINE: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def redact(text: str) -> str:
    for pattern, shown in SECRETS:
        text = pattern.sub(shown, text)
    return text


def redact_line(text: str) -> str:
    """Return what leaves the panel for people who look after it: without secrets and personal data."""
    text = redact(text)
    for pattern, shown in PERSONAL:
        text = pattern.sub(shown, text)
    return text


def redact_event(event: Any, hint: Any = None) -> Any:
    """Return a Sentry event (or any part of one) with every string redacted, and of a request only its
    address."""
    if isinstance(event, str):
        return redact_line(event)
    if isinstance(event, dict):
        told = dict(event)
        told.pop("user", None)
        if isinstance(request := told.get("request"), dict):
            told["request"] = {name: value for name, value in request.items() if name not in UNTOLD}
        return {key: redact_event(value) for key, value in told.items()}
    if isinstance(event, list | tuple):
        return [redact_event(value) for value in event]
    return event


def sentry_options(dsn: str) -> dict[str, Any]:
    """Return what `sentry_sdk.init` is called with."""
    return {
        "dsn": dsn,
        "send_default_pii": False,
        "include_local_variables": False,  # they hold tokens and buyers' names
        "max_request_body_size": "never",
        "before_send": redact_event,
        "before_breadcrumb": redact_event,
    }


def redact_values(logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Redact each value by itself: in a line of JSON nobody can tell any more where one ends."""
    return {name: redact_line(value) if isinstance(value, str) else value for name, value in event.items()}


class WithoutTraceback(logging.Filter):
    """Takes the traceback off what a stranger causes and one line says: a host name that is not ours."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        return True


class Formatter(structlog.stdlib.ProcessorFormatter):
    """One line an event, for people or as JSON, whoever logged it: our code or a library."""

    def __init__(self, *, as_json: bool) -> None:
        last: list[structlog.typing.Processor] = (
            [
                structlog.processors.format_exc_info,
                redact_values,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ]
            if as_json
            else [
                structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
            ]
        )
        super().__init__(
            foreign_pre_chain=KNOWN_OF_EVERY_LINE,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )

    def format(self, record: logging.LogRecord) -> str:
        return redact_line(super().format(record))


def configure() -> None:
    """Send what structlog's loggers say through Python's logging, where settings decide level and form."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *KNOWN_OF_EVERY_LINE,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
