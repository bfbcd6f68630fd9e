"""Starting and stopping runs."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Account, User
from painelml.audit import trail

from .engine import READS_POSITION, end_run, ring
from .models import RunKind, RunStatus, SyncRun, SyncStep
from .resource import PLAN, READS, RESOURCES

log = structlog.get_logger(__name__)

SCOPES = ("items", "orders", "shipments", "questions")


def start_sync(
    account: Account,
    scope: str = "all",
    *,
    kind: str = RunKind.MANUAL,
    days: int | None = None,
    requested_by: User | None = None,
) -> list[SyncRun]:
    """Start a run of each resource in `scope` and return them; one that is already active is returned
    instead.

    `days` limits orders and questions to those created in the last days; None means everything Mercado
    Livre still returns. Orders start first: they are what people look for.
    """
    scopes = ["orders", "items", "questions", "shipments"] if scope == "all" else [scope]
    since = None
    if days is not None:
        since = (timezone.now() - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
    with transaction.atomic():
        if requested_by is not None:
            trail.record("sync.started", account, person=requested_by, after={"scope": scope, "days": days})
        return [_start_run(account, name, kind, since, requested_by) for name in scopes]


@trail.watched("sync.cancelled", wanted=dict)
def cancel_run(run: SyncRun) -> bool:
    """Stop a run; its workers notice before their next page. Return whether it was still active."""
    return end_run(run, RunStatus.CANCELLED)


def _start_run(
    account: Account, scope: str, kind: str, since: datetime | None, requested_by: User | None
) -> SyncRun:
    if scope not in RESOURCES:
        raise ValueError(f"There is no resource called {scope!r}.")
    try:
        with transaction.atomic():
            run = SyncRun.objects.create(
                account=account,
                scope=scope,
                kind=kind,
                since=since if RESOURCES[scope].has_past else None,
                requested_by=requested_by,
            )
            SyncStep.objects.create(run=run, name=PLAN, key=PLAN, position=0)
            SyncStep.objects.create(run=run, name=READS, key=READS, position=READS_POSITION)
    except IntegrityError:
        # Somebody was faster: the unique constraint allows one active run per scope.
        active = SyncRun.objects.active().filter(account=account, scope=scope).first()
        if active is None:
            return _start_run(account, scope, kind, since, requested_by)
        return active
    log.info("run_started", run=run.pk, account=account.pk, scope=scope, kind=kind)
    transaction.on_commit(lambda: ring(run))
    return run


def backfill_new_account(account: Account, user: User | None = None, **_: object) -> None:
    """Mirror the whole past of an account that was just connected, or what it missed while it was away."""
    start_sync(account, kind=RunKind.BACKFILL, requested_by=user)
