"""Everything goes wrong at once, for a while. Afterwards nothing is lost, double or stale."""

from __future__ import annotations

import http.client
import json
import signal
import time
from collections.abc import Sequence
from random import Random

import pytest

from accounts.models import Account, AccountStatus
from painelml.sandbox import Sandbox
from painelml.sandbox.world import Change
from painelml.sync.actions import start_sync
from painelml.sync.models import PendingRead, RunKind
from painelml.sync.queries import found_by_rereads, ledger
from tests.drills.conftest import Say
from tests.drills.panel import FULL, Panel
from tests.drills.settling import (
    end_leases,
    fill,
    inbox_is_empty,
    no_more_rereads,
    nothing_runs,
    reread,
    reread_every,
    settle,
)
from tests.sync.truth import differences
from webhooks.models import Notification, NotificationState

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]

ROUNDS = 3
STORM = dict.fromkeys(("sell", "change_items", "ask", "move", "answer"), 28 if FULL else 5)
"""What happens in every round to each seller: in full size some 600 resources change."""
NOTIFICATIONS = 5_000 if FULL else 400
"""At least so many are told, repeats among them: what changed is told of again and again."""
REDIS_AWAY_S = 60 if FULL else 3
DATABASE_AWAY_S = 20 if FULL else 3
KILLS, KILL_EVERY_S = (24, 5) if FULL else (5, 3)
STRANGER, STRANGERS = "99", 40


def test_a_storm_while_everything_fails_leaves_the_rows_true(
    accounts: list[Account], box: Sandbox, panel: Panel, say: Say
) -> None:
    fill(accounts)
    reread_every(5)
    began = time.monotonic()
    changes = Recorder(box)
    box.drills.update(
        {"duplicates": 0.3, "reorder": 1.0, "loss": 0.1, "garbage": 0.02, "error_rate": 0.1,
         "errors": ["429", "5xx"]}
    )  # fmt: skip
    for account in accounts:
        start_sync(account, kind=RunKind.AUDIT)

    refusals = 0
    with panel.killing(KILLS, KILL_EVERY_S):
        for trouble in range(ROUNDS):
            for account in accounts:
                box.control(seller=int(account.meli_user_id), **STORM)
            changes.tell_again(NOTIFICATIONS // ROUNDS)
            refusals += strangers_knock(panel.port, trouble)
            box.control(expire=True)
            if trouble == 1:
                panel.servers.redis.restart(REDIS_AWAY_S)
            elif trouble == 2:
                panel.servers.postgres.restart(DATABASE_AWAY_S)
    box.drills.update({"error_rate": 0.0, "loss": 0.0})
    assert box.wait_until_told(120)
    calmed = time.monotonic()

    everything_settles(accounts)

    for account in accounts:
        assert differences(account, box) == []
        account.refresh_from_db()
        assert account.status == AccountStatus.ACTIVE
    assert not PendingRead.objects.exists()
    assert panel.killed == [-signal.SIGKILL] * KILLS
    ours = Notification.objects.filter(seller_id__in=[account.meli_user_id for account in accounts])
    assert set(ours.exclude(kind="").values_list("state", flat=True)) == {NotificationState.DONE}
    strangers = Notification.objects.filter(seller_id=STRANGER)
    assert list(strangers.values_list("state", flat=True)) == ["ignored"] * STRANGERS * ROUNDS
    assert refusals == ROUNDS
    found = found_by_rereads(accounts)
    say(f"{changes.told} notifications for {len(changes.seen)} resources, {KILLS} workers killed")
    say(f"{calmed - began:.0f} s of trouble, settled and audited {time.monotonic() - calmed:.0f} s later")
    say(f"{ours.count()} events stored, {found} changes found by re-read, calls {box.calls.total()}")
    assert changes.told >= NOTIFICATIONS
    assert found > 0
    assert all(one.run.total == one.run.done for one in ledger(accounts))


class Recorder:
    """Counts what the sandbox tells of, and lets it tell that again."""

    def __init__(self, box: Sandbox) -> None:
        self.notifier = box.box.notifier
        self.seen: dict[Change, None] = {}
        self.told = 0
        box.world.on_change = self.tell

    def tell(self, change: Change) -> None:
        self.seen[change] = None
        self.told += 1
        self.notifier.tell(change)

    def tell_again(self, times: int) -> None:
        for change in Random(self.told).choices(list(self.seen), k=times):
            self.tell(change)


def strangers_knock(port: int, number: int) -> int:
    """Notifications of sellers nobody knows, and one body that is none; return how many were refused."""
    refused = 0
    for knock in range(STRANGERS):
        body = {
            "topic": "orders_v2",
            "resource": f"/orders/{knock}",
            "user_id": STRANGER,
            "_id": f"{number}-{knock}",
        }
        assert post(port, json.dumps(body)) == 200
    refused += post(port, "this is no notification") == 400
    return refused


def post(port: int, body: str) -> int:
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        wire.request("POST", "/meli/webhooks", body, {"Content-Type": "application/json"})
        return wire.getresponse().status
    finally:
        wire.close()


def everything_settles(accounts: Sequence[Account]) -> None:
    """Let the leases of the dead and the waits after errors pass, then re-read and audit once more."""
    end_leases()
    settle(inbox_is_empty)
    no_more_rereads()
    settle(nothing_runs)
    for kind in (RunKind.INCREMENTAL, RunKind.AUDIT):
        reread(accounts, kind)
