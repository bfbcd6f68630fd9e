"""`kill -9` of workers in mid-drain: what they held is taken over, and nothing is lost or done twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from accounts.models import Account
from orders.models import Order
from painelml.sandbox import Sandbox
from tests import processes
from webhooks.inbox import read_envelope, store
from webhooks.models import Notification

from .conftest import ANAS_SHOP, envelope

pytestmark = pytest.mark.django_db(transaction=True)

BATCHES = 20
LEASE_S = "1.5"


def worker(account: Account) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.webhooks.drain_once", account.meli_user_id, LEASE_S],
        cwd=processes.ROOT,
        env=processes.environment(),
    )


def count(state: str) -> int:
    return Notification.objects.filter(state=state).count()


def holds_events(victim: subprocess.Popen[bytes]) -> bool:
    """Whether the worker, which is made to stand still to be looked at, stands in the middle of a batch."""
    victim.send_signal(signal.SIGSTOP)
    time.sleep(0.05)  # a commit it had sent is carried out without it
    if count("working"):
        return True
    victim.send_signal(signal.SIGCONT)
    return False


def kill_in_mid_drain(victim: subprocess.Popen[bytes]) -> None:
    """Let it settle some events, then kill it while it holds others."""
    settled = count("done")
    processes.until(lambda: count("done") > settled and holds_events(victim), 60, victim)
    victim.kill()
    victim.wait()


def test_killed_workers_lose_nothing(account: Account, box: Sandbox) -> None:
    ids = list(box.truth(ANAS_SHOP, "orders"))[:80]
    for meli_id in ids * 2:
        store(read_envelope(envelope("orders_v2", f"/orders/{meli_id}", received="2026-11-20T10:00:00Z")))
    Notification.objects.update(source="missed_feed")  # a flood of its own making is not waited out
    box.drills.latency_ms = 40

    for _ in range(2):
        victim = worker(account)
        kill_in_mid_drain(victim)
        assert count("working"), "it was killed while it held something"

    heirs = [worker(account) for _ in range(2)]
    assert [heir.wait(120) for heir in heirs] == [0, 0]
    box.drills.latency_ms = 0

    assert set(Notification.objects.values_list("state", flat=True)) == {"done"}
    assert Notification.objects.count() == len(ids) * 2
    assert sorted(Order.objects.values_list("meli_id", flat=True)) == sorted(ids)
    read_again = 2 * BATCHES  # at most the batch each victim held
    assert box.calls["GET /orders/{id}"] <= len(ids) + read_again + len(ids) // 40 + 1
