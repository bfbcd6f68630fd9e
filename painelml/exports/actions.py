"""What people decide about files made in the background."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organization, User
from painelml import live
from painelml.audit import trail
from painelml.web.exports import Export

from .models import ACTIVE, ExportFile, FilePiece, FileState
from .tasks import ring

LONG = 5_000
"""Rows from which a page does not let people wait for a file: 5,000 orders as XLSX are 3.6 s of a whole core,
and the server is seldom idle.
"""
ACTIVE_MAX = 5
"""Files an organization has made at a time."""
KEPT_MAX = 50
"""Files an organization keeps; the oldest go first."""


class TooMany(Exception):
    """The organization has as many files under way as it may."""


def start_file(export: Export, user: User) -> ExportFile:
    """Let a worker make this file and return it; one that is being made already is returned instead.

    Those of an organization who ask at once are let in one after another. Raises TooMany.
    """
    form = export.form
    given = {name: form.data.get(name) for name in export.listing.form.base_fields}
    wanted = {
        "listing": export.listing.name,
        "query": urlencode({name: value for name, value in given.items() if value not in (None, "")}),
        "format": export.format,
        "reader": export.reader,
        "language": export.language or "",
    }
    files = ExportFile.objects.filter(organization=export.organization)
    with transaction.atomic():
        # Not for its key: rows that name the organization may be written meanwhile.
        Organization.objects.select_for_update(no_key=True).get(pk=export.organization.pk)
        if same := files.active().filter(user=user, **wanted).first():
            trail.came_to_nothing()
            return same
        if files.active().count() >= ACTIVE_MAX:
            raise TooMany(_("Other files are still being made. Wait for one of them, or cancel it."))
        file = files.create(organization=export.organization, user=user, name=export.file_name, **wanted)
        trail.record("list.exported", export.listing.name, organization=export.organization, after=wanted)
    kept = files.exclude(state__in=ACTIVE).order_by("-pk")
    delete_files(files.filter(pk__in=list(kept.values_list("pk", flat=True)[KEPT_MAX:])))
    live.publish(file.organization_id, "exports")
    ring()
    return file


@trail.watched("export.cancelled", wanted=dict)
def cancel_file(file: ExportFile) -> bool:
    """Stop making a file; its worker notices within a second. Return whether it was still being made."""
    active = ExportFile.objects.active().filter(pk=file.pk)
    if not active.update(state=FileState.CANCELLED, finished_at=timezone.now(), seen_at=timezone.now()):
        return False
    FilePiece.objects.filter(file=file).delete()
    live.publish(file.organization_id, "exports")
    return True


@trail.watched("export.deleted", wanted=dict)
def delete_file(file: ExportFile) -> None:
    """Remove a file, or stop making it."""
    delete_files(ExportFile.objects.filter(pk=file.pk))
    live.publish(file.organization_id, "exports")


def delete_files(files: QuerySet[ExportFile]) -> int:
    """Remove files with their content and return how many."""
    # Their workers let go first: a piece kept between the two deletions would forbid the second.
    files.filter(state__in=ACTIVE).update(state=FileState.CANCELLED)
    _rows, by_model = files.delete()
    return by_model.get("exports.ExportFile", 0)


def note_seen(file: ExportFile) -> None:
    """Its person took it, or does not want to be told of it any more."""
    if ExportFile.objects.filter(pk=file.pk, seen_at=None).update(seen_at=timezone.now()):
        live.publish(file.organization_id, "exports")
