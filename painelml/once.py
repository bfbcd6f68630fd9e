"""Doing what costs calls to Mercado Livre once, although two schedulers may ask for it."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.core.cache import cache

log = logging.getLogger(__name__)


def once_in(name: str, *, minutes: float) -> bool:
    """Return whether nobody else began this in the last `minutes`, and note that we do now.

    Without the cache the answer is yes: doing it twice costs calls, not doing it could cost more.
    """
    try:
        return cache.add(f"once:{name}", 1, timeout=timedelta(minutes=minutes).total_seconds())
    except Exception as error:
        log.warning("Who else does %s cannot be told: %s", name, type(error).__name__)
        return True
