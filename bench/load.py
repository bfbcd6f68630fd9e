"""A load generator: so many connections that stay open, each asking again as soon as it is answered.

It is a process of its own and one loop, so that it takes little of the processors, and nothing else in the
process of the benchmark (the sandbox) delays it.
"""

from __future__ import annotations

import pickle
import re
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from . import place

MOST_PER_S = 4000
"""Requests are written before the first is sent; nothing here answers faster."""
LONGEST_S = 60
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
LAST_CHUNK = b"0\r\n\r\n"


@dataclass
class Answers:
    """How long each answer took, which statuses came, and how long all of it lasted."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    lasted: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.lasted


Headers = Callable[[bytes], dict[str, str]]


def post(
    port: int,
    path: str,
    bodies: Iterator[bytes],
    connections: int,
    seconds: float,
    headers: Headers = lambda body: {},
) -> Answers:
    """Post bodies for so many seconds, each with its headers, and return the answers."""
    requests = [request(path, body, headers(body)) for body in islice(bodies, round(seconds * MOST_PER_S))]
    player = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        cwd=place.ROOT,
        input=pickle.dumps((port, connections, seconds, requests)),
        stdout=subprocess.PIPE,
        check=True,
    )
    answers: Answers = pickle.loads(player.stdout)
    return answers


def request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Wire:
    """One connection and the request it waits for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), LONGEST_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, content: bytes) -> None:
        self.received = b""
        self.asked_at = time.perf_counter()
        self.socket.sendall(content)

    def status(self) -> int | None:
        """Read what has come; return the status of an answer that is complete. Raises ConnectionError."""
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("the server closed the connection")
        self.received += piece
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return None
        length = LENGTH.search(head)
        whole = len(body) >= int(length[1]) if length else body.endswith(LAST_CHUNK)
        return int(head[9:12]) if whole else None


def play(port: int, connections: int, seconds: float, requests: list[bytes]) -> Answers:
    """Send the requests, so many at a time, until the time is up or all are sent."""
    answers, left = Answers(), iter(requests)
    began = time.perf_counter()
    with selectors.DefaultSelector() as waiting:
        for wire in [Wire(port) for _ in range(connections)]:
            waiting.register(wire.socket, selectors.EVENT_READ, wire)
            wire.ask(next(left))
        while waiting.get_map():
            ready = waiting.select(LONGEST_S)
            if not ready:
                raise TimeoutError(f"no answer for {LONGEST_S} s")
            for key, _events in ready:
                wire = key.data
                if status := wire.status():
                    now = time.perf_counter()
                    answers.seconds.append(now - wire.asked_at)
                    answers.statuses[status] += 1
                    if now < began + seconds and (content := next(left, None)):
                        wire.ask(content)
                    else:
                        waiting.unregister(wire.socket)
                        wire.socket.close()
    answers.lasted = time.perf_counter() - began
    return answers


if __name__ == "__main__":
    from bench.load import play as play_as_module

    # What the answers are made of is found again by its own name, which is not __main__.
    pickle.dump(play_as_module(*pickle.load(sys.stdin.buffer)), sys.stdout.buffer)
