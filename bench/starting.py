"""How soon each part is there after its start, how slow the first page is, and what memory each takes idle.

Reference: the barest Django view (bench/barest.py) on the same server, from the same moment.
"""

from __future__ import annotations

import argparse
import http.client
import subprocess
import time
from contextlib import suppress

from django.core.cache import cache

from painelml.health import heartbeat_age

from . import acknowledgement, data, pages, place
from .exports import fetch
from .results import Line, middle, ms

WEB_S = 5.0
COLD_S = 1.0
WARM = 20
IDLE_S = 2.0
"""How long a part is left alone before its memory is read."""


def measure(asked: argparse.Namespace) -> list[Line]:
    data.use(data.ORDERS)
    place.collect_static()
    cookie = pages.cookie()
    bare, web, cold, warm, worker, web_mib, worker_mib = ([] for _ in range(7))
    for _ in range(asked.rounds):
        began = time.perf_counter()
        with place.web("bench.barest:application") as served:
            until_it_answers(served.port, acknowledgement.PATH)
            bare.append(time.perf_counter() - began)
        began = time.perf_counter()
        with place.web() as served:
            until_it_answers(served.port, "/healthz")
            web.append(time.perf_counter() - began)
            cold.append(fetch(served.port, "/", cookie)[0])
            warm.append(middle([fetch(served.port, "/", cookie)[0] for _ in range(WARM)]))
            web_mib.append(served.memory)
        cache.clear()
        began = time.perf_counter()
        with place.running(*acknowledgement.WORKER, ready=works) as process:
            worker.append(time.perf_counter() - began)
            worker_mib.append(idle_memory(process))
    return [
        Line("barest Django view, until it answers", ms(middle(bare))),
        Line(
            "web server, until it answers",
            ms(middle(web)),
            ms(middle(bare)),
            middle(web) / middle(bare),
            f"under {WEB_S:.0f} s",
            middle(web) < WEB_S,
            figures={"web_start_s": middle(web)},
        ),
        Line(
            "worker, until its first heartbeat",
            ms(middle(worker)),
            figures={"worker_start_s": middle(worker)},
        ),
        Line(
            "overview, first answer of a new server",
            ms(middle(cold)),
            f"{ms(middle(warm))} warm",
            middle(cold) / middle(warm),
            f"under {COLD_S:.0f} s",
            middle(cold) < COLD_S,
            figures={"cold_page_ms": middle(cold) * 1000},
        ),
        Line(
            "memory of an idle web server",
            f"{middle(web_mib):.0f} MiB in 2 processes",
            figures={"idle_web_mib": middle(web_mib)},
        ),
        Line(
            "memory of an idle worker",
            f"{middle(worker_mib):.0f} MiB, 16 threads",
            figures={"idle_worker_mib": middle(worker_mib)},
        ),
    ]


def works() -> bool:
    return heartbeat_age("worker") is not None


def idle_memory(process: subprocess.Popen[bytes]) -> float:
    time.sleep(IDLE_S)
    return place.memory_mib(process.pid)


def until_it_answers(port: int, path: str) -> None:
    """Wait for any answer: that of the barest view to GET is an error."""

    def answers() -> bool:
        with suppress(OSError, http.client.HTTPException):
            asking = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            asking.request("GET", path)
            return bool(asking.getresponse().status)
        return False

    place.until(answers, place.START_S)
