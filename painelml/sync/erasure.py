"""Forgetting buyers: their personal data leaves the rows and the payloads, the sales stay as they were.

A buyer who is forgotten becomes a pseudonym: the same one wherever they appear in an account, so that orders
and questions of one person still belong together and every figure stays. It is reckoned with a key of the
account that is kept encrypted; nothing leads back from it. What is read again from Mercado Livre is scrubbed
before it is saved (`without_erased`), so nothing comes back.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from accounts.models import Account
from painelml.meli import parse_id, parse_instant

from .models import BuyerKey, ErasedBuyer
from .rows import write_rows
from .values import inner

if TYPE_CHECKING:
    from .resource import Reading, Resource

PSEUDONYM = "erased-"
MARK = "buyer_erased"
"""The name in a payload that says that its buyer was forgotten."""
CHUNK = 500

PERSONS = {"buyer", "from", "payer"}
"""Objects about a person: only the pseudonym is left of them."""
ADDRESSES = {"receiver_address", "shipping_address"}
PLACES = ("city", "state", "country")
"""What is left of an address: figures by state are about parcels, not about people."""
HIDDEN = {
    "alternative_phone", "billing_info", "card", "cardholder", "comment", "comments", "email", "first_name",
    "identification", "last_name", "nickname", "phone", "receiver_name", "receiver_phone",
}  # fmt: skip
NO_WORDS = "[…]"
"""In the place of what a buyer wrote."""


def forget(account: Account, buyer_id: str) -> dict[str, int]:
    """Forget a buyer of this account for good. Return how many rows of each resource lost what they knew.

    Orders they place from now on are new: they are mirrored as everybody's are.
    """
    from .resource import RESOURCES

    pseudonym = pseudonym_of(key_of(account), buyer_id)
    ErasedBuyer.objects.update_or_create(
        account=account, pseudonym=pseudonym, defaults={"erased_at": timezone.now()}
    )
    return {
        name: scrub_rows(resource(account), resource(account).rows().filter(is_about(resource, buyer_id)))
        for name, resource in RESOURCES.items()
        if resource.buyer_at
    }


def forget_old(account: Account) -> int:
    """Forget the buyers of what is older than `BUYER_DATA_DAYS`. Return how many rows that were."""
    from .resource import RESOURCES

    if not (before := oldest_kept()):
        return 0
    done = 0
    for resource in RESOURCES.values():
        if resource.buyer_at:
            old = resource(account).rows().filter(date_created__lt=before)
            done += scrub_rows(resource(account), old.filter(**{f"payload__{MARK}__isnull": True}))
    return done


def oldest_kept() -> datetime | None:
    days = settings.BUYER_DATA_DAYS
    return timezone.now() - timedelta(days=days) if days else None


def without_erased(resource: Resource, readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """Return the readings with those scrubbed whose buyer was forgotten, or is to be by now."""
    found = dict(readings)
    if not resource.buyer_at:
        return found
    erased = dict(ErasedBuyer.objects.filter(account=resource.account).values_list("pseudonym", "erased_at"))
    before = oldest_kept()
    if not erased and before is None:
        return found
    key = key_of(resource.account)
    for meli_id, reading in readings.items():
        buyer_id = buyer_of(resource, reading)
        pseudonym = pseudonym_of(key, buyer_id) if buyer_id else ""
        created = parse_instant(reading.payload.get("date_created"))
        until = max((at for at in (erased.get(pseudonym), before) if at), default=None)
        if until and (created is None or created < until):
            found[meli_id] = scrubbed(resource, reading, buyer_id, pseudonym)
    return found


def key_of(account: Account) -> bytes:
    """Return the key of an account's pseudonyms; it is made when it is first asked for."""
    made = BuyerKey(account=account)
    made.key = secrets.token_urlsafe(32)
    BuyerKey.objects.bulk_create([made], ignore_conflicts=True)
    return str(BuyerKey.objects.get(account=account).key).encode()


def pseudonym_of(key: bytes, buyer_id: str) -> str:
    if buyer_id.startswith(PSEUDONYM):
        return buyer_id
    return PSEUDONYM + hmac.new(key, buyer_id.encode(), hashlib.sha256).hexdigest()[:20]


def is_known(buyer_id: str) -> bool:
    """Say whether this names a buyer, and one who was not forgotten."""
    return bool(buyer_id) and not buyer_id.startswith(PSEUDONYM)


def buyer_of(resource: Resource | type[Resource], reading: Reading) -> str:
    known = {**reading.payload, "parts": reading.parts}
    return next((found for path in resource.buyer_at if (found := parse_id(inner(known, *path)))), "")


def is_about(resource: type[Resource], buyer_id: str) -> models.Q:
    """Return what finds the rows whose payload names this buyer, as a number or as text."""
    values = [buyer_id, *([int(buyer_id)] if buyer_id.isdecimal() else [])]
    paths = ["__".join(path if path[0] == "parts" else ("payload", *path)) for path in resource.buyer_at]
    terms = [models.Q(**{path: value}) for path in paths for value in values]
    return reduce(models.Q.__or__, terms)


def scrub_rows(resource: Resource, rows: models.QuerySet[Any]) -> int:
    """Scrub these rows, a chunk at a time, deriving every column anew as `rebuild` does."""
    from .resource import Reading

    key = key_of(resource.account)
    last = done = 0
    while True:
        with transaction.atomic():
            batch = list(rows.filter(pk__gt=last).order_by("pk").select_for_update(of=("self",))[:CHUNK])
            if not batch:
                return done
            written, mapped = [], {}
            for row in batch:
                reading = Reading(row.payload, row.parts)
                buyer_id = buyer_of(resource, reading)
                reading = scrubbed(resource, reading, buyer_id, pseudonym_of(key, buyer_id))
                mapped[row.meli_id] = resource.map(reading)
                written.append(resource.row(row.meli_id, reading, mapped[row.meli_id], row.read_at))
            resource.write_children(write_rows(written, resource.kept), mapped)
        last = batch[-1].pk
        done += len(batch)


def scrubbed(resource: Resource, reading: Reading, buyer_id: str, pseudonym: str) -> Reading:
    payload = _scrub(reading.payload, buyer_id, pseudonym)
    payload |= {name: NO_WORDS for name in resource.buyer_words if payload.get(name)}
    return replace(reading, payload={**payload, MARK: True}, parts=_scrub(reading.parts, buyer_id, pseudonym))


def _scrub(value: Any, buyer_id: str, pseudonym: str) -> Any:
    if isinstance(value, Mapping):
        return {
            name: {"id": pseudonym}
            if name in PERSONS and isinstance(one, Mapping)
            else {part: one[part] for part in PLACES if part in one}
            if name in ADDRESSES and isinstance(one, Mapping)
            else _scrub(one, buyer_id, pseudonym)
            for name, one in value.items()
            if name not in HIDDEN
        }
    if isinstance(value, list):
        return [_scrub(one, buyer_id, pseudonym) for one in value]
    is_buyer = buyer_id and isinstance(value, int | str) and str(value) == buyer_id
    return pseudonym if is_buyer else value
