"""How throughput grows with workers: events of many sellers, Mercado Livre answering after 250 ms.

One, two and four workers of two threads each, so that waiting and not the processor is the limit at first.
Reference: one worker. Each seller's governor allows 20 calls a second.
"""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from accounts.models import Account, Organization
from orders.models import Order
from painelml.sandbox import Drills, Sandbox
from shipments.models import Shipment
from webhooks import bell
from webhooks.models import Notification

from . import acknowledgement, data, draining, place
from .results import Line, middle

SELLERS, ORDERS, TOLD = 24, 40, 5
LATENCY_MS, RPM = 250, 1200
WORKERS = (1, 2, 4)
THREADS = 2
LONGEST_S = 180
IN_PROPORTION = 0.75
"""Share of twice the throughput that twice the workers must give, until the processors are busy."""


def measure(asked: argparse.Namespace) -> list[Line]:
    rates: dict[int, float] = {}
    memory: dict[int, float] = {}
    busy: dict[int, float] = {}
    original = data.use(data.ORDERS)
    sizes = {"orders": 4 * ORDERS, "items": 20, "questions": 4}
    with place.copy_of(original), Sandbox(port=0, seed=11, sellers=SELLERS, **sizes) as box:
        shop = Organization.objects.get()
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {Account._meta.db_table} CASCADE")
        data.connect_to(box)
        accounts = [data.connect(shop, box, seller_id) for seller_id in box.world.sellers]
        orders = {
            account.meli_user_id: list(box.truth(int(account.meli_user_id), "orders"))[:ORDERS]
            for account in accounts
        }
        box.box.drills = Drills(latency_ms=LATENCY_MS)
        changes = {
            "MELI_API_URL": box.url,
            "MELI_CLIENT_ID": str(box.box.application.id),
            "MELI_CLIENT_SECRET": box.box.application.secret,
            "MELI_MAX_RPM": str(RPM),
        }
        for workers in WORKERS:
            with ExitStack() as stack:
                names = [f"bench{number}@%h" for number in range(workers)]
                processes = [
                    stack.enter_context(
                        place.running(
                            *acknowledgement.WORKER,
                            *("--concurrency", str(THREADS), "--hostname", name),
                            ready=lambda: True,
                            **changes,
                        )
                    )
                    for name in names
                ]
                work_off(orders, 1)
                taken = [work_off(orders, TOLD) for _ in range(asked.rounds)]
                seconds = middle([one for one, _ in taken])
                rates[workers] = SELLERS * ORDERS / seconds
                busy[workers] = middle([share for _, share in taken])
                memory[workers] = sum(place.memory_mib(process.pid) for process in processes) / workers
    return [line_of(workers, rates, busy, memory) for workers in WORKERS]


def line_of(workers: int, rates: dict[int, float], busy: dict[int, float], memory: dict[int, float]) -> Line:
    ratio = rates[workers] / rates[1]
    is_limited = busy[workers] > 0.85
    return Line(
        f"{workers} workers of {THREADS} threads, {SELLERS} sellers",
        f"{rates[workers]:.1f} resources/s, {rates[workers] * TOLD:.0f} events/s, processors "
        f"{busy[workers]:.0%} busy, {memory[workers]:.0f} MiB each",
        "" if workers == 1 else f"{rates[1]:.1f} resources/s of one",
        None if workers == 1 else ratio,
        "" if workers == 1 else f"at least {IN_PROPORTION * workers:.1f}, or the processors are the limit",
        None if workers == 1 else ratio >= IN_PROPORTION * workers or is_limited,
        figures={
            f"resources_per_s, {workers} workers": rates[workers],
            f"worker_mib, {workers} workers": memory[workers],
        },
    )


def work_off(orders: dict[str, list[str]], told: int) -> tuple[float, float]:
    """Fill the inboxes, ring, and return how long it took until all was applied, and how busy processors
    were."""
    Notification.objects.all().delete()
    for seller_id, ids in orders.items():
        draining.tell(seller_id, ids, told)
    for model in (Order, Shipment):
        model.objects.update(read_at=timezone.now() - timedelta(hours=1))
    began, spent = time.perf_counter(), processor_times()
    while Notification.objects.open().exists():
        if time.perf_counter() - began > LONGEST_S:
            raise RuntimeError("the events were not applied in time")
        for seller_id in orders:
            bell.call_worker(seller_id)
        time.sleep(0.1)
    lasted = time.perf_counter() - began
    if failed := Notification.objects.exclude(state="done").count():
        raise RuntimeError(f"{failed} events were not applied")
    now = processor_times()
    return lasted, 1 - (now[1] - spent[1]) / (now[0] - spent[0])


def processor_times() -> tuple[int, int]:
    """Return how long the processors were there and how long of it idle, in ticks since the start."""
    with open("/proc/stat") as lines:
        ticks = [int(word) for word in next(lines).split()[1:9]]
    return sum(ticks), ticks[3] + ticks[4]
