# ruff: noqa: S311
"""Notifications: told once per change, eight attempts within an hour, then a missed feed for two days
(facts: part A, section 3).
"""

import heapq
import http.client
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlsplit

from .clock import DAY, Clock, nano_zulu, zulu
from .drills import Drills
from .oauth import Application
from .payloads import is_one_in
from .world import Change

TIMEOUT_S = 0.5
SPACING_S = (0, 30, 60, 120, 300, 600, 900, 1200)
"""Seconds before each attempt; together a little less than an hour. The real spacing is not known."""
KEEP = 2 * DAY
WORKERS = 4

GARBAGE: tuple[bytes, ...] = (
    b"",
    b"not json at all",
    b"[]",
    b'{"topic":"items"}',
    b'{"resource":"/items/MLB4100200300","user_id":1}',
    b'{"_id":"x","resource":"https://example.com/items/MLB1","user_id":1987654321,"topic":"items"}',
    b'{"_id":"y","resource":"/items/../users/me","user_id":1987654321,"topic":"items"}',
    b'{"_id":"z","resource":"/vis/leads/1","user_id":1987654321,"topic":"vis_leads","actions":["call"]}',
    b'{"_id":"w","resource":"/orders/2000009999999999","user_id":42,"topic":"orders_v2"}',
)


@dataclass(order=True)
class Message:
    due: float
    """When to send it, on the monotonic clock."""
    number: int
    body: dict[str, Any] = field(compare=False)
    raw: bytes | None = field(default=None, compare=False)
    """Sent as it is, once, instead of the body: garbage."""
    outcome: dict[str, Any] = field(default_factory=dict, compare=False)


class Notifier:
    """Posts to the application's callback. `speed` divides every wait, so that an hour of retries fits
    in a test.
    """

    def __init__(
        self, application: Application, drills: Drills, clock: Clock, granted: Callable[[int], bool]
    ) -> None:
        self.callback = application.callback_url
        self.application = application
        self.topics = set(application.topics)
        self.drills = drills
        self.clock = clock
        self.speed = 1.0
        self.timeout_s = TIMEOUT_S
        self.told = 0
        self.missed: list[tuple[int, dict[str, Any]]] = []
        """(when it was given up, the entry as `/missed_feeds` lists it), oldest first."""
        self._granted = granted
        self._given_up: Counter[str] = Counter()
        self._number = 0
        self._ids = Random(drills.seed)
        self._heap: list[Message] = []
        self._sending = 0
        self._ready = threading.Condition()
        self._ended = False
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(WORKERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        with self._ready:
            self._ended = True
            self._ready.notify_all()
        for thread in self._threads:
            thread.join()

    def tell(self, change: Change) -> None:
        """Take a change in; only sellers with a grant and topics that are ticked are told of."""
        if not self.callback or change.topic not in self.topics or not self._granted(change.user_id):
            return
        drills = self.drills
        if drills.happens(drills.loss):
            return
        now = self.clock.now()
        with self._ready:
            message = Message(time.monotonic() + SPACING_S[0], self._next(), self._envelope(change, now))
            if drills.happens(drills.missed):
                self._give_up(message, {"req_time": 0, "http_code": 504})
                return
            if drills.happens(drills.reorder):
                message.due += drills.random.uniform(0.2, 20) / self.speed
            heapq.heappush(self._heap, message)
            if drills.happens(drills.duplicates):
                again = dict(message.body)
                if drills.random.random() < 0.5:
                    again["_id"] = self._new_id()
                heapq.heappush(self._heap, Message(message.due + 1 / self.speed, self._next(), again))
            if drills.happens(drills.garbage):
                raw = drills.random.choice(GARBAGE)
                heapq.heappush(self._heap, Message(message.due, self._next(), {}, raw))
            self._ready.notify()

    def waiting(self) -> int:
        """Notifications not yet delivered nor given up."""
        with self._ready:
            return len(self._heap) + self._sending

    def wait_until_told(self, timeout: float = 30.0) -> bool:
        """Block until every notification was delivered or given up; False when that takes too long."""
        with self._ready:
            return self._ready.wait_for(lambda: not self._heap and not self._sending, timeout)

    def missed_feeds(self) -> list[dict[str, Any]]:
        """Newest first; older than two days is forgotten."""
        with self._ready:
            floor = self.clock.now() - KEEP
            self.missed = [(when, entry) for when, entry in self.missed if when > floor]
            return [entry for _, entry in reversed(self.missed)]

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _new_id(self) -> str:
        return str(uuid.UUID(int=self._ids.getrandbits(128), version=4))

    def _envelope(self, change: Change, now: int) -> dict[str, Any]:
        """The body, with the spellings that are known to vary."""
        number = self._number
        received = "recieved" if is_one_in(23, number, 3) else "received"
        return {
            "id" if is_one_in(29, number, 1) else "_id": self._new_id(),
            "resource": change.resource,
            "user_id": str(change.user_id) if is_one_in(17, number, 2) else change.user_id,
            "topic": change.topic,
            "application_id": self.application.id,
            "attempts": 1,
            "sent": zulu(now),
            received: nano_zulu(now) if number % 5 == 0 else zulu(now),
        }

    def _work(self) -> None:
        post = Poster()
        while True:
            with self._ready:
                while not self._ended and (not self._heap or self._heap[0].due > time.monotonic()):
                    wait = self._heap[0].due - time.monotonic() if self._heap else None
                    self._ready.wait(wait)
                if self._ended:
                    return
                message = heapq.heappop(self._heap)
                self._sending += 1
            if message.raw is None:
                message.body["sent"] = zulu(self.clock.now())
                payload = json.dumps(message.body).encode()
            else:
                payload = message.raw
            code, took = post(self.callback, payload, self.timeout_s)
            with self._ready:
                self._sending -= 1
                self._settle(message, code, took)
                self._ready.notify_all()

    def _settle(self, message: Message, code: int, took: float) -> None:
        if message.raw is not None:
            return
        if code == 200 and took <= self.timeout_s:
            self.told += 1
            self._given_up.pop(message.body["topic"], None)
            return
        attempts = message.body["attempts"]
        if attempts >= len(SPACING_S):
            self._give_up(message, {"req_time": round(took * 1000), "http_code": code or 504})
            return
        message.due = time.monotonic() + SPACING_S[attempts] / self.speed
        message.body["attempts"] = attempts + 1
        heapq.heappush(self._heap, message)

    def _give_up(self, message: Message, response: dict[str, Any]) -> None:
        first = {**message.body, "attempts": 1}
        entry = {
            **message.body,
            "attempts": len(SPACING_S),
            "request": {
                "url": self.callback,
                "headers": {"accept": "application/json", "content-type": "application/json"},
                "data": json.dumps(first, separators=(",", ":")),
            },
            "response": {**response, "body": "[object Object]", "headers": {"connection": "close"}},
        }
        self.missed.append((self.clock.now(), entry))
        topic = message.body["topic"]
        self._given_up[topic] += 1
        if 0 < self.drills.fallback_after <= self._given_up[topic]:
            self.topics.discard(topic)


class Poster:
    """One kept connection to the callback."""

    def __init__(self) -> None:
        self._connection: http.client.HTTPConnection | None = None
        self._to = ""

    def __call__(self, url: str, payload: bytes, timeout_s: float) -> tuple[int, float]:
        """(status, seconds); status 0 when there was no answer in time."""
        parts = urlsplit(url)
        if self._connection is None or self._to != parts.netloc:
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            self._connection, self._to = kind(parts.netloc, timeout=timeout_s), parts.netloc
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        began = time.monotonic()
        try:
            self._connection.request("POST", path, payload, {"Content-Type": "application/json"})
            answer = self._connection.getresponse()
            answer.read()
            return answer.status, time.monotonic() - began
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = None
            return 0, time.monotonic() - began
