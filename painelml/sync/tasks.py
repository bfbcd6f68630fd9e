"""When the engine works: on a doorbell, and in a sweep that finds what the doorbell missed."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from threading import BoundedSemaphore

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.db.models import Exists, Min, OuterRef
from django.utils import timezone

from accounts.models import Account, AccountStatus
from painelml.later import Later

from . import upkeep
from .models import RunKind, RunStatus, SyncRun, SyncStep

HELPERS = 3
"""How many workers may help on one run: more do not make it faster, the governor is the limit."""


TURN_S = 10
"""How long one task works on a run: many accounts share the workers in short turns."""
_slots = BoundedSemaphore(max(1, settings.CELERY_WORKER_CONCURRENCY * 3 // 4))
"""The past may not take all threads of a worker: notifications and schedules need one at once."""


@shared_task(name="painelml.sync.work", ignore_result=True)
def work_on_run(run_id: int) -> None:
    """Work on a run for a turn. With every slot taken the ring is dropped: who holds one rings when it is
    free.
    """
    from .engine import work

    if not _slots.acquire(blocking=False):
        return
    try:
        work(run_id, TURN_S)
    finally:
        _slots.release()
        resume_runs()


@shared_task(name="painelml.sync.resume", ignore_result=True)
def resume_runs() -> None:
    """Ring for every run with a step to claim (its worker died, its wait is over, its ring was lost), and for
    those whose worker died after the last step. Runs of an account that has to be connected again end here.
    """
    from .engine import end_run

    for run in (
        SyncRun.objects.active().filter(account__status=AccountStatus.EXPIRED).select_related("account")
    ):
        end_run(run, RunStatus.FAILED, run.account.last_sync_error)
    claimable = SyncStep.objects.claimable(timezone.now()).filter(run__account__in=Account.objects.working())
    waiting_longest = claimable.values("run_id").annotate(since=Min("next_try_at")).order_by("since")
    for run_id in waiting_longest.values_list("run_id", flat=True):
        ring_worker(run_id)
    unfinished = SyncRun.objects.active().filter(account__in=Account.objects.working())
    has_open_step = SyncStep.objects.open().filter(run=OuterRef("pk"))
    for run_id in unfinished.exclude(Exists(has_open_step)).values_list("pk", flat=True):
        ring_worker(run_id)


@shared_task(name="painelml.sync.due_accounts", ignore_result=True)
def sync_due_accounts() -> None:
    """Start the regular re-read of every account whose own interval has passed (default five minutes)."""
    from .actions import start_sync

    now = timezone.now()
    for account in Account.objects.due(now):
        next_sync = now + timedelta(seconds=account.sync_interval_seconds)
        # Of two schedulers only one update finds the account still due.
        if Account.objects.due(now).filter(pk=account.pk).update(next_sync=next_sync):
            start_sync(account, kind=RunKind.INCREMENTAL)


@shared_task(name="painelml.sync.audit", ignore_result=True)
def audit_accounts() -> None:
    """Start the audits of the accounts where it is night."""
    from .audit import start_due_audits

    start_due_audits(timezone.now())


@shared_task(name="painelml.sync.cleanup", ignore_result=True)
def delete_old_runs() -> None:
    """Every day: delete runs and steps past their days."""
    upkeep.delete_old_runs()


@shared_task(name="painelml.sync.forget_buyers", ignore_result=True)
def forget_old_buyers() -> None:
    """Every day: take the personal data of buyers out of what is older than `BUYER_DATA_DAYS`."""
    from .erasure import forget_old

    for account in Account.objects.all():
        forget_old(account)


def ring_worker(run_id: int) -> None:
    """Ask the workers to look at a run, without waiting. A ring may be lost: the sweep is behind it."""
    _rings.add(run_id)


def _ring(rung: Counter[int]) -> None:
    for run_id in rung:
        if any(cache.add(f"ring:run:{run_id}:{helper}", 1, timeout=1) for helper in range(HELPERS)):
            work_on_run.apply_async((run_id,), retry=False)


_rings = Later(_ring, pause_s=0.2)
