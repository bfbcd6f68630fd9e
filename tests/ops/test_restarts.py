"""The graceful-restart drill: what a process has begun when it is told to stop is finished or given back."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from accounts.keys import make_key
from accounts.models import Account, Organization, Scope, User
from orders.models import Order
from painelml.celery import NICENESS, app
from painelml.sandbox import Sandbox
from painelml.sync.actions import start_sync
from painelml.sync.models import RunKind, RunStatus, StepState, SyncRun, SyncStep
from painelml.sync.resource import PLAN
from tests import processes
from tests.ops.conftest import ask, notification, worker
from tests.ops.test_containers import command_of
from tests.ops.traffic import Front, again, going_on, read
from tests.sync import truth
from webhooks.inbox import read_envelope, store
from webhooks.models import Notification, Outcome

pytestmark = pytest.mark.django_db(transaction=True)

SLOW_MS = 1500


def web_as_in_production(port: int) -> list[str]:
    words = [word.replace("8000", str(port)).replace("0.0.0.0", "127.0.0.1") for word in command_of("web")]
    assert words[0] == "granian"
    return words


def test_a_web_process_answers_what_it_has_begun(
    connected: Account, shop: Organization, ana: User, small_box: Sandbox
) -> None:
    key = make_key(shop, "drill", [Scope.READ, Scope.ACCOUNTS], ana)[1]
    renewal = f"/api/ml-accounts/{connected.pk}/refresh-token"
    orders = itertools.cycle(small_box.truth(int(connected.meli_user_id), "orders"))
    numbers = itertools.count()
    ports = [processes.free_port(), processes.free_port()]
    small_box.drills.latency_ms = SLOW_MS
    with (
        processes.running(
            *web_as_in_production(ports[0]), ready=lambda: processes.listens(ports[0])
        ) as first,
        processes.running(*web_as_in_production(ports[1]), ready=lambda: processes.listens(ports[1])),
    ):
        front = Front([ports[0]])
        with going_on(
            front,
            0.02,
            reading=read("/api/ml-accounts", key),
            slow=lambda port: ask(port, renewal, "PUT", headers={"Authorization": f"Bearer {key}"}),
            notification=lambda port: ask(
                port, "/meli/webhooks", "POST", notification(connected, next(orders), next(numbers))
            ),
        ) as traffic:
            processes.until(again(traffic, "slow"), 60)
            processes.until(again(traffic, "reading", 20), 60)
            time.sleep(0.3)  # the next slow one is on its way
            began = small_box.calls["POST /oauth/token"]
            front.ports.insert(0, ports[1])  # a proxy is told first, or finds out by a refused connection
            first.send_signal(signal.SIGTERM)
            assert first.wait(40) == 0
            assert small_box.calls["POST /oauth/token"] >= began
            processes.until(again(traffic, "slow"), 60)
            processes.until(again(traffic, "reading", 20), 60)
    assert traffic.failures == []
    assert {status for _name, status in traffic.answers} == {"200"}
    assert Notification.objects.count() == traffic.total("notification")


EVENTS = 60
"""Three batches: two drains hold two of them, and would take the third if they went on."""
SWEEPS = ("painelml.sync.resume", "webhooks.sweep")


def swept(condition: Callable[[], Any]) -> None:
    """Wait for the condition while the scheduler's sweeps come, more often than it sends them."""
    for _ in range(60):
        for sweep in SWEEPS:
            app.send_task(sweep)
        with suppress(AssertionError):
            processes.until(condition, 1)
            return
    raise AssertionError("it did not happen in time")


def test_a_worker_finishes_or_gives_back_what_it_holds(connected: Account, small_box: Sandbox) -> None:
    ids = list(small_box.truth(int(connected.meli_user_id), "orders"))[:EVENTS]
    for number, meli_id in enumerate(ids):
        store(read_envelope(notification(connected, meli_id, number)))
    Notification.objects.update(source="missed_feed")  # a flood of its own making is not waited out
    (run,) = start_sync(connected, "items", kind=RunKind.BACKFILL)
    small_box.drills.latency_ms = 500

    with worker() as first:
        assert os.getpriority(os.PRIO_PROCESS, first.pid) == min(os.nice(0) + NICENESS, 19), "it gives way"
        app.send_task("painelml.sync.resume")
        processes.until(SyncStep.objects.exclude(name=PLAN).filter(state=StepState.WORKING).exists, 60)
        small_box.drills.latency_ms = SLOW_MS  # nothing ends before the worker is told to
        app.send_task("webhooks.sweep")
        processes.until(Notification.objects.filter(state="working").exists, 60)
        first.send_signal(signal.SIGTERM)
        small_box.drills.latency_ms = 300
        assert first.wait(60) == 0

    now = timezone.now()
    assert not Notification.objects.filter(state="working").exists(), "nothing is held any more"
    assert not SyncStep.objects.filter(state=StepState.WORKING, lease_until__gt=now).exists()
    assert Notification.objects.filter(state="pending").exists(), "it stopped in the middle"
    assert SyncRun.objects.get().is_active
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        assert broker.hlen("painelml:unacked") == 0, "no task waits for a lease of the broker to end"
    applied = Notification.objects.filter(state="done").count()
    assert small_box.calls["GET /orders/{id}"] == applied == Order.objects.count(), "what was read is kept"

    small_box.drills.latency_ms = 0
    with worker():
        swept(lambda: not Notification.objects.open().exists() and not SyncRun.objects.active().exists())

    assert SyncRun.objects.get(pk=run.pk).status == RunStatus.DONE
    assert sorted(Order.objects.values_list("meli_id", flat=True)) == sorted(ids)
    assert set(Notification.objects.values_list("state", "outcome")) == {("done", Outcome.CREATED)}
    assert set(Notification.objects.values_list("attempts", flat=True)) == {1}
    assert small_box.calls["GET /orders/{id}"] == len(ids), "none was read twice"
    assert list(truth.items(connected, small_box)) == []
