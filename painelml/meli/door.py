"""The door: every call to Mercado Livre's API goes through here, whatever the resource. Part A, 2.1 to
2.4.
"""

import json as jsonlib
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import unquote, urljoin, urlsplit

import requests

from .errors import (
    AnswerLost,
    MeliError,
    Reconnect,
    Rejected,
    Throttled,
    TryLater,
    Unreachable,
    from_response,
)
from .throttle import Governor, Priority
from .wire import OnCall, Reply, send, shared_session

T = TypeVar("T")
Params = Mapping[str, Any] | None
Headers = Mapping[str, str] | None
Accept = Literal["json", "bytes"]
MAX_REDIRECTS = 3
JSON = {"Accept": "application/json"}
JSON_BODY = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Answer:
    """What came back. `data` is the JSON (numbers with a point are Decimal; `None` for 204), `content` the
    bytes of a file.

    `missing` names what a 206 left out (`X-Content-Missing`): what we knew of it stays true.
    """

    data: Any = field(repr=False)
    missing: frozenset[str]
    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(default=b"", repr=False)


class TokenSource(Protocol):
    """Where a client gets its access token. Called before every request and from several threads at once.

    Answer `token()` from memory; a thread that opens a database connection here has to close it.
    """

    def token(self) -> str:
        """Return a valid access token, refreshed when it is about to expire."""

    def refresh(self, refused: str) -> str:
        """Return another token than the refused one, or the same when it is too new to be at fault.

        Called at most once per call, after a 401. Raises Reconnect, TryLater.
        """


@dataclass(frozen=True)
class Patience:
    """How long one call may take, its retries included (only reads have any). Seconds."""

    tries: int = 4
    base: float = 0.5
    cap: float = 8.0
    total: float = 55.0


class Door:
    """Speaks HTTP for one account: token, limits, retries, and one place where an answer becomes data or an
    error.

    `key` names whose limit counts (the account's id); `priority` says who goes first. Threads may share it.
    """

    def __init__(
        self,
        *,
        api_url: str,
        token: TokenSource | None,
        governor: Governor,
        key: str = "",
        on_call: OnCall | None = None,
        priority: Priority = Priority.BACKFILL,
        timeout: tuple[float, float] = (3.05, 20.0),
        patience: Patience | None = None,
        session: requests.Session | None = None,
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._token = token
        self._governor = governor
        self._key = key
        self._on_call = on_call
        self._priority = priority
        self._timeout = timeout
        self._patience = patience or Patience()
        self._session = session
        self._lacks_permission = False

    def get(
        self, path: str, *, params: Params = None, headers: Headers = None, accept: Accept = "json"
    ) -> Answer:
        return self._call("GET", path, params, None, headers, accept)

    def post(self, path: str, *, params: Params = None, json: Any = None, headers: Headers = None) -> Answer:
        return self._call("POST", path, params, json, headers)

    def put(self, path: str, *, params: Params = None, json: Any = None, headers: Headers = None) -> Answer:
        return self._call("PUT", path, params, json, headers)

    def delete(self, path: str, *, params: Params = None, headers: Headers = None) -> Answer:
        return self._call("DELETE", path, params, None, headers)

    def gather(self, jobs: Sequence[Callable[[], T]], width: int = 8) -> list[T | MeliError]:
        """Return what each job returned, in order, run in up to `width` threads. A MeliError stands in its
        job's place.
        """

        def run(job: Callable[[], T]) -> T | MeliError:
            try:
                return job()
            except MeliError as error:
                return error

        if len(jobs) < 2:
            return [run(job) for job in jobs]
        if self._token:
            with suppress(MeliError):  # a job that needs it raises it again
                self._token.token()  # here, where a database connection is open, and not in each thread
        with ThreadPoolExecutor(min(width, len(jobs)), "meli") as threads:
            return list(threads.map(run, jobs))

    def _call(
        self, method: str, path: str, params: Params, json: Any, headers: Headers, accept: Accept = "json"
    ) -> Answer:
        body = None if json is None else to_json(json)
        request = _Request(
            method=method,
            url=self._api_url + checked_path(path),
            endpoint=f"{method} {pattern(path)}",
            params=_query(params),
            headers={**(JSON if accept == "json" else {}), **(JSON_BODY if body else {}), **(headers or {})},
            body=body,
            accept=accept,
        )
        token = self._token.token() if self._token else ""
        deadline = time.monotonic() + self._patience.total
        renewed, tries = False, 0
        while True:
            self._governor.acquire(self._key, self._priority, deadline - time.monotonic())
            try:
                return self._attempt(request, token, deadline)
            except MeliError as error:
                problem = error
            if self._token and not renewed and self._blames_token(problem, token):
                renewed = True
                fresh = self._token.refresh(token)
                if fresh != token:
                    token, deadline = fresh, time.monotonic() + self._patience.total
                    continue
            self._lacks_permission = self._lacks_permission or problem.code.startswith("PA_")
            tries += 1
            pause = self._pause(method, problem, tries)
            if pause is None or time.monotonic() + pause >= deadline:
                raise problem
            time.sleep(pause)

    def _attempt(self, request: "_Request", token: str, deadline: float) -> Answer:
        reply = self._send(request, token, deadline)
        if 200 <= reply.status < 300:
            self._governor.ok(self._key)
            return _answer(request, reply)
        error = from_response(
            reply.status, reply.content, reply.headers, endpoint=request.endpoint, secrets=(token,)
        )
        if isinstance(error, Throttled):
            self._governor.throttled(self._key, error.retry_after)
        raise error

    def _send(self, request: "_Request", token: str, deadline: float) -> Reply:
        for _ in range(1 + MAX_REDIRECTS):
            reply = send(
                self._session or shared_session(),
                request.method,
                request.url,
                endpoint=request.endpoint,
                timeout=self._timeout,
                deadline=deadline,
                token=token,
                on_call=self._on_call,
                params=request.params,
                headers=request.headers,
                data=request.body,
            )
            target = reply.headers.get("Location")
            if request.method != "GET" or not target or not 300 <= reply.status < 400:
                return reply
            request = replace(request, url=urljoin(request.url, target), params={})
            if _origin(request.url) != _origin(self._api_url):
                raise Rejected(
                    "Redirected to another host; not followed", status=reply.status, endpoint=request.endpoint
                )
        raise Rejected("Redirected too often", status=reply.status, endpoint=request.endpoint)

    def _blames_token(self, problem: MeliError, token: str) -> bool:
        if problem.status == 403 and problem.code.startswith("PA_") and not self._lacks_permission:
            # Said of a missing permission and of a stale token alike (part A, 1.8). Every good token may ask
            # who it belongs to; refreshing instead would spend a refresh token each time a permission lacks.
            problem = self._trial(token)
        return problem.status == 401 and isinstance(problem, Reconnect)

    def _trial(self, token: str) -> MeliError:
        """Return what is wrong with the token, or an empty error."""
        me = _Request("GET", f"{self._api_url}/users/me", "GET /users/me", {}, JSON, None, "json")
        try:
            self._attempt(me, token, time.monotonic() + sum(self._timeout))
        except MeliError as error:
            return error
        return MeliError()

    def _pause(self, method: str, problem: MeliError, tries: int) -> float | None:
        """Return the seconds before the next try, `None` when there is none. Writes repeat only if nothing
        was sent.
        """
        repeatable = isinstance(problem, TryLater) and problem.status != 501 if method == "GET" else False
        if tries >= self._patience.tries or not (repeatable or isinstance(problem, Unreachable)):
            return None
        if isinstance(problem, Throttled):
            return 0.0  # the governor does the waiting, for every caller of this account
        asked = problem.retry_after or 0.0
        if asked > self._patience.cap:
            return None
        longest = min(self._patience.cap, self._patience.base * 2 ** (tries - 1))
        return max(asked, random.uniform(0, longest))  # noqa: S311


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    endpoint: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes | None
    accept: Accept


def _answer(request: _Request, reply: Reply) -> Answer:
    names = reply.headers.get("X-Content-Missing", "").split(",") if reply.status == 206 else []
    missing = frozenset(name.strip() for name in names if name.strip())
    if request.accept == "bytes":
        return Answer(None, missing, reply.status, reply.headers, reply.content)
    if reply.status == 204 or (request.method != "GET" and not reply.content.strip()):
        return Answer(None, missing, reply.status, reply.headers)
    broken = False
    try:
        data = jsonlib.loads(reply.content, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        broken = True
    if broken:  # raised here, not in the except: the JSON error holds the whole body
        raise AnswerLost("The answer is not JSON", status=reply.status, endpoint=request.endpoint)
    return Answer(data, missing, reply.status, reply.headers)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _query(params: Params) -> dict[str, str]:
    """Return the query: what is `None` is left out, lists become comma lists."""
    return {name: _query_value(value) for name, value in (params or {}).items() if value is not None}


def _query_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple | set | frozenset) else str(value)


def checked_path(path: str) -> str:
    """Return the path, which must be relative to the API's host and climb nowhere. Raises ValueError."""
    plain = unquote(path)
    if not re.fullmatch(r"/[^/\\\s?#][^\\\s?#]*", plain) or {".", "..", ""} & set(plain[1:].split("/")):
        raise ValueError(f"Not a path of the API: {path[:80]!r}")
    return path


def pattern(path: str) -> str:
    """Return the path with its ids replaced: `/orders/2000031415926535` is `/orders/{id}`; `v1` and `MLB`
    stay.
    """
    return re.sub(r"(?<=/)(?!v\d+(?:/|$))[^/]*\d[^/]*", "{id}", path)


def to_json(body: Any) -> bytes:
    """Return the body as JSON. A Decimal becomes a number with exactly its value, or ValueError."""
    return jsonlib.dumps(body, default=_exact_number, allow_nan=False).encode()


def _exact_number(value: Any) -> float | int:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no JSON form here")
    number = int(value) if value == value.to_integral_value() else float(value)
    if Decimal(repr(number)) != value:
        raise ValueError("This amount has too many digits for a JSON number")
    return number
