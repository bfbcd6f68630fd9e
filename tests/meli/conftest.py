"""A client that never waits, a token source that counts, and a server that answers bytes as told."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import responses

from painelml.meli import Call, Client, LocalGovernor, Patience, Priority, Reconnect
from painelml.meli.wire import new_session

API = "https://api.mercadolibre.test"


class Tokens:
    """Ana's tokens: `first` is valid until refreshed. `renews=False`: the one refused is too new to be at
    fault.
    """

    def __init__(
        self, first: str = "APP_USR-first-token", *, renews: bool = True, dead: bool = False
    ) -> None:
        self.current = first
        self.renews = renews
        self.dead = dead
        self.refused: list[str] = []

    def token(self) -> str:
        return self.current

    def refresh(self, refused: str) -> str:
        self.refused.append(refused)
        if self.dead:
            raise Reconnect("The grant is gone", code="invalid_grant")
        if self.renews:
            self.current = "APP_USR-second-token"
        return self.current


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def calls() -> list[Call]:
    return []


@pytest.fixture
def make_client(tokens: Tokens, calls: list[Call]) -> Callable[..., Client]:
    def make(**changes) -> Client:
        wanted = {
            "api_url": API,
            "token": tokens,
            "governor": LocalGovernor(0),
            "key": "ana",
            "priority": Priority.ORDERS,
            "on_call": calls.append,
            "patience": Patience(tries=3, base=0, cap=1, total=5),
            "session": new_session(),
        }
        return Client(**(wanted | changes))

    return make


@pytest.fixture
def client(make_client) -> Client:
    return make_client()


@pytest.fixture
def api() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=True) as mock:
        yield mock


@contextmanager
def raw_server(answer: Callable[[socket.socket, bytes], None]) -> Iterator[str]:
    """A server on loopback; `answer(connection, request)` writes whatever it likes, then the connection is
    closed.
    """
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                try:
                    answer(connection, connection.recv(65536))
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


@contextmanager
def closed_port() -> Iterator[str]:
    """An address where nobody listens: bound, so nobody else takes it, and never listening."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
