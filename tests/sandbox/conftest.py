"""A small sandbox for every test, and people who talk to it over HTTP.

Ana owns the first shop; Carla owns the second, which keeps its stock by deposit.
"""

import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import requests

from painelml.sandbox import Application, Drills, Sandbox

ANA = 1987654321
CARLA = 1876543210
NOON = 1_795_348_800_000
"""A fixed start, 2026-11-22 12:00 UTC, so that every run meets the same shops."""


class Caller:
    """A seller's application: paths in, answers out, with a token of that seller."""

    def __init__(self, box: Sandbox, seller_id: int) -> None:
        self.box = box
        self.id = seller_id
        self.session = requests.Session()
        self.session.headers.update(box.bearer(seller_id))

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        url = self.box.url + path
        return self.session.request(method, url, timeout=10, allow_redirects=False, **options)

    def get(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> requests.Response:
        return self("GET", path, params=params, headers=headers)

    def put(self, path: str, body: Any, headers: dict[str, str] | None = None) -> requests.Response:
        return self("PUT", path, json=body, headers=headers)

    def post(self, path: str, body: Any) -> requests.Response:
        return self("POST", path, json=body)


@pytest.fixture
def new_box() -> Iterator[Callable[..., Sandbox]]:
    """Start a sandbox of any size; it stops with the test."""
    boxes: list[Sandbox] = []

    def start(**options: Any) -> Sandbox:
        sizes = {"orders": 200, "items": 60, "questions": 60, "now": NOON, **options}
        boxes.append(Sandbox(port=0, **sizes).start())
        return boxes[-1]

    yield start
    for box in boxes:
        box.stop()


@pytest.fixture
def box(new_box: Callable[..., Sandbox]) -> Sandbox:
    return new_box()


@pytest.fixture
def ana(box: Sandbox) -> Caller:
    return Caller(box, ANA)


@pytest.fixture
def carla(box: Sandbox) -> Caller:
    return Caller(box, CARLA)


class Callback:
    """The application's end of the notifications: remembers every body, answers what it is told to."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.status = 200
        self.delay_s = 0.0
        callback = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                callback.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                time.sleep(callback.delay_s)
                self.send_response(callback.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/meli/webhooks"
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def callback() -> Iterator[Callback]:
    callback = Callback()
    yield callback
    callback.stop()


@pytest.fixture
def listening(new_box: Callable[..., Sandbox], callback: Callback) -> Sandbox:
    """A sandbox that notifies `callback`, where Ana has granted; the hour of retries takes less than a
    second.
    """
    box = new_box(application=Application(callback_url=callback.url), drills=Drills())
    box.grant(ANA)
    box.control(speed=10_000)
    box.box.notifier.timeout_s = 10  # a busy machine must not look like a slow application
    return box
