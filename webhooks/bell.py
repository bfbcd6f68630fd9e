"""The doorbell: asks a worker to drain one seller's inbox. A hint only; the sweep stands behind it.

One ring waits per seller over all processes, however many events arrive: publishing a task costs more than
storing an event. It rings from a thread of its own, so a broker that is slow or gone costs the answer
nothing.
"""

from __future__ import annotations

import contextlib
from collections import Counter

from django.core.cache import cache

from painelml.later import Later

WAITING_S = 5
"""How long one ring is believed to be waiting. Were it lost, the next event rings again after this."""


def ring(seller_id: str) -> None:
    """Ask for a drain of this seller's inbox, soon. Never waits, never fails."""
    _rings.add(seller_id)


def ring_workers(sellers: Counter[str]) -> None:
    for seller_id in sellers:
        call_worker(seller_id)


_rings = Later(ring_workers, pause_s=0.2)


def call_worker(seller_id: str, wait_s: float = 0) -> None:
    """Publish a drain, unless one is waiting already. Raises what the cache or the broker raises."""
    from .tasks import drain_account

    if not cache.add(waiting(seller_id), 1, timeout=WAITING_S + wait_s):
        return
    try:
        drain_account.apply_async((seller_id,), countdown=wait_s or None, retry=False)
    except Exception:
        with contextlib.suppress(Exception):
            answered(seller_id)
        raise


def answered(seller_id: str) -> None:
    """A worker came: whatever is stored from now on needs a new ring."""
    cache.delete(waiting(seller_id))


def waiting(seller_id: str) -> str:
    return f"drain:{seller_id}"
