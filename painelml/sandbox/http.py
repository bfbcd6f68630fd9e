"""Requests, answers and the table of endpoints. Nothing here knows a resource."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

Body = dict[str, Any] | list[Any] | str | bytes | None


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    base_url: str = ""
    user: int = 0
    """The seller whose token came along; 0 on public endpoints."""

    @classmethod
    def of(cls, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> "Request":
        url = urlsplit(target)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        base_url = f"http://{headers.get('host', '127.0.0.1')}"
        return cls(method, url.path, query, headers, body, base_url)

    def json(self) -> Any:
        """The body as JSON. Raises ApiError 400 for anything else."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ApiError(400, "Malformed JSON in request body", "bad_request") from error

    def number(self, name: str, default: int) -> int:
        """A whole number of the query. Raises ApiError 400 for anything else."""
        text = self.query.get(name, "")
        if not text:
            return default
        if not text.isdigit():
            raise ApiError(400, f"Invalid value for {name}: {text}", "bad_request")
        return int(text)

    def names(self, name: str) -> list[str]:
        return [part for part in self.query.get(name, "").split(",") if part]


@dataclass
class Response:
    body: Body = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"

    def payload(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


class ApiError(Exception):
    """An answer that is an error, in the standard shape unless `body` brings another one."""

    def __init__(
        self,
        status: int,
        message: str = "",
        error: str = "",
        *,
        body: Body = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message or error)
        standard = {"message": message, "error": error or "error", "status": status, "cause": []}
        plain = isinstance(body, str)
        self.response = Response(
            standard if body is None else body,
            status,
            headers or {},
            "text/plain; charset=utf-8" if plain else "application/json; charset=utf-8",
        )


def not_found(message: str = "resource not found") -> ApiError:
    return ApiError(404, message, "not_found")


def forbidden() -> ApiError:
    """Somebody else's data."""
    body = {
        "status": 403,
        "error": "access_denied",
        "message": "access to the requested resource is forbidden",
        "code": "FORBIDDEN",
    }
    return ApiError(403, body=body)


Endpoint = Callable[..., Body | Response]


class Route(NamedTuple):
    method: str
    pattern: str
    regex: re.Pattern[str]
    endpoint: Endpoint
    public: bool
    drilled: bool

    @property
    def name(self) -> str:
        """How calls are counted: `GET /orders/{id}`."""
        return f"{self.method} " + re.sub(r"\{\w+_id\}", "{id}", self.pattern, count=1)


class Routes:
    """Endpoints by method and path. `{name}` in a pattern is one path segment."""

    def __init__(self) -> None:
        self._by_method: dict[str, list[Route]] = {}

    def __call__(
        self, method: str, pattern: str, *, public: bool = False, drilled: bool = True
    ) -> Callable[[Endpoint], Endpoint]:
        """Register an endpoint; `public` needs no token, `drilled` ones suffer the drills (errors, latency,
        limits).
        """
        regex = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern) + "/?")

        def register(endpoint: Endpoint) -> Endpoint:
            route = Route(method, pattern, regex, endpoint, public, drilled)
            self._by_method.setdefault(method, []).append(route)
            return endpoint

        return register

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        for route in self._by_method.get(method, ()):
            if match := route.regex.fullmatch(path):
                return route, match.groupdict()
        return None


route = Routes()


def project(payload: Any, names: list[str]) -> Any:
    """Trim a payload as `attributes=a,b.c` does; unknown names are ignored."""
    if not names or not isinstance(payload, dict):
        return payload
    trimmed: dict[str, Any] = {}
    for name in names:
        head, _, rest = name.partition(".")
        if head not in payload:
            continue
        if rest and isinstance(payload[head], dict):
            trimmed.setdefault(head, {}).update(project(payload[head], [rest]))
        else:
            trimmed[head] = payload[head]
    return trimmed
