"""The nightly audit: all we hold against all Mercado Livre lists, in the seller's own night.

An audit is a run like a backfill: it lists everything and saves it as always, so what differs is repaired by
being read. What the lists leave out although we hold it is read by its id. The run stays as the ledger:
what Mercado Livre said there is, what we hold, how many rows were not true, and when that was.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import Account

from .actions import SCOPES, start_sync
from .models import RunKind, RunStatus, SyncRun

NIGHT = range(2, 6)
"""Hours of the seller's day; one that is missed (the panel was off) is made up for in the next night."""
CHECKED = timedelta(hours=20)
"""What was listed as a whole so recently needs no audit tonight."""


def start_due_audits(now: datetime) -> list[SyncRun]:
    """Start the audits whose night it is and return their runs. Repeating it starts nothing twice."""
    accounts = [
        account for account in Account.objects.working() if now.astimezone(account.time_zone).hour in NIGHT
    ]
    return [run for account in accounts for run in start_audit(account, now)]


def start_audit(account: Account, now: datetime) -> list[SyncRun]:
    """Start an audit of each resource that was not listed as a whole lately and is not being read now."""
    mine = SyncRun.objects.filter(account=account)
    checked = mine.listings().filter(status=RunStatus.DONE, created_at__gt=now - CHECKED)
    settled = {*checked.values_list("scope", flat=True), *mine.active().values_list("scope", flat=True)}
    due = [scope for scope in SCOPES if scope not in settled]
    return [run for scope in due for run in start_sync(account, scope, kind=RunKind.AUDIT)]
