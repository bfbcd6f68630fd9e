"""The one door to Mercado Livre. Knows no model of ours and nothing of Django; settings are passed in."""

from .client import Bulk, Client
from .door import Answer, Patience, TokenSource
from .errors import (
    AnswerLost,
    AppRefused,
    Conflict,
    Gone,
    MeliError,
    NotAllowed,
    Reconnect,
    Rejected,
    Throttled,
    TryLater,
    Unreachable,
)
from .parse import parse_id, parse_instant, parse_int, parse_money
from .throttle import Governor, LocalGovernor, Priority, RedisGovernor
from .wire import Call

__all__ = [
    "Answer",
    "AnswerLost",
    "AppRefused",
    "Bulk",
    "Call",
    "Client",
    "Conflict",
    "Gone",
    "Governor",
    "LocalGovernor",
    "MeliError",
    "NotAllowed",
    "Patience",
    "Priority",
    "Reconnect",
    "RedisGovernor",
    "Rejected",
    "Throttled",
    "TokenSource",
    "TryLater",
    "Unreachable",
    "parse_id",
    "parse_instant",
    "parse_int",
    "parse_money",
]
