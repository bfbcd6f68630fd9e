"""Runs survive killed workers, lost leases and people who stop them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts import actions as account_actions
from accounts.models import Organization
from orders.models import Order
from painelml.sandbox import Drills
from painelml.sync.actions import cancel_run, start_sync
from painelml.sync.engine import Worker
from painelml.sync.models import RunKind, RunStatus, StepState, SyncStep
from painelml.sync.resource import READS
from tests.sync.conftest import OpenBox, connect, run_all
from tests.sync.truth import differences

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]


def start_worker(runs: list[int]) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "MELI_API_URL": settings.MELI_API_URL,
        "MELI_CLIENT_ID": settings.MELI_CLIENT_ID,
        "MELI_CLIENT_SECRET": settings.MELI_CLIENT_SECRET,
        "MELI_MAX_RPM": "0",
        "DJANGO_SETTINGS_MODULE": "painelml.settings",
    }
    command = [sys.executable, "-m", "tests.sync.worker", *map(str, runs)]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def database_url() -> str:
    name = str(connection.settings_dict["NAME"])
    address = os.environ["DATABASE_URL"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    base, _, query = address.partition("?")
    return base.rsplit("/", 1)[0] + f"/{name}" + (f"?{query}" if query else "")


def let_leases_of_the_dead_end() -> None:
    """As if the lease's time had passed: nobody who lives holds one."""
    SyncStep.objects.filter(state=StepState.WORKING).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_backfill_survives_three_kills_of_its_worker(shop: Organization, open_box: OpenBox) -> None:
    box = open_box(orders=500, items=120, questions=100, drills=Drills(latency_ms=15))
    account = connect(shop, box)
    runs = start_sync(account, kind=RunKind.BACKFILL)
    for held in (60, 200, 400):
        worker = start_worker([run.pk for run in runs])
        until = time.monotonic() + 60
        while Order.objects.count() < held and worker.poll() is None:
            assert time.monotonic() < until, "the worker did not get on"
            time.sleep(0.02)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        let_leases_of_the_dead_end()
    box.drills.latency_ms = 0
    ended = run_all(runs)
    assert {run.status for run in ended} == {RunStatus.DONE}
    assert differences(account, box) == []
    pages = -(-500 // 50)
    assert box.calls["GET /orders/search"] <= 1.2 * pages + 20 + 3
    shipments = Order.objects.exclude(shipment_id="").values("shipment_id").distinct().count()
    assert box.calls["GET /shipments/{id}"] <= shipments + 3 * 40
    assert box.calls["GET /items/bulk"] <= -(-120 // 20) + 3 * 5


def test_a_worker_that_lost_its_lease_moves_nothing(shop: Organization, open_box: OpenBox) -> None:
    box = open_box(orders=200)
    account = connect(shop, box)
    (run,) = start_sync(account, "orders", kind=RunKind.BACKFILL)
    slow, quick = Worker(run), Worker(run)
    slow.do(slow.claim(), until=float("inf"))
    step = slow.claim()
    SyncStep.objects.filter(pk=step.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    taken = quick.claim()
    assert taken.pk == step.pk
    slow.do(step, until=0)
    taken.refresh_from_db()
    assert (taken.cursor, taken.pages, taken.lease_owner) == (None, 0, quick.name)
    quick.do(taken, until=float("inf"))
    assert Order.objects.count() == 200


def test_a_run_whose_worker_died_after_the_last_step_ends_with_the_next(
    shop: Organization, open_box: OpenBox
) -> None:
    account = connect(shop, open_box(orders=10))
    (run,) = start_sync(account, "orders", kind=RunKind.BACKFILL)
    worker = Worker(run)
    worker.note_progress = lambda: None  # type: ignore[method-assign]  # where kill -9 strikes
    while (step := worker.claim()) is not None:
        worker.do(step, until=float("inf"))
        SyncStep.objects.update(next_try_at=timezone.now())
    run.refresh_from_db()
    assert run.is_active
    (run,) = run_all([run])
    assert (run.status, run.done, run.total) == (RunStatus.DONE, 10, 10)


def test_two_workers_never_take_the_same_step(shop: Organization, open_box: OpenBox) -> None:
    account = connect(shop, open_box(orders=10))
    (run,) = start_sync(account, "orders", kind=RunKind.BACKFILL)
    first, second = Worker(run).claim(), Worker(run).claim()
    assert first.name == "plan"
    assert second is None or second.pk != first.pk


def test_a_cancelled_run_stops_before_its_next_page_and_keeps_its_rows(
    shop: Organization, open_box: OpenBox
) -> None:
    box = open_box(orders=400)
    account = connect(shop, box)
    (run,) = start_sync(account, "orders", kind=RunKind.BACKFILL)
    worker = Worker(run)
    worker.do(worker.claim(), until=float("inf"))
    step = worker.claim()
    worker.do(step, until=0)
    assert cancel_run(run)
    run.refresh_from_db()
    assert (run.status, Order.objects.count()) == (RunStatus.CANCELLED, 50)
    assert worker.claim() is None
    assert not cancel_run(run)


def test_a_paused_account_stops_and_goes_on_at_its_cursor(shop: Organization, open_box: OpenBox) -> None:
    box = open_box(orders=300)
    account = connect(shop, box)
    (run,) = start_sync(account, "orders", kind=RunKind.BACKFILL)
    worker = Worker(run)
    worker.do(worker.claim(), until=float("inf"))
    account_actions.pause(account)
    worker.do(worker.claim(), until=float("inf"))
    assert Order.objects.count() == 50
    listed = box.calls["GET /orders/search"]
    account_actions.resume(account)
    (run,) = run_all([run])
    assert run.status == RunStatus.DONE
    assert Order.objects.count() == 300
    assert box.calls["GET /orders/search"] <= listed + 7


def test_a_dead_grant_ends_the_run_in_words_and_expires_the_account(
    shop: Organization, open_box: OpenBox
) -> None:
    box = open_box(orders=50)
    account = connect(shop, box)
    runs = start_sync(account, kind=RunKind.BACKFILL)
    box.control(revoke=int(account.meli_user_id))
    ended = run_all(runs[:1])
    account.refresh_from_db()
    assert account.status == "expired"
    assert ended[0].status == RunStatus.FAILED
    assert ended[0].error


def test_reads_that_wait_for_a_list_look_again_once_it_ended(
    shop: Organization, open_box: OpenBox, rung: list[int]
) -> None:
    """Nobody would ring otherwise, and every run would end with the sweep only."""
    account = connect(shop, open_box(questions=5))
    (run,) = start_sync(account, "questions", kind=RunKind.BACKFILL)
    worker, lists = Worker(run), []
    worker.do(worker.claim(), until=float("inf"))
    while (step := worker.claim()).name != READS:
        lists.append(step)
    worker.do(step, until=float("inf"))
    assert worker.claim() is None, "it waits for the lists"
    rung.clear()
    for listing in lists:
        worker.do(listing, until=float("inf"))
    assert run.pk in rung
    worker.do(worker.claim(), until=float("inf"))
    run.refresh_from_db()
    assert run.status == RunStatus.DONE
