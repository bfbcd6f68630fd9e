"""How fast stored events are applied by two drains of one seller, and how many calls that takes.

A batch of events tells of orders several times each, as a busy hour does; Mercado Livre (a sandbox in this
process) answers at once, then after 200 ms. Reference: one call for each resource that was told of.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from accounts.models import Account
from orders.models import Order
from painelml.sandbox import Drills, Sandbox
from shipments.models import Shipment
from webhooks import bell, inbox
from webhooks.drain import drain
from webhooks.models import Notification

from . import data, place, sellers
from .results import Line, middle

RESOURCES, TOLD = 100, 5
LATENCIES_MS = (0, 200)
DRAINS = 2
LONGEST_S = 120
MOST_CALLS = 3.0
"""An order takes its own call and those of its discounts and its shipment, when they are not settled."""


def measure(asked: argparse.Namespace) -> list[Line]:
    original = data.use(data.ORDERS)
    lines = []
    with place.copy_of(original), Sandbox(port=0, seed=7, orders=2 * RESOURCES, items=20, questions=5) as box:
        account = Account.objects.get(meli_user_id=str(next(iter(box.world.sellers))))
        sellers.grant(account, box)
        bell.ring, ring = lambda seller_id: None, bell.ring
        try:
            for latency in LATENCIES_MS:
                box.box.drills = Drills(latency_ms=latency)
                taken = [work_off(account, box) for _ in range(asked.rounds)]
                seconds = middle([one for one, _ in taken])
                calls = middle([one for _, one in taken])
                lines.append(
                    Line(
                        f"draining, Mercado Livre answers after {latency} ms",
                        f"{RESOURCES * TOLD / seconds:.0f} events/s, {RESOURCES / seconds:.0f} resources/s",
                        "1 call a resource",
                        calls / RESOURCES,
                        f"at most {MOST_CALLS:.0f} calls a resource",
                        calls / RESOURCES <= MOST_CALLS,
                        figures={
                            f"events_per_s, {latency} ms": RESOURCES * TOLD / seconds,
                            f"calls_per_resource, {latency} ms": calls / RESOURCES,
                        },
                    )
                )
        finally:
            bell.ring = ring
    return lines


def work_off(account: Account, box: Sandbox) -> tuple[float, int]:
    """Fill the inbox, drain it, and return how long that took and how many calls."""
    Notification.objects.all().delete()
    tell(account.meli_user_id, list(box.truth(int(account.meli_user_id), "orders"))[:RESOURCES])
    # What an earlier round read was read before that.
    for model in (Order, Shipment):
        model.objects.filter(account=account).update(read_at=timezone.now() - timedelta(hours=1))
    before = sum(box.calls.values())
    began = time.perf_counter()
    with ThreadPoolExecutor(DRAINS) as pool:
        for drained in [pool.submit(drain_all, account.meli_user_id) for _ in range(DRAINS)]:
            drained.result()
    lasted = time.perf_counter() - began
    undone = Notification.objects.exclude(state="done").count()
    if undone:
        raise RuntimeError(f"{undone} events were not applied")
    return lasted, sum(box.calls.values()) - before


def tell(seller_id: str, orders: list[str], times: int = TOLD) -> None:
    """Add events about these orders, as if they had come a moment ago: a storm waits for its end."""
    for number in range(times):
        for meli_id in orders:
            envelope = {
                "_id": f"{number}-{meli_id}",
                "resource": f"/orders/{meli_id}",
                "user_id": seller_id,
                "topic": "orders_v2",
            }
            inbox.store(inbox.read_envelope(envelope))
    told = Notification.objects.filter(seller_id=seller_id)
    told.update(created_at=timezone.now() - timedelta(seconds=5))


def drain_all(seller_id: str) -> None:
    give_up_at = time.monotonic() + LONGEST_S
    try:
        while (
            time.monotonic() < give_up_at and Notification.objects.open().filter(seller_id=seller_id).exists()
        ):
            if drain(seller_id) is None:
                time.sleep(0.01)
    finally:
        connection.close()
