"""When the inbox is worked off: on a ring, and regularly for whatever no ring reached."""

from __future__ import annotations

import contextlib

from celery import shared_task

from painelml.once import once_in

from . import bell


@shared_task(name="webhooks.drain")
def drain_account(seller_id: str) -> None:
    """Work off one seller's inbox for a while; ask for another turn when there is more."""
    from .drain import drain

    # From here on new events need a new ring. Without the cache they ring all the same, or the sweep does.
    with contextlib.suppress(Exception):
        bell.answered(seller_id)
    wait_s = drain(seller_id)
    if wait_s is not None:
        bell.call_worker(seller_id, wait_s)


@shared_task(name="webhooks.sweep")
def sweep() -> None:
    """Ring for every seller with something due: retries, what a dead worker held, and rings that were
    lost."""
    from .upkeep import sellers_with_open_events

    for seller_id in sellers_with_open_events():
        bell.call_worker(seller_id)


@shared_task(name="webhooks.missed_feeds")
def read_missed_feeds() -> None:
    """Fetch what Mercado Livre could not deliver, and ring for it."""
    from .upkeep import fetch_missed_feeds

    if not once_in("webhooks.missed_feeds", minutes=2):
        return
    for seller_id in fetch_missed_feeds():
        bell.call_worker(seller_id)


@shared_task(name="webhooks.silence")
def notice_silence() -> None:
    """Flag accounts that sell and are not notified of."""
    from . import silence

    silence.notice_silence()


@shared_task(name="webhooks.cleanup")
def delete_old_events() -> None:
    """Delete events nobody needs any more."""
    from .upkeep import delete_old

    delete_old()
