# ruff: noqa: S311
"""What can be made to go wrong on purpose, and by how much. Every field can be set by command line, control
URL or test.
"""

from dataclasses import asdict, dataclass, field, fields
from random import Random
from typing import Any

from .http import ApiError

QUOTA_BODIES: list[dict[str, Any] | str] = [
    {"message": "Too Many Requests", "error": "too_many_requests", "status": 429, "cause": []},
    {"error": "too_many_requests", "message": "client.id over quota", "status": 429},
    {"code": "too_many_requests", "message": "quota exceeded"},
    {"error": "too_many_request", "message": "Too many requests", "status": 429},
    "local_rate_limited",
]
POLICY_BODY = {
    "code": "PA_UNAUTHORIZED_RESULT_FROM_POLICIES",
    "blocked_by": "PolicyAgent",
    "message": "At least one policy returned UNAUTHORIZED.",
    "status": 403,
}
BREAKDOWNS: list[tuple[int, dict[str, Any] | str]] = [
    (500, {"message": "Internal server error", "error": "internal_server_error", "status": 500, "cause": []}),
    (502, "<html><body><h1>502 Bad Gateway</h1></body></html>"),
    (503, "upstream connect error or disconnect/reset before headers"),
    (504, {"message": "Gateway Timeout", "error": "gateway_timeout", "status": 504}),
]


class DropConnection(Exception):
    """Close the connection without an answer."""


@dataclass
class Drills:
    """Rates are shares from 0 to 1, drawn from a generator seeded once."""

    error_rate: float = 0.0
    errors: list[str] = field(default_factory=lambda: ["429", "5xx", "drop", "drop_after"])
    """The kinds `error_rate` draws from; `drop_after` does the work and loses the answer."""
    oauth_error_rate: float = 0.0
    latency_ms: int = 0
    rpm: int = 0
    """Requests a minute per seller before 429; 0: no limit."""
    stock_rpm: int = 100
    """The documented limit of `GET /user-products/{id}/stock`."""
    partial_rate: float = 0.0
    """Share of order details answered 206, beside the few that always start that way."""
    costs_delay_s: float = 0.0
    """Shipments younger than this have no costs yet (404)."""
    forbidden: list[str] = field(default_factory=list)
    """Beginnings of paths the application has no functional permission for: 403 by the PolicyAgent."""
    bulk: bool = True
    legacy_multiget: bool = True
    pkce_required: bool = False
    duplicates: float = 0.0
    reorder: float = 0.0
    loss: float = 0.0
    """Notifications that are never sent and never listed."""
    missed: float = 0.0
    """Notifications that are not delivered and go straight to the missed feeds."""
    fallback_after: int = 0
    """Switch a topic off after so many events in a row were given up; 0: never."""
    garbage: float = 0.0
    """Share of notifications accompanied by a body that is none."""
    seed: int = 1

    def __post_init__(self) -> None:
        self.random = Random(self.seed)

    def update(self, values: dict[str, Any]) -> None:
        """Set some drills. Raises ApiError 400 for a name that is none."""
        known = {f.name for f in fields(self)}
        if unknown := set(values) - known:
            raise ApiError(
                400,
                f"unknown drills: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}",
                "bad_request",
            )
        for name, value in values.items():
            setattr(self, name, type(getattr(self, name))(value))
        if "seed" in values:
            self.random = Random(self.seed)

    def state(self) -> dict[str, Any]:
        return asdict(self)

    def happens(self, rate: float) -> bool:
        return rate > 0 and self.random.random() < rate

    def check_permission(self, path: str) -> None:
        if any(path.startswith(beginning) for beginning in self.forbidden):
            raise ApiError(403, body=POLICY_BODY)

    def quota(self) -> ApiError:
        return ApiError(429, body=self.random.choice(QUOTA_BODIES))

    def trouble(self) -> str:
        """Raise an error, or name what must happen after the work: "" or "drop_after"."""
        kind = self.random.choice(self.errors)
        if kind == "429":
            raise self.quota()
        if kind == "5xx":
            status, body = self.random.choice(BREAKDOWNS)
            raise ApiError(status, body=body)
        if kind == "drop":
            raise DropConnection
        return kind
