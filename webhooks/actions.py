"""What people decide about events."""

from __future__ import annotations

from django.utils import timezone

from painelml.audit import trail

from . import bell
from .models import NotificationQuerySet, NotificationState


def try_again(events: NotificationQuerySet) -> int:
    """Put the failed ones among these events back in line, as if they had just arrived. Return how many."""
    failed = events.filter(state=NotificationState.FAILED)
    sellers = list(failed.order_by().values_list("seller_id", flat=True).distinct())
    count = failed.update(
        state=NotificationState.PENDING,
        attempts=0,
        next_try_at=timezone.now(),
        done_at=None,
        error="",
    )
    trail.record("event.tried_again", after={"events": count, "sellers": sellers})
    for seller_id in sellers:
        bell.ring(seller_id)
    return count
