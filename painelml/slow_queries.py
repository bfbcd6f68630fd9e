"""For developers (`DEBUG`): a log line for every statement that takes longer than a page should."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver

log = structlog.get_logger(__name__)

SLOW_S = 0.1
SHOWN = 500


@receiver(connection_created)
def watch(connection: BaseDatabaseWrapper, **_: object) -> None:
    if settings.DEBUG and tell_when_slow not in connection.execute_wrappers:
        connection.execute_wrappers.append(tell_when_slow)


def tell_when_slow(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """Run the statement. Its values are not told: they are buyers' names as often as not."""
    began = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        seconds = time.perf_counter() - began
        if seconds >= SLOW_S:
            log.warning("slow_query", ms=round(seconds * 1000), sql=" ".join(sql.split())[:SHOWN])
