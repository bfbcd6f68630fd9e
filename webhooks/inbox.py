"""Keeping what Mercado Livre tells us: one statement for what is ours, whatever happens next (API facts,
part A section 3).

Everything in a body is a hint. It can come from anybody, so it is checked for shape only, and the resource
is read with the seller's own token before anything changes.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from enum import Enum, auto
from functools import cache
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from accounts.models import Account
from painelml.logs import redact
from painelml.meli import parse_id, parse_instant

from .models import Notification, NotificationState, Outcome, Source
from .topics import target_of

IGNORED_KEPT = 5_000
"""How many ignored events are kept: anybody can send those, and must not fill the disk. Counting them costs
half a millisecond, and only when one of them arrives."""


class NotANotification(ValueError):
    """The body is no notification of Mercado Livre's; the message says why."""


def parse(body: bytes) -> Notification:
    """Return the notification in a request body, not stored yet. Raises NotANotification."""
    try:
        envelope = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise NotANotification("The body is not JSON.") from None
    if not isinstance(envelope, dict):
        raise NotANotification("The body is not a JSON object.")
    return read_envelope(envelope)


def read_envelope(envelope: Mapping[str, Any], source: str = Source.WEBHOOK) -> Notification:
    """Return the notification in an envelope of any known spelling, not stored yet. Raises
    NotANotification."""
    topic = read_word(envelope, "topic", 60)
    resource = read_resource(envelope)
    seller_id = parse_id(envelope.get("user_id"))
    if not is_number(seller_id):
        seller_id = ""
    application_id = parse_id(envelope.get("application_id"))
    received = envelope.get("received") or envelope.get("recieved")
    kind, target = target_of(topic, resource) or ("", "")
    # An event without an id is known by the moment it happened. Without that either, nothing tells a repeat
    # from the next event, and taking one for the other would lose it.
    own_id = parse_id(envelope.get("_id") or envelope.get("id"))
    occasion = own_id or parse_id(received) or parse_id(envelope.get("sent")) or uuid.uuid4().hex
    return Notification(
        dedupe_key=digest(occasion, topic, resource, seller_id),
        topic=topic,
        resource=resource if kind else redact(resource)[:200],  # anybody can write anything into it
        kind=kind,
        target=target,
        seller_id=seller_id,
        application_id=application_id if is_number(application_id) else "",
        received=parse_instant(received),
        sent=parse_instant(envelope.get("sent")),
        source=source,
    )


def read_word(envelope: Mapping[str, Any], name: str, longest: int) -> str:
    value = envelope.get(name)
    word = value.strip() if isinstance(value, str) else ""
    if not word or len(word) > longest or not word.isprintable():
        raise NotANotification(f"The body has no {name}.")
    return word


def read_resource(envelope: Mapping[str, Any]) -> str:
    """Return the path with its slash; a bare id (messages) stays bare. An address or a way up is refused."""
    resource = read_word(envelope, "resource", 200)
    if "://" in resource or resource.startswith("//") or ".." in resource or "\\" in resource:
        raise NotANotification("The resource is not a path.")
    if "/" in resource and not resource.startswith("/"):
        resource = f"/{resource}"
    return resource.rstrip("/") or "/"


def is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 32


def digest(*words: str) -> str:
    return hashlib.sha256("\n".join(words).encode("utf-8", "replace")).hexdigest()


def store(notification: Notification) -> str | None:
    """Keep the notification and return its state, None when it was not kept (too many ignored, or known
    already from the missed feeds). One statement, two where the seller may be nobody's.

    A seller we do not know and a topic we do not mirror make it `ignored`. A repeat of a known event only
    counts on its row; in the missed feeds every event is repeated for two days, so there it does not count
    either.
    """
    now = timezone.now()
    moments = (notification.received, notification.sent, now, now)
    values = (
        *(getattr(notification, name) for name in WORDS),
        *(connection.ops.adapt_datetimefield_value(moment) for moment in moments),
    )
    with prepared_cursor() as cursor:
        for fate in (Fate.KEPT, Fate.STRANGE) if notification.kind else (Fate.UNMIRRORED,):
            cursor.execute(insert(fate, notification.source), (*values, notification.seller_id))
            if row := cursor.fetchone():
                return str(row[0])
    return None


@contextmanager
def prepared_cursor() -> Iterator[CursorWrapper]:
    """Yield a cursor for which PostgreSQL reads and plans a statement only once on each connection; with
    Django's own that takes more of its time than keeping the event."""
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            yield cursor
        return
    connection.ensure_connection()
    connection.connection.prepare_threshold = 5  # Django's own cursors never prepare
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrap(psycopg.Cursor(connection.connection)) as cursor:
        yield cursor


WORDS = ("dedupe_key", "topic", "resource", "kind", "target", "seller_id", "application_id")


class Fate(Enum):
    """What becomes of an event: kept for a seller we know, or ignored for being of another, or because we do
    not mirror what it speaks of. The first two keep no row where the other would."""

    KEPT = auto()
    STRANGE = auto()
    UNMIRRORED = auto()


@cache
def insert(fate: Fate, source: str) -> str:
    """Return the statement that keeps an event; its values are those of `WORDS`, four instants and the
    seller."""
    # Nothing here comes from outside.
    table, accounts = Notification._meta.db_table, Account._meta.db_table
    is_known = f"EXISTS (SELECT 1 FROM {accounts} WHERE meli_user_id = %s)"  # noqa: S608
    ignored = f"SELECT 1 FROM {table} WHERE state = '{NotificationState.IGNORED}' LIMIT {IGNORED_KEPT}"  # noqa: S608
    has_room = f"{IGNORED_KEPT} > (SELECT count(*) FROM ({ignored}) AS ignored)"  # noqa: S608
    match fate:
        case Fate.KEPT:
            end = f"'{NotificationState.PENDING}', '' WHERE {is_known}"
        case Fate.STRANGE:
            strange = f"'{NotificationState.IGNORED}', '{Outcome.UNKNOWN_SELLER}'"
            end = f"{strange} WHERE NOT {is_known} AND {has_room}"
        case Fate.UNMIRRORED:
            outcome = f"CASE WHEN {is_known} THEN '{Outcome.UNMIRRORED}' ELSE '{Outcome.UNKNOWN_SELLER}' END"
            end = f"'{NotificationState.IGNORED}', {outcome} WHERE {has_room}"
    on_repeat = f"UPDATE SET repeats = {table}.repeats + 1" if source == Source.WEBHOOK else "NOTHING"
    return f"""
        INSERT INTO {table} ({", ".join(WORDS)}, received, sent, created_at, next_try_at,
                             source, repeats, attempts, lease_owner, error, state, outcome)
        SELECT {"%s, " * (len(WORDS) + 4)} '{source}', 0, 0, '', '', {end}
        ON CONFLICT (dedupe_key) DO {on_repeat}
        RETURNING state
    """
