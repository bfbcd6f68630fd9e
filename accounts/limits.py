"""Where the limits on logging in are counted: in Redis, for all processes together, while it answers.

While it does not, each process counts for itself: people still come in, and nobody gets more tries than
processes times the limit.
"""

from __future__ import annotations

import time
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from redis.exceptions import RedisError

PAUSE_S = 10
"""How long Redis is not asked again after it did not answer: a login asks some ten times."""


class LimitCache:
    """The four words of Django's cache that allauth's limits use."""

    def __init__(self) -> None:
        self.own = LocMemCache("limits", {"OPTIONS": {"MAX_ENTRIES": 20_000}})
        self.away_until = 0.0

    def get(self, key: str, default: Any = None) -> Any:
        return self.ask("get", key, default)

    def set(self, key: str, value: Any, timeout: float | None = None) -> None:
        self.ask("set", key, value, timeout)

    def add(self, key: str, value: Any, timeout: float | None = None) -> bool:
        return bool(self.ask("add", key, value, timeout))

    def delete(self, key: str) -> bool:
        return bool(self.ask("delete", key))

    def ask(self, word: str, *args: Any) -> Any:
        if time.monotonic() >= self.away_until:
            try:
                return getattr(caches["default"], word)(*args)
            except RedisError:
                self.away_until = time.monotonic() + PAUSE_S
        return getattr(self.own, word)(*args)
