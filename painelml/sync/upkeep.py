"""Keeping the tables of runs small."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Max, Q
from django.utils import timezone

from .models import RunKind, RunStatus, SyncRun, SyncStep

QUIET_KEPT = timedelta(days=1)
"""A re-read that found nothing: over a thousand of them a day and account."""
STEPS_KEPT = timedelta(days=2)
DELETED_AT_ONCE = 1_000


def delete_old_runs() -> int:
    """Delete runs past their days, and the steps of those that ended well. Return how many runs.

    The newest of each kind and outcome stays whatever its age: it is the ledger, and the mark of the next
    re-read.
    """
    now = timezone.now()
    ended = SyncRun.objects.exclude(pk__in=SyncRun.objects.active().values("pk")).order_by()
    newest = ended.values("account", "scope", "kind", "status").annotate(newest=Max("pk")).values("newest")
    old = Q(finished_at__lt=now - timedelta(days=settings.HISTORY_DAYS))
    quiet = Q(kind=RunKind.INCREMENTAL, status=RunStatus.DONE, changed=0, finished_at__lt=now - QUIET_KEPT)
    deleted = 0
    while ids := list(
        ended.filter(old | quiet).exclude(pk__in=newest).values_list("pk", flat=True)[:DELETED_AT_ONCE]
    ):
        SyncRun.objects.filter(pk__in=ids).delete()
        deleted += len(ids)
    SyncStep.objects.filter(run__status=RunStatus.DONE, run__finished_at__lt=now - STEPS_KEPT).delete()
    return deleted
