"""How log lines look, and what never appears in them.

Every line, its traceback included, passes through `redact`, so that a token in an address or an exception never
reaches a file, a terminal or Sentry.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

NAMES = (
    "access_token|refresh_token|client_secret|code_verifier|authorization|password|secret_key|encryption_key"
    "|x-api-key|sessionid|csrftoken"
)
SECRETS = (
    # Mercado Livre's own tokens and codes, wherever they turn up (API facts, part A section 1).
    (re.compile(r"\b(APP_USR|TG|TEST)-[\w-]{8,}"), r"\1-***"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE), r"\1 ***"),
    (
        re.compile(
            rf"""(["']?\b(?:{NAMES})["']?\s*[=:]\s*["']?)(?!(?:Bearer|Basic)\b)[^\s"'&,;}})]+""",
            re.IGNORECASE,
        ),
        r"\1***",
    ),
    (re.compile(r"([?&](?:code|state|key|token)=)[^\s&\"']+"), r"\1***"),
    (re.compile(r"(\w+://[^\s:/@]*:)[^\s@/]+@"), r"\1***@"),
)


def redact(text: str) -> str:
    for pattern, shown in SECRETS:
        text = pattern.sub(shown, text)
    return text


def redact_event(event: Any, hint: Any = None) -> Any:
    """Return a Sentry event (or any part of one) with every string redacted."""
    if isinstance(event, str):
        return redact(event)
    if isinstance(event, dict):
        return {key: redact_event(value) for key, value in event.items()}
    if isinstance(event, list | tuple):
        return [redact_event(value) for value in event]
    return event


class TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, and the traceback when there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            line["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)
