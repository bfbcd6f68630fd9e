"""Keeping what Mercado Livre tells us: one statement, whatever happens next (API facts, part A section 3).

Everything in a body is a hint. It can come from anybody, so it is checked for shape only, and the resource
is read with the seller's own token before anything changes.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection
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
    """Keep the notification in one statement and return its state, None when it was not kept (too many
    ignored).

    A seller we do not know and a topic we do not mirror make it `ignored`. A repeat of a known event only
    counts on its row; in the missed feeds every event is repeated for two days, so there it does not count
    either.
    """
    notification.created_at = notification.next_try_at = timezone.now()
    values = {
        field.column: field.get_db_prep_save(getattr(notification, field.attname), connection)
        for field in stored_fields()
    }
    mirrored = bool(notification.kind)
    known = {
        "known_seller": notification.seller_id,
        "state_if_known": NotificationState.PENDING if mirrored else NotificationState.IGNORED,
        "outcome_if_known": "" if mirrored else Outcome.UNMIRRORED,
        "is_mirrored": mirrored,
    }
    with connection.cursor() as cursor:
        cursor.execute(insert_statement(notification.source), values | known)
        row = cursor.fetchone()
    return row[0] if row else None


@cache
def stored_fields() -> list[Any]:
    decided_there = ("id", "state", "outcome")
    return [field for field in Notification._meta.concrete_fields if field.column not in decided_there]


@cache
def insert_statement(source: str) -> str:
    table, accounts = Notification._meta.db_table, Account._meta.db_table
    columns = [field.column for field in stored_fields()]
    on_repeat = "UPDATE SET repeats = {table}.repeats + 1" if source == Source.WEBHOOK else "NOTHING"
    return f"""
        INSERT INTO {table} ({", ".join(columns)}, state, outcome)
        SELECT {", ".join(f"%({column})s" for column in columns)},
               CASE WHEN seller.is_known THEN %(state_if_known)s ELSE '{NotificationState.IGNORED}' END,
               CASE WHEN seller.is_known THEN %(outcome_if_known)s ELSE '{Outcome.UNKNOWN_SELLER}' END
        FROM (SELECT EXISTS (SELECT 1 FROM {accounts} WHERE meli_user_id = %(known_seller)s) AS is_known) AS
        seller WHERE (seller.is_known AND %(is_mirrored)s)
           OR {IGNORED_KEPT} > (
               SELECT count(*) FROM (
                   SELECT 1 FROM {table} WHERE state = '{NotificationState.IGNORED}' LIMIT {IGNORED_KEPT}
               ) AS ignored
           )
        ON CONFLICT (dedupe_key) DO {on_repeat.format(table=table)}
        RETURNING state
    """  # noqa: S608  nothing here comes from outside
