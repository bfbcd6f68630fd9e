"""A load generator: so many connections that stay open, each asking again as soon as it is answered."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


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
    answers = Answers()
    lock = threading.Lock()
    end = time.perf_counter() + seconds

    def work() -> None:
        mine: list[float] = []
        statuses: Counter[int] = Counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while (began := time.perf_counter()) < end:
            with lock:
                body = next(bodies)
            connection.request("POST", path, body, {"Content-Type": "application/json", **headers(body)})
            answer = connection.getresponse()
            answer.read()
            mine.append(time.perf_counter() - began)
            statuses[answer.status] += 1
        connection.close()
        with lock:
            answers.seconds += mine
            answers.statuses += statuses

    began = time.perf_counter()
    run_in_threads(work, connections)
    answers.lasted = time.perf_counter() - began
    return answers


def run_in_threads(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
