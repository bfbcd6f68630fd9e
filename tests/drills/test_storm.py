"""Everything goes wrong at once, for a while. Afterwards nothing is lost, double or stale."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account, AccountStatus
from painelml.sandbox import Sandbox
from painelml.sync.actions import start_sync
from painelml.sync.models import PendingRead, RunKind, RunStatus, StepState, SyncRun, SyncStep
from painelml.sync.queries import found_by_rereads, ledger
from tests.drills.panel import FULL, Panel
from tests.sync.truth import differences
from webhooks.models import Notification, NotificationState

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]

STORM = dict.fromkeys(("sell", "change_items"), 120 if FULL else 8) | dict.fromkeys(
    ("ask", "move", "answer"), 60 if FULL else 5
)
ROUNDS = 6 if FULL else 3
OUTAGE_S = 60 if FULL else 3
PATIENCE_S = 900 if FULL else 120
STRANGER, STRANGERS = "99", 40


def test_a_storm_while_everything_fails_leaves_the_rows_true(
    accounts: list[Account], box: Sandbox, panel: Panel
) -> None:
    box.drills.update(
        {"duplicates": 0.3, "reorder": 0.3, "loss": 0.1, "garbage": 0.02, "error_rate": 0.1,
         "errors": ["429", "5xx"]}
    )  # fmt: skip
    for account in accounts:
        start_sync(account, kind=RunKind.BACKFILL)

    refusals = 0
    for number in range(ROUNDS):
        for account in accounts:
            box.control(seller=int(account.meli_user_id), **STORM)
        refusals += strangers_knock(panel.port, number)
        panel.kill_a_worker()
        if number % 3 == 0:
            panel.empty_redis()
            box.control(expire=True)
        elif number % 3 == 1:
            panel.without(panel.redis, OUTAGE_S)
        else:
            panel.without(panel.database, OUTAGE_S)
        panel.kill_a_worker()
        if number == 0:
            end_leases()
            settle(lambda: not SyncRun.objects.active().filter(kind=RunKind.BACKFILL).exists())
    box.drills.update({"error_rate": 0.0, "loss": 0.0})
    assert box.wait_until_told(PATIENCE_S)

    everything_settles(accounts)

    for account in accounts:
        assert differences(account, box) == []
        account.refresh_from_db()
        assert account.status == AccountStatus.ACTIVE
    assert not PendingRead.objects.exists()
    assert panel.kills == 2 * ROUNDS
    ours = Notification.objects.filter(seller_id__in=[account.meli_user_id for account in accounts])
    assert set(ours.exclude(kind="").values_list("state", flat=True)) == {NotificationState.DONE}
    strangers = Notification.objects.filter(seller_id=STRANGER)
    assert list(strangers.values_list("state", flat=True)) == ["ignored"] * STRANGERS * ROUNDS
    assert refusals == ROUNDS
    assert found_by_rereads(accounts) > 0
    assert all(one.run.total == one.run.done for one in ledger(accounts))


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
    settle(lambda: not Notification.objects.open().exists())
    far = timezone.now() + timedelta(days=1)
    Account.objects.update(sync_interval_seconds=86_400, next_sync=far)
    settle(lambda: not SyncRun.objects.active().exists())
    for kind in (RunKind.INCREMENTAL, RunKind.AUDIT):
        runs = [run.pk for account in accounts for run in start_sync(account, kind=kind)]
        settle(lambda: not SyncRun.objects.active().exists())
        ended = SyncRun.objects.filter(pk__in=runs).exclude(status=RunStatus.DONE)
        assert [(run.scope, run.kind, run.error) for run in ended] == []


def settle(is_settled: Callable[[], bool]) -> None:
    """Wait until it is, without the waits after errors."""
    give_up_at = time.monotonic() + PATIENCE_S
    while not is_settled():
        assert time.monotonic() < give_up_at, "it did not settle in time"
        now = timezone.now()
        for waiting in (
            Notification.objects.filter(state=NotificationState.PENDING),
            SyncStep.objects.filter(state=StepState.WAITING),
            PendingRead.objects.filter(given_up=False),
        ):
            waiting.filter(next_try_at__gt=now + timedelta(seconds=1)).update(next_try_at=now)
        time.sleep(0.5)


def end_leases() -> None:
    """As if their time had passed: the dead hold on to nothing, and those who live lose at most a page."""
    now = timezone.now()
    Notification.objects.filter(state=NotificationState.WORKING).update(lease_until=now)
    SyncStep.objects.filter(state=StepState.WORKING).update(lease_until=now)
