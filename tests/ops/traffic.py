"""People and machines that go on asking while processes come and go, and remember every answer."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.ops.conftest import ask

Asking = Callable[[int], tuple[int, str]]
"""Asks the web process at a port once."""


@dataclass
class Front:
    """The proxy: knows the web processes, sends a request to the first that takes the connection."""

    ports: list[int] = field(default_factory=list)

    def send(self, asking: Asking) -> tuple[int, str]:
        """Ask. Only a connection that was refused is tried elsewhere: what was sent may have been done."""
        while not self.ports:
            time.sleep(0.05)  # nothing was started yet
        give_up_at = time.monotonic() + 15
        while True:
            for port in tuple(self.ports):
                try:
                    return asking(port)
                except ConnectionRefusedError:
                    continue
            assert time.monotonic() < give_up_at, "no web process takes a connection"
            time.sleep(0.05)


@dataclass
class Traffic:
    """What came back, by what was asked."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def note(self, name: str, asking: Asking, front: Front) -> None:
        try:
            status, body = front.send(asking)
        except Exception as error:
            self.failures.append(f"{name}: {error!r}")
            return
        self.answers[name, str(status)] += 1
        if status >= 400:
            self.failures.append(f"{name}: {status} {body[:300]}")

    def total(self, name: str) -> int:
        return sum(times for (asked, _), times in self.answers.items() if asked == name)


@contextmanager
def going_on(front: Front, pause_s: float, **askings: Asking) -> Iterator[Traffic]:
    """Ask each of these again and again, each in a thread of its own, until the block ends."""
    traffic, is_over = Traffic(), threading.Event()

    def go_on(name: str, asking: Asking) -> None:
        while not is_over.is_set():
            traffic.note(name, asking, front)
            time.sleep(pause_s)

    threads = [threading.Thread(target=go_on, args=both, daemon=True) for both in askings.items()]
    for thread in threads:
        thread.start()
    try:
        yield traffic
    finally:
        is_over.set()
        for thread in threads:
            thread.join(60)


def again(traffic: Traffic, name: str, times: int = 1) -> Callable[[], bool]:
    """Return what says whether this was answered so many times more from now on."""
    before = traffic.total(name)
    return lambda: bool(traffic.failures) or traffic.total(name) >= before + times


def read(path: str, key: str) -> Asking:
    return lambda port: ask(port, path, headers={"Authorization": f"Bearer {key}"})
