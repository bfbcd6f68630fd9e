"""How often each account calls Mercado Livre: counted in memory, written in small batches.

A call is never slowed down or broken by its own counting: what cannot be written now is written with the next
batch.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from celery.signals import task_postrun
from django.core.signals import request_finished
from django.db import Error, IntegrityError, connection, transaction
from django.db.models import F

from painelml import metrics
from painelml.meli import Call

from .database import borrowed_connection
from .models import Account, ApiUsage

logger = logging.getLogger(__name__)

MAX_CALLS, MAX_SECONDS = 200, 5.0
"""A batch is written after so many calls or seconds: at 20 calls a second one write in a hundred calls."""

Key = tuple[int, datetime, str, int]

_waiting: dict[Key, tuple[int, float]] = {}
_lock = threading.Lock()
_calls_waiting = 0
_written_at = time.monotonic()


def count(account_pk: int, call: Call) -> None:
    """Count one HTTP attempt of an account; the hour is UTC."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    metrics.CALLS.observe(call.seconds, call.endpoint, str(call.status))
    _add({(account_pk, hour, call.endpoint, call.status): (1, call.seconds)})
    is_due = _calls_waiting >= MAX_CALLS or time.monotonic() - _written_at >= MAX_SECONDS
    # Inside somebody's transaction these rows would stay locked until its end.
    if is_due and not connection.in_atomic_block:
        flush()


def flush(**_signal: Any) -> None:
    """Write what waits. Counts of an account that is gone are dropped, all others survive a failing
    database."""
    try:
        _write_all()
    except Error:
        logger.warning("API usage could not be written; it waits for the next batch", exc_info=True)


def _write_all() -> None:
    if not _calls_waiting:
        return
    batch = _take()
    done = set()
    try:
        with borrowed_connection():
            accounts = Account.objects.filter(pk__in={key[0] for key in batch})
            known = set(accounts.values_list("pk", flat=True))
            for key, numbers in sorted(batch.items()):
                if key[0] in known:
                    _write(key, *numbers)
                done.add(key)
    except Error:
        _add({key: numbers for key, numbers in batch.items() if key not in done})
        raise


def _write(key: Key, calls: int, seconds: float) -> None:
    account_pk, hour, endpoint, status = key
    row = {"account_id": account_pk, "hour": hour, "endpoint": endpoint[:120], "status": status}
    more = {"calls": F("calls") + calls, "seconds": F("seconds") + seconds}
    if ApiUsage.objects.filter(**row).update(**more):
        return
    try:
        with transaction.atomic():
            ApiUsage.objects.create(**row, calls=calls, seconds=seconds)
    except IntegrityError:  # another process was first, or the account was disconnected
        ApiUsage.objects.filter(**row).update(**more)


def _add(counts: dict[Key, tuple[int, float]]) -> None:
    global _calls_waiting
    with _lock:
        for key, (calls, seconds) in counts.items():
            before = _waiting.get(key, (0, 0.0))
            _waiting[key] = (before[0] + calls, before[1] + seconds)
            _calls_waiting += calls


def _take() -> dict[Key, tuple[int, float]]:
    global _calls_waiting, _written_at
    with _lock:
        batch = dict(_waiting)
        _waiting.clear()
        _calls_waiting, _written_at = 0, time.monotonic()
    return batch


def _flush_at_exit() -> None:
    with suppress(Error):  # the log may be closed by now
        _write_all()


request_finished.connect(flush)
task_postrun.connect(flush)
atexit.register(_flush_at_exit)
