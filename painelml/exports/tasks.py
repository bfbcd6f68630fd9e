"""When files are made: on a doorbell, and in a sweep that finds what the doorbell missed."""

from __future__ import annotations

from collections import Counter
from threading import BoundedSemaphore

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from painelml.later import Later

SLOTS = 2
"""Files a worker makes at a time: that is reckoning, not waiting, and the other threads want to work too."""
_slots = BoundedSemaphore(SLOTS)


@shared_task(name="painelml.exports.make", ignore_result=True)
def make_files() -> None:
    """Make files until none waits. With every slot taken the ring is dropped: who holds one goes on."""
    from .making import make_next

    if not _slots.acquire(blocking=False):
        return
    try:
        while make_next():
            pass
    finally:
        _slots.release()


@shared_task(name="painelml.exports.resume", ignore_result=True)
def resume_files() -> None:
    """Ring for files nobody makes: their worker died, or their ring was lost."""
    from .models import ExportFile

    if ExportFile.objects.claimable(timezone.now()).exists():
        ring()


@shared_task(name="painelml.exports.cleanup", ignore_result=True)
def delete_expired_files() -> None:
    """Every hour: delete files past their days."""
    from .actions import delete_files
    from .models import ExportFile

    delete_files(ExportFile.objects.filter(expires_at__lte=timezone.now()))


def ring() -> None:
    """Ask a worker to make what waits, once this is committed. A ring may be lost: the sweep is behind it."""
    transaction.on_commit(lambda: _rings.add("make"))


def _ring(rung: Counter[str]) -> None:
    make_files.apply_async(retry=False)


_rings = Later(_ring, pause_s=0.2)
