"""When bulk changes are worked on: on a doorbell, and in a sweep that finds what the doorbell missed."""

from __future__ import annotations

from collections import Counter
from threading import BoundedSemaphore

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from painelml.later import Later

from .models import BulkChange, BulkLine, BulkStatus

HELPERS = 2
"""How many workers may help on one change."""
TURN_S = 10
"""How long one task works on a change: everybody else's tasks come in between."""
_slots = BoundedSemaphore(max(1, settings.CELERY_WORKER_CONCURRENCY // 4))
"""Writing thousands of listings may not take the threads that notifications and schedules need."""


@shared_task(name="catalog.bulk", ignore_result=True)
def work_on_change(change_id: int) -> None:
    """Write lines of a change for a turn. With every slot taken the ring is dropped: who holds one rings
    when it is free."""
    from .bulk_work import work

    if not _slots.acquire(blocking=False):
        return
    try:
        work(change_id, TURN_S)
    finally:
        _slots.release()
        resume_changes()


@shared_task(name="catalog.resume_bulk", ignore_result=True)
def resume_changes() -> None:
    """Ring for every change with a line to claim: its worker died, its wait is over, or its ring was lost."""
    claimable = BulkLine.objects.claimable(timezone.now()).order_by()
    for change_id in claimable.values_list("change_id", flat=True).distinct():
        ring_worker(change_id)
    # Its last worker may have died between its last line and its end.
    from .bulk import end_if_over

    for change in BulkChange.objects.filter(finished_at=None).exclude(status=BulkStatus.PREVIEW):
        end_if_over(change)


@shared_task(name="catalog.cleanup", ignore_result=True)
def delete_old_previews() -> None:
    """Every hour: delete previews nobody started."""
    from . import bulk

    bulk.delete_old_previews(timezone.now())


def ring_worker(change_id: int) -> None:
    """Ask the workers to look at a change, without waiting."""
    _rings.add(change_id)


def _ring(rung: Counter[int]) -> None:
    for change_id in rung:
        if any(cache.add(f"ring:bulk:{change_id}:{helper}", 1, timeout=1) for helper in range(HELPERS)):
            work_on_change.apply_async((change_id,), retry=False)


_rings = Later(_ring, pause_s=0.2)
