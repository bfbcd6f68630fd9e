"""How many notifications a minute are taken, where `MELI_WEBHOOK_MAX_RPM` limits that.

Counted in the cache, for all processes together; while it does not answer everybody may send, and it is left
alone for a while. Mercado Livre sends again what is refused, and keeps it in the missed feeds after that; a
topic it cannot deliver for long it stops sending at all, so this is for calls that are not Mercado Livre's.
"""

from __future__ import annotations

import time

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

ADDRESS_FACTOR = 10
"""Mercado Livre sends the notifications of all sellers from a few addresses."""

REST_S = 30
"""Without an answer nothing is counted for so long: Mercado Livre waits half a second, not for Redis."""
_rests_until = 0.0


def is_address_over(address: str) -> bool:
    """Count a call from this address and return whether it sends too many."""
    return is_over(f"address:{address}", settings.MELI_WEBHOOK_MAX_RPM * ADDRESS_FACTOR)


def is_seller_over(seller_id: str) -> bool:
    """Count an event about this seller, and return whether there are too many."""
    return is_over(f"seller:{seller_id}", settings.MELI_WEBHOOK_MAX_RPM)


def is_over(whose: str, most: int) -> bool:
    global _rests_until
    if not most or time.monotonic() < _rests_until:
        return False
    key = f"webhooks:{whose}:{time.time() // 60:.0f}"
    try:
        cache.add(key, 0, timeout=120)
        return bool(cache.incr(key) > most)
    except ValueError:  # it was emptied in between
        return False
    except RedisError:
        _rests_until = time.monotonic() + REST_S
        return False
