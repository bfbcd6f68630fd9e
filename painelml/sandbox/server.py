"""The HTTP side: one thread per connection, one lock around the world, and the drills on the wire."""

import json
import socket
import sys
import time
from collections import Counter, defaultdict, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from . import endpoints
from .clock import MINUTE
from .drills import Drills, DropConnection
from .http import ApiError, Request, Response, Route, not_found, project, route
from .life import Life
from .notify import Notifier
from .oauth import Application, OAuth
from .scroll import Scrolls
from .world import World

LEGACY_401 = ("/users", "/items", "/orders", "/sites")
MAX_BODY = 1_000_000


class Box:
    """What the endpoints share: the world, who may see it, what is broken on purpose, and what was
    asked for.
    """

    def __init__(self, world: World, application: Application, drills: Drills) -> None:
        self.world = world
        self.application = application
        self.oauth = OAuth(application, world.clock)
        self.drills = drills
        self.scrolls = Scrolls(world.clock)
        self.notifier = Notifier(application, drills, world.clock, lambda user: user in self.oauth.grants)
        self.life: Life | None = None
        self.calls: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.partial_reads: Counter[int] = Counter()
        self._recent: dict[str, deque[int]] = defaultdict(deque)
        world.on_change = self.notifier.tell
        endpoints.load()

    def answer(self, request: Request) -> Response:
        """Find the endpoint, check the token, suffer the drills, do the work. Raises DropConnection."""
        found = route.find(request.method, request.path)
        if found is None:
            self._count(f"{request.method} (unknown)", 404)
            return not_found(f"Resource {request.path} not found.").response
        its_route, ids = found
        name = its_route.name
        if its_route.drilled and self.drills.latency_ms:
            time.sleep(self.drills.latency_ms / 1000)
        try:
            with self.world.lock:
                response = self._work(its_route, ids, request)
        except ApiError as error:
            response = error.response
        except DropConnection:
            self._count(name, 0)
            raise
        self._count(name, response.status)
        return response

    def _work(self, its_route: Route, ids: dict[str, str], request: Request) -> Response:
        after = ""
        rate = self.drills.oauth_error_rate if its_route.pattern == "/oauth/token" else self.drills.error_rate
        if its_route.drilled and self.drills.happens(rate):
            after = self.drills.trouble()
        if not its_route.public:
            legacy = request.path.startswith(LEGACY_401)
            request.user = self.oauth.user_of(request.headers.get("authorization", ""), legacy=legacy)
            self.limit(f"user:{request.user}", self.drills.rpm)
            self.drills.check_permission(request.path)
        result = its_route.endpoint(self, request, **ids)
        if after == "drop_after":
            raise DropConnection
        response = result if isinstance(result, Response) else Response(result)
        if (
            request.method == "GET"
            and "attributes" in request.query
            and not request.path.startswith("/items/bulk")
        ):
            response.body = project(response.body, request.names("attributes"))
        return response

    def control(self, orders: dict[str, Any]) -> dict[str, Any]:
        """What `POST /sandbox/control` does. Raises ValueError for an order nobody knows."""
        request = Request("POST", "/sandbox/control", {}, {}, json.dumps(orders).encode())
        response = self.answer(request)
        if response.status != 200:
            raise ValueError(response.payload().decode())
        return dict(response.body)  # type: ignore[arg-type]

    def set_pace(self, pace: float) -> None:
        """Let things happen at this pace; 0 stops them."""
        if self.life and pace:
            self.life.pace = pace
        elif self.life:
            self.life.stop()
            self.life = None
        elif pace:
            self.life = Life(self.world, pace)
            self.life.start()

    def reset(self) -> None:
        """No more drills, and the counts begin anew. The world stays as it is."""
        self.drills.update(Drills().state())
        self.notifier.speed = 1.0
        self.calls.clear()
        self.statuses.clear()

    def dump(self) -> dict[str, Any]:
        return {"world": self.world.dump(), "oauth": self.oauth.dump(), "missed": self.notifier.missed}

    def load(self, data: dict[str, Any]) -> None:
        self.world.load(data["world"])
        self.oauth.load(data["oauth"])
        self.notifier.missed = [(when, entry) for when, entry in data["missed"]]

    def limit(self, key: str, rpm: int) -> None:
        """Allow `rpm` calls in any minute under a key. Raises ApiError 429."""
        if not rpm:
            return
        now = self.world.clock.now()
        recent = self._recent[key]
        while recent and recent[0] <= now - MINUTE:
            recent.popleft()
        if len(recent) >= rpm:
            raise self.drills.quota()
        recent.append(now)

    def _count(self, name: str, status: int) -> None:
        self.calls[name] += 1
        self.statuses[f"{name} {status or 'dropped'}"] += 1


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = 120
    box: Box

    def _serve(self) -> None:
        if self.server.stopped:  # type: ignore[attr-defined]
            self.close_connection = True
            return
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            return
        body = self.rfile.read(length) if length else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request.of(self.command, self.path, headers, body)
        try:
            response = self.box.answer(request)
        except DropConnection:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        payload = response.payload()
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        if response.status != 204:
            self.send_header("Content-Length", str(len(payload)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if response.status != 204 and self.command != "HEAD":
            self.wfile.write(payload)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the calls are counted instead."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    stopped = False
    """Set at the end, so that connections kept open are not served any longer."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is not news; anything else is."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError | ValueError):
            super().handle_error(request, client_address)
