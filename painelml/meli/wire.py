"""One HTTP exchange with Mercado Livre: the only module that imports `requests`."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from .errors import AnswerLost, MeliError, Rejected, Unreachable

POOL = 32
MAX_BYTES = 32 * 1024 * 1024
CHUNK = 64 * 1024


@dataclass(frozen=True)
class Call:
    """One HTTP attempt, for the API-usage page. `status` is 0 when no whole answer came."""

    endpoint: str
    status: int
    seconds: float


OnCall = Callable[[Call], None]


@dataclass(frozen=True)
class Reply:
    """An answer as it came, whatever its status."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


class Bearer(AuthBase):
    """Sets the token, or nothing at all: without an auth object requests would add what a .netrc file
    says.
    """

    def __init__(self, token: str = "") -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def new_session() -> requests.Session:
    """Return a session that many threads may share: it keeps connections and nothing else, cookies least of
    all.
    """
    session = requests.Session()
    session.headers["User-Agent"] = "PainelML"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=POOL, max_retries=0))
    return session


_shared: dict[str, requests.Session] = {}
os.register_at_fork(after_in_child=_shared.clear)  # two processes must not write into one socket


def shared_session() -> requests.Session:
    """Return this process's session."""
    return _shared.get("session") or _shared.setdefault("session", new_session())


def send(
    session: requests.Session,
    method: str,
    url: str,
    *,
    endpoint: str,
    timeout: tuple[float, float],
    deadline: float,
    token: str = "",
    on_call: OnCall | None = None,
    max_bytes: int = MAX_BYTES,
    **request: Any,
) -> Reply:
    """Return the whole answer, read before `deadline` (of `time.monotonic`). Redirects are answers, not
    followed.

    Raises Unreachable when nothing was sent, AnswerLost when the answer did not arrive whole, Rejected when
    it is larger than `max_bytes`.
    """
    started = time.monotonic()
    connect, read = timeout
    left = max(0.1, deadline - started)
    reply: Reply | None = None
    failure: MeliError
    try:
        with session.request(
            method,
            url,
            auth=Bearer(token),
            timeout=(min(connect, left), min(read, left)),
            stream=True,
            allow_redirects=False,
            **request,
        ) as response:
            reply = _read(response, endpoint, deadline, max_bytes)
    except requests.RequestException as error:
        failure = _network_failure(error, endpoint)
    except MeliError as error:
        failure = error
    if on_call:
        on_call(Call(endpoint, reply.status if reply else 0, time.monotonic() - started))
    if reply is None:
        # Raised here, not in the except: the exception of requests holds the request, and that holds the
        # token.
        raise failure
    return reply


def _read(response: requests.Response, endpoint: str, deadline: float, max_bytes: int) -> Reply:
    content = bytearray()
    for chunk in response.iter_content(CHUNK):
        content += chunk
        if len(content) > max_bytes:
            raise Rejected(f"The answer is larger than {max_bytes} bytes", endpoint=endpoint)
        if time.monotonic() > deadline:
            raise AnswerLost("The answer took too long to arrive", endpoint=endpoint)
    return Reply(response.status_code, response.headers, bytes(content))


def _network_failure(error: requests.RequestException, endpoint: str) -> MeliError:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    never_sent = isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError) or isinstance(
        reason, NewConnectionError | ConnectTimeoutError
    )
    if never_sent:
        return Unreachable(f"No connection ({type(error).__name__})", endpoint=endpoint)
    return AnswerLost(f"The connection broke ({type(error).__name__})", endpoint=endpoint)
