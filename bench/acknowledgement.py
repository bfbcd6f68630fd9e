"""How fast `POST /meli/webhooks` answers under 32 connections, each event committed before its answer.

Reference: the barest Django view with the same insert (bench/barest.py), on the same server and database, in
turns with ours. Then ours again while workers apply what arrives, while Mercado Livre is slow, and with a
broker that nobody answers for: the answer must not depend on any of them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import count

from accounts.models import Account
from painelml.sandbox import Drills, Sandbox

from . import data, load, place, sellers
from .results import Line, middle, ms, p99

PATH = "/meli/webhooks"
CONNECTIONS = 32
SECONDS = 4.0
SHARE, P99_S, SAME = 0.6, 0.06, 0.9
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

        def ask(port: int) -> load.Answers:
            load.post(port, PATH, bodies, CONNECTIONS, 1)
            return load.post(port, PATH, bodies, CONNECTIONS, SECONDS)

        def rates(beside: AbstractContextManager[object], **more: str) -> list[load.Answers]:
            with beside, place.web(**changes, **more) as port:
                return [ask(port) for _ in range(asked.rounds)]

        ours: list[load.Answers] = []
        barest: list[load.Answers] = []
        with place.web(**changes) as our_port, place.web("bench.barest:application") as bare_port:
            for _ in range(asked.rounds):
                barest.append(ask(bare_port))
                ours.append(ask(our_port))
        busy = rates(working(**changes))
        box.box.drills = Drills(latency_ms=2000)
        slow = rates(working(**changes))
        stopped = rates(nullcontext(), REDIS_URL=NOBODY)
    return lines_of(barest, ours, {"workers busy": busy, "Mercado Livre slow": slow, "no broker": stopped})


def working(**changes: str) -> AbstractContextManager[object]:
    """A worker that applies events meanwhile."""
    return place.running(*WORKER, ready=lambda: True, **changes)


def lines_of(
    barest: list[load.Answers], ours: list[load.Answers], others: dict[str, list[load.Answers]]
) -> list[Line]:
    bare, own = rate(barest), rate(ours)
    slowest = tail(ours)
    return [
        Line("barest Django view", f"{bare:.0f}/s, p99 {ms(tail(barest))}"),
        Line(
            "acknowledgement",
            f"{own:.0f}/s, p99 {ms(slowest)}",
            f"{bare:.0f}/s",
            own / bare,
            f"{SHARE} of the barest, p99 < {P99_S * 1000:.0f} ms",
            own >= SHARE * bare and slowest < P99_S and all_kept(ours),
        ),
        *(
            Line(
                f"acknowledgement, {name}",
                f"{rate(answers):.0f}/s, p99 {ms(tail(answers))}",
                f"{own:.0f}/s",
                rate(answers) / own,
                "within 10 %",
                rate(answers) >= SAME * own and all_kept(answers),
            )
            for name, answers in others.items()
        ),
    ]


def rate(answers: list[load.Answers]) -> float:
    return middle([one.rate for one in answers])


def tail(answers: list[load.Answers]) -> float:
    return middle([p99(one.seconds) for one in answers])


def all_kept(answers: list[load.Answers]) -> bool:
    return all(set(one.statuses) == {200} for one in answers)
