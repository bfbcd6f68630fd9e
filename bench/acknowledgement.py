"""How fast `POST /meli/webhooks` answers under 32 connections, each event committed before its answer.

Reference: the barest Django view with the same insert (bench/barest.py), on the same server and database, in
turns with ours; beside it the endpoint of dj-stripe. Then ours again while workers apply what arrives, while
Mercado Livre is slow, and with a broker that nobody answers for: the answer must not depend on any of them.
A worker also takes processor time from the server, so ours is measured beside a program that only takes
processor time, too: what is left of the difference is the worker's doing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib.util import find_spec
from itertools import count

from accounts.models import Account
from painelml.sandbox import Drills, Sandbox

from . import data, djstripe, load, place, sellers
from .results import Line, middle, ms, p99

PATH = "/meli/webhooks"
CONNECTIONS = 32
SECONDS = 4.0
SHARE, P99_S, SAME = 0.6, 0.06, 0.9
AHEAD = 8
NOBODY = "redis://127.0.0.1:1/0"
WORKER = ("celery", "-A", "painelml", "worker", "--loglevel", "CRITICAL")

numbers = count(1)


def events(seller_id: str, targets: list[str]) -> Iterator[bytes]:
    """Yield notifications about these orders, each with an id of its own."""
    for number in numbers:
        yield json.dumps(
            {
                "_id": f"bench-{number}",
                "resource": f"/orders/{targets[number % len(targets)]}",
                "user_id": int(seller_id),
                "topic": "orders_v2",
                "application_id": 1122334455667788,
                "attempts": 1,
                "sent": "2026-11-20T12:00:01.000Z",
                "received": "2026-11-20T12:00:00.000Z",
            }
        ).encode()


def measure(asked: argparse.Namespace) -> list[Line]:
    original = data.use(data.ORDERS)
    with place.copy_of(original), Sandbox(port=0, seed=7, orders=500, items=50, questions=5) as box:
        account = Account.objects.get(meli_user_id=str(next(iter(box.world.sellers))))
        sellers.grant(account, box)
        bodies = events(account.meli_user_id, list(box.truth(int(account.meli_user_id), "orders")))
        changes = {"MELI_API_URL": box.url}

        def ask(served: place.Served) -> load.Answers:
            load.post(served.port, PATH, bodies, CONNECTIONS, 1)
            return load.post(served.port, PATH, bodies, CONNECTIONS, SECONDS)

        ours: list[load.Answers] = []
        barest: list[load.Answers] = []
        others: dict[str, list[load.Answers]] = {name: [] for name in (NO_BROKER, BUSY, SLOW, SPINNING)}
        with place.web(**changes) as served, place.web("bench.barest:application") as bare:
            with place.web(**changes, REDIS_URL=NOBODY) as brokerless:
                for _ in range(asked.rounds):
                    barest.append(ask(bare))
                    ours.append(ask(served))
                    others[NO_BROKER].append(ask(brokerless))
            for name, latency_ms in ((BUSY, 0), (SLOW, 2000)):
                box.box.drills = Drills(latency_ms=latency_ms)
                with working(**changes):
                    others[name] = [ask(served) for _ in range(asked.rounds)]
            with spinning():
                others[SPINNING] = [ask(served) for _ in range(asked.rounds)]
            memory = served.memory
    return [*lines_of(barest, ours, others, memory), *beside_djstripe(asked.rounds, rate(ours))]


NO_BROKER, BUSY, SLOW, SPINNING = "no broker", "workers busy", "Mercado Livre slow", "another program busy"
SHARED = (BUSY, SLOW)
"""Where a worker shares the processors with the server."""


def working(**changes: str) -> AbstractContextManager[object]:
    """A worker that applies events meanwhile."""
    return place.running(*WORKER, ready=lambda: True, **changes)


def spinning() -> AbstractContextManager[object]:
    """A program that only takes processor time, one processor's as one worker does."""
    return place.running("timeit", "-n", "1000000000000", "pass", ready=lambda: True)


def beside_djstripe(rounds: int, own: float) -> list[Line]:
    """Measure dj-stripe's endpoint on the same server, in a database of its own."""
    if find_spec("djstripe") is None:
        return [Line("acknowledgement by dj-stripe", "not installed (make bench installs it)")]
    database = f"{place.NAMES}_scratch_djstripe_{os.getpid()}"
    place.drop(database)
    place.create(database)
    address = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{database}"
    bodies = djstripe.events()
    try:
        subprocess.run(
            [sys.executable, "-m", "bench.djstripe"],
            cwd=place.ROOT,
            env={**os.environ, "DATABASE_URL": address},
            check=True,
        )
        with place.web("bench.djstripe_wsgi:application", DATABASE_URL=address) as served:

            def ask(seconds: float) -> load.Answers:
                return load.post(
                    served.port, djstripe.PATH, bodies, CONNECTIONS, seconds, headers=djstripe.signature
                )

            ask(1)
            answers = [ask(SECONDS) for _ in range(rounds)]
    finally:
        place.drop(database)
    theirs = rate(answers)
    return [
        Line(
            "acknowledgement, beside dj-stripe's",
            f"{own:.0f}/s",
            f"{theirs:.0f}/s, p99 {ms(tail(answers))}",
            own / theirs,
            f"{AHEAD} times dj-stripe's",
            own >= AHEAD * theirs and all_kept(answers),
            figures={"djstripe_per_s": theirs},
        )
    ]


def lines_of(
    barest: list[load.Answers],
    ours: list[load.Answers],
    others: dict[str, list[load.Answers]],
    memory: float,
) -> list[Line]:
    bare, own = rate(barest), rate(ours)
    slowest = tail(ours)
    alone = rate(others[SPINNING])
    return [
        Line("barest Django view", f"{bare:.0f}/s, p99 {ms(tail(barest))}"),
        Line(
            "acknowledgement",
            f"{own:.0f}/s, p99 {ms(slowest)}",
            f"{bare:.0f}/s",
            own / bare,
            f"{SHARE} of the barest, p99 < {P99_S * 1000:.0f} ms",
            own >= SHARE * bare and slowest < P99_S and all_kept(ours),
            figures={"acks_per_s": own, "barest_per_s": bare, "web_mib": memory},
        ),
        *(other_line(name, answers, own, alone) for name, answers in others.items()),
        Line("memory of the web server afterwards", f"{memory:.0f} MiB in 2 processes"),
    ]


def other_line(name: str, answers: list[load.Answers], own: float, alone: float) -> Line:
    """Compare with ours undisturbed; where a worker runs, say what any other program costs, too."""
    measured = rate(answers)
    is_judged = name != SPINNING
    beside = f"; {measured / alone:.2f} of that beside another program" if name in SHARED else ""
    return Line(
        f"acknowledgement, {name}",
        f"{measured:.0f}/s, p99 {ms(tail(answers))}{beside}",
        f"{own:.0f}/s",
        measured / own,
        "within 10 %" if is_judged else "",
        measured >= SAME * own and all_kept(answers) if is_judged else None,
        figures={f"acks_per_s, {name}": measured},
    )


def rate(answers: list[load.Answers]) -> float:
    return middle([one.rate for one in answers])


def tail(answers: list[load.Answers]) -> float:
    return middle([p99(one.seconds) for one in answers])


def all_kept(answers: list[load.Answers]) -> bool:
    return all(set(one.statuses) == {200} for one in answers)
