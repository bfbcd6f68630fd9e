"""What people decide about shipments: printing labels (API facts, part B section 3.7)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Literal

from django.db import transaction
from django.utils.text import slugify

from accounts.models import Account
from painelml.audit import trail
from painelml.meli import Gone, MeliError, Priority, Rejected, TryLater
from painelml.sync.engine import Reader, apply

from .models import RETURNS, Shipment
from .tasks import read_again

FULL = "fulfillment"
OF_FULL = "invalid_shipment_ff_public"
OF_RETURN = "buyers_return"
"""Our own code: the buyer prints that label, and Mercado Livre is not asked for it."""

Format = Literal["pdf", "zpl"]


@dataclass(frozen=True)
class Labels:
    """A file of labels, and for every shipment asked for either its place in it or the code it was refused
    with.
    """

    content: bytes
    content_type: str
    suffix: str
    printed: list[str]
    refused: dict[str, str]


class NothingToPrint(Exception):
    """Every shipment was refused; `refused` has the code of each."""

    def __init__(self, refused: dict[str, str]) -> None:
        super().__init__(", ".join(refused))
        self.refused = refused


@trail.watched(
    "shipment.labels_printed",
    wanted=lambda shipments, file_format: {
        "shipments": [one.meli_id for one in shipments],
        "format": file_format,
    },
)
def print_labels(account: Account, shipments: Sequence[Shipment], file_format: Format) -> Labels:
    """Fetch the labels of up to 50 shipments of one account, which marks them printed at Mercado Livre.

    One that is refused would refuse all, so the others are asked for again without it. What was printed is
    read again in the background. Raises NothingToPrint, and MeliError when no shipment is to blame.
    """
    meli = Reader(account, Priority.PERSON).meli
    refused = {one.meli_id: OF_FULL for one in shipments if one.logistic_type == FULL}
    refused |= {one.meli_id: OF_RETURN for one in shipments if one.direction in RETURNS}
    wanted = [one.meli_id for one in shipments if one.meli_id not in refused]
    while wanted:
        try:
            answer = meli.shipment_labels(wanted, "pdf" if file_format == "pdf" else "zpl2")
        except (Rejected, Gone) as error:
            blamed = blame(error, wanted)
            if not blamed:
                raise
            refused |= blamed
            wanted = [one for one in wanted if one not in blamed]
            continue
        content_type, suffix = sniff(answer.content)
        # A lost ring is made good by the next re-read: parcels to be dispatched are read in turn.
        transaction.on_commit(partial(read_again.apply_async, (account.pk, wanted), retry=False), robust=True)
        return Labels(answer.content, content_type, suffix, wanted, refused)
    raise NothingToPrint(refused)


def print_labels_of_all(shipments: Sequence[Shipment], file_format: Format) -> Labels:
    """Fetch the labels of up to 50 shipments of any accounts: of several, as a ZIP with a file for each.

    An account whose labels cannot be had now is refused as a whole; the others are printed. Raises
    NothingToPrint, or the first MeliError, when there is no label at all.
    """
    groups: dict[Account, list[Shipment]] = {}
    for one in shipments:
        groups.setdefault(one.account, []).append(one)
    if len(groups) == 1:
        return print_labels(shipments[0].account, shipments, file_format)
    files: dict[Account, Labels] = {}
    refused: dict[str, str] = {}
    failed: list[MeliError] = []
    for account, mine in groups.items():
        try:
            files[account] = print_labels(account, mine, file_format)
            refused |= files[account].refused
        except NothingToPrint as error:
            refused |= error.refused
        except MeliError as error:
            failed.append(error)
            refused |= dict.fromkeys([one.meli_id for one in mine], error.code or str(error.status or "lost"))
    if not files:
        raise failed[0] if failed else NothingToPrint(refused)
    printed = {id for labels in files.values() for id in labels.printed}
    asked = [one.meli_id for one in shipments]
    return Labels(
        zipped(files),
        "application/zip",
        "zip",
        [id for id in asked if id in printed],
        {id: refused[id] for id in asked if id in refused},
    )


def zipped(files: Mapping[Account, Labels]) -> bytes:
    """Return the files in one archive; what came in archives of its own lies in a folder for the account."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for account, labels in files.items():
            name = f"{slugify(account.nickname) or 'account'}-{account.meli_user_id}"
            if labels.suffix != "zip":
                archive.writestr(f"{name}.{labels.suffix}", labels.content)
                continue
            with zipfile.ZipFile(io.BytesIO(labels.content)) as inside:
                for number, entry in enumerate(inside.infolist(), start=1):
                    suffix = PurePosixPath(entry.filename).suffix
                    archive.writestr(f"{name}/{number}{suffix}", inside.read(entry))
    return content.getvalue()


def blame(error: Rejected | Gone, wanted: Sequence[str]) -> dict[str, str]:
    """Return which of the shipments the refusal is about, with its code; {} when it names none."""
    named = {
        cause["id"]: cause["code"].lower() or error.code
        for cause in error.causes
        if cause.get("id") in wanted
    }
    if named:
        return named
    said = [one for one in wanted if one in error.message] or list(wanted if len(wanted) == 1 else ())
    return dict.fromkeys(said, error.code or str(error.status))


def sniff(content: bytes) -> tuple[str, str]:
    """Return the type and suffix of a file of labels: ZPL comes in a ZIP, to some as it is."""
    start = content.lstrip()[:5]
    if start.startswith(b"%PDF"):
        return "application/pdf", "pdf"
    if start.startswith(b"PK"):
        return "application/zip", "zip"
    if start.startswith((b"^XA", b"~", b"^")):
        return "text/plain", "zpl"
    raise TryLater("Mercado Livre answered no labels", endpoint="GET /shipment_labels")


@trail.watched("resource.read_again", wanted=dict)
def read_now(shipment: Shipment) -> None:
    """Bring the shipment up to date. Raises MeliError."""
    applied = apply(shipment.account, "shipments", [shipment.meli_id], Priority.PERSON)
    for error in applied.errors.values():
        raise error
