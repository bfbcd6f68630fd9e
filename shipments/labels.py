"""Labels for people at a page: what became of each parcel, in words, and the file kept until it is taken."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from redis.exceptions import RedisError

from accounts.models import Organization, User
from painelml.audit import trail
from painelml.meli import MeliError
from painelml.web.refusals import words_for, words_for_codes
from painelml.web.statuses import word_for

from . import actions
from .models import Shipment

KEPT_S = 15 * 60
"""How long a file can be taken again: until then nobody needs to print twice."""

REASONS = {
    "invoice_pending": gettext_lazy("Its tax invoice (NF-e) is missing. Send the invoice first."),
    "buffered": gettext_lazy("Mercado Livre releases its label later."),
}
"""Why a parcel in this state has no label: more helpful than the code, which is one for all of them."""


class CannotKeep(Exception):
    """Where files are kept, in Redis, cannot be reached now."""


@dataclass(frozen=True)
class Outcome:
    """What became of one parcel: `printed`, `again` for one that had its label, or `refused`."""

    shipment: Shipment
    state: str
    reason: str = ""


@dataclass(frozen=True)
class LabelFile:
    """A file that is ready to be taken."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Printed:
    """A file by its `token` (empty: no label at all), and what became of every parcel."""

    token: str
    outcomes: list[Outcome]
    error: str = ""

    @property
    def done(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.state != "refused"]

    @property
    def refused(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.state == "refused"]


def print_for(
    user: User, organization: Organization, shipments: Sequence[Shipment], file_format: actions.Format
) -> Printed:
    """Print the labels of up to 50 parcels of the organization, and keep the file for this person.

    Nothing is printed while no file can be kept: Mercado Livre would call labels printed that nobody has.
    """
    token = secrets.token_urlsafe(16)
    try:
        keep(user, organization, token, None)
    except CannotKeep:
        trail.came_to_nothing()
        return Printed("", [], _("The panel cannot keep files just now. Nothing was printed; try again."))
    try:
        labels = actions.print_labels_of_all(shipments, file_format)
    except actions.NothingToPrint as error:
        return Printed("", [refusal(one, error.refused.get(one.meli_id, "")) for one in shipments])
    except MeliError as error:
        return Printed("", [], words_for(error))
    name = f"{timezone.localtime():%Y-%m-%d-%H%M}-labels.{labels.suffix}"
    file = LabelFile(name, labels.content_type, labels.content)
    try:
        keep(user, organization, token, file)
    except CannotKeep:
        return Printed("", [], _("The labels were printed, but their file was lost. Print them again."))
    return Printed(token, [outcome(one, labels) for one in shipments])


def keep(user: User, organization: Organization, token: str, file: LabelFile | None) -> None:
    """Keep a file for this person, or only its place. Raises CannotKeep."""
    try:
        cache.set(key_of(user, organization, token), file, KEPT_S)
    except RedisError as error:
        raise CannotKeep from error


def kept_file(user: User, organization: Organization, token: str) -> LabelFile | None:
    """Return a file this person printed in this organization; None once it was kept long enough.

    Raises CannotKeep.
    """
    try:
        file: LabelFile | None = cache.get(key_of(user, organization, token))
    except RedisError as error:
        raise CannotKeep from error
    return file


def key_of(user: User, organization: Organization, token: str) -> str:
    return f"labels:{organization.pk}:{user.pk}:{token}"


def outcome(shipment: Shipment, labels: actions.Labels) -> Outcome:
    if shipment.meli_id not in labels.printed:
        return refusal(shipment, labels.refused.get(shipment.meli_id, ""))
    return Outcome(shipment, "again" if was_printed(shipment) else "printed")


def refusal(shipment: Shipment, code: str) -> Outcome:
    """Return why there is no label: by the parcel's own state where that says more than the code."""
    if code == "not_printable_status":
        if reason := REASONS.get(shipment.substatus):
            return Outcome(shipment, "refused", str(reason))
        if not shipment.is_open:
            status = word_for("shipment", shipment.status).label
            return Outcome(shipment, "refused", _("It is “%(status)s” already.") % {"status": status})
    words = words_for_codes([code]) or _("Mercado Livre refused: %(reason)s") % {"reason": code or "?"}
    return Outcome(shipment, "refused", words)


def was_printed(shipment: Shipment) -> bool:
    return shipment.substatus == "printed"
