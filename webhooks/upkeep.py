"""What keeps the inbox true and small: lost rings, missed feeds, old events."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.client import client_for
from accounts.models import Account, AccountStatus
from painelml.meli import Client, MeliError, Priority

from .inbox import NotANotification, read_envelope, store
from .models import Notification, NotificationState, Source

log = logging.getLogger(__name__)

FEED_PAGE = 20
"""The largest page anybody was seen to ask for; the limit is not documented."""
FEED_PAGES = 250
DELETED_AT_ONCE = 2_000


def sellers_with_open_events() -> list[str]:
    """Return the sellers a drain can do something for now."""
    resting = Account.objects.filter(status__in=[AccountStatus.PAUSED, AccountStatus.EXPIRED])
    due = Notification.objects.claimable(timezone.now()).exclude(seller_id__in=resting.values("meli_user_id"))
    return list(due.order_by().values_list("seller_id", flat=True).distinct())


def fetch_missed_feeds() -> set[str]:
    """Store what Mercado Livre could not deliver to us and return the sellers it concerns.

    Whether one user's token shows the whole application's feed is not documented, so every account asks;
    what was seen before changes nothing.
    """
    accounts = Account.objects.working()
    sellers = set(Account.objects.values_list("meli_user_id", flat=True))
    found: set[str] = set()
    for account in accounts:
        try:
            client = client_for(account, Priority.BACKFILL)
            for notification in missed(client, account.site_id):
                if notification.seller_id in sellers and store(notification) == NotificationState.PENDING:
                    found.add(notification.seller_id)
        except MeliError as error:
            log.warning("The missed feeds of account %s could not be read: %s", account.pk, error)
    return found


def missed(client: Client, site_id: str) -> Iterator[Notification]:
    """Yield what the missed feeds hold, each once (API facts, part A section 3.5).

    There is no total and a short page is not the end: only an empty page is, or one that repeats what was
    seen, because the list shifts while it is read.
    """
    seen: set[str] = set()
    offset, before = 0, None
    for _ in range(FEED_PAGES):
        entries = client.missed_feeds(
            settings.MELI_CLIENT_ID, site_id=site_id, limit=FEED_PAGE, offset=offset
        )
        if not entries or entries == before:
            return
        offset, before = offset + len(entries), entries
        page = {notification.dedupe_key: notification for notification in readable(entries)}
        fresh = page.keys() - seen
        if page and not fresh:
            return
        seen |= fresh
        yield from (page[key] for key in fresh)


def readable(entries: Iterable[Mapping[str, Any]]) -> Iterator[Notification]:
    for entry in entries:
        try:
            yield read_envelope(entry, Source.MISSED_FEED)
        except NotANotification as wrong:
            log.warning("An entry of the missed feeds was left out: %s", wrong)


def delete_old() -> int:
    """Delete events past the days their state is kept for, a chunk at a time. Return how many."""
    now, deleted = timezone.now(), 0
    for state, days in settings.NOTIFICATION_DAYS_KEPT.items():
        old = Notification.objects.filter(state=state, created_at__lt=now - timedelta(days=days))
        while ids := list(old.order_by("id").values_list("pk", flat=True)[:DELETED_AT_ONCE]):
            Notification.objects.filter(pk__in=ids).delete()
            deleted += len(ids)
    return deleted
