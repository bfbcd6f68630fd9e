"""Waiting until the panel has nothing left to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from django.utils import timezone

from accounts.models import Account
from painelml.sync.actions import start_sync
from painelml.sync.models import PendingRead, RunKind, RunStatus, StepState, SyncRun, SyncStep
from webhooks.models import Notification, NotificationState

PATIENCE_S = 300


def fill(accounts: Sequence[Account]) -> None:
    """Mirror everything, and let no re-read come between."""
    no_more_rereads()
    for account in accounts:
        start_sync(account, kind=RunKind.BACKFILL)
    settle(nothing_runs)


def reread(accounts: Sequence[Account], kind: RunKind) -> None:
    """Start one such run of everything and see it end well."""
    runs = [run.pk for account in accounts for run in start_sync(account, kind=kind)]
    settle(nothing_runs)
    ended = SyncRun.objects.filter(pk__in=runs).exclude(status=RunStatus.DONE)
    assert [(run.scope, run.kind, run.error) for run in ended] == []


def reread_every(seconds: int) -> None:
    Account.objects.update(sync_interval_seconds=seconds, next_sync=timezone.now())


def no_more_rereads() -> None:
    reread_every(86_400)
    Account.objects.update(next_sync=timezone.now() + timedelta(days=1))


def nothing_runs() -> bool:
    return not SyncRun.objects.active().exists()


def inbox_is_empty() -> bool:
    return not Notification.objects.open().exists()


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
        time.sleep(0.2)


def end_leases() -> None:
    """As if their time had passed: the dead hold on to nothing, and those who live lose at most a page."""
    now = timezone.now()
    Notification.objects.filter(state=NotificationState.WORKING).update(lease_until=now)
    SyncStep.objects.filter(state=StepState.WORKING).update(lease_until=now)
