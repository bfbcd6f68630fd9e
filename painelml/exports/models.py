"""Files made in the background.

The content lies in the database, in pieces: web and workers may be on different hosts and share no disk, a
backup has everything, and what belongs to an organization disappears with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, Role
from painelml.web.exports import MACHINE, TYPES, Export

from .listings import LISTINGS


class FileState(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


ACTIVE = [FileState.QUEUED, FileState.RUNNING]


class ExportFileQuerySet(models.QuerySet["ExportFile"]):
    def of(self, organization: Organization) -> ExportFileQuerySet:
        """Return the organization's files that have not expired."""
        return self.filter(organization=organization, expires_at__gt=timezone.now())

    def active(self) -> ExportFileQuerySet:
        """Return files that are still being made."""
        return self.filter(state__in=ACTIVE)

    def claimable(self, now: datetime) -> ExportFileQuerySet:
        """Return files a worker may make: waiting ones, and those whose worker died."""
        orphaned = Q(state=FileState.RUNNING, lease_until__lt=now)
        return self.filter(Q(state=FileState.QUEUED) | orphaned)


def a_week_from_now() -> datetime:
    return timezone.now() + ExportFile.LIFE


class ExportFile(models.Model):
    """A list as a file, made by a worker. `query` holds its filters as an address has them.

    `done` of `total` rows are written. `lease_owner` makes it until `lease_until`; whoever finds the lease
    over begins again. Its person has seen it once it was taken or put away.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    listing = models.CharField(_("list"), max_length=20)
    query = models.TextField(_("filters"), blank=True)
    format = models.CharField(_("format"), max_length=4)
    reader = models.CharField(_("reader"), max_length=7, default=MACHINE)
    language = models.CharField(_("language"), max_length=10)
    name = models.CharField(_("file name"), max_length=120)
    state = models.CharField(_("state"), max_length=10, choices=FileState, default=FileState.QUEUED)
    total = models.PositiveIntegerField(_("total"), null=True)
    done = models.PositiveIntegerField(_("done"), default=0)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    error = models.TextField(_("error"), blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_until = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    expires_at = models.DateTimeField(_("expires at"), default=a_week_from_now)
    seen_at = models.DateTimeField(_("seen at"), null=True)

    objects: ClassVar = ExportFileQuerySet.as_manager()

    LIFE = timedelta(days=7)

    class Meta:
        verbose_name = _("exported file")
        verbose_name_plural = _("exported files")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["organization", "-id"], name="export_newest"),
            models.Index(fields=["id"], condition=Q(state__in=["queued", "running"]), name="export_to_make"),
            models.Index(fields=["expires_at"], name="export_by_age"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def is_ready(self) -> bool:
        return self.state == FileState.DONE

    @property
    def percent(self) -> int:
        """How far it is, 0 to 100; a file is whole only once it is done."""
        if self.is_ready:
            return 100
        return min(99, 100 * self.done // self.total) if self.total else 0

    @property
    def title(self) -> str:
        """What it is a file of, in the reader's language."""
        return str(LISTINGS[self.listing].title)

    @property
    def content_type(self) -> str:
        return TYPES[self.format]

    @property
    def filters(self) -> dict[str, str]:
        return QueryDict(self.query).dict()

    def export(self) -> Export:
        """Return the reading of the list this file is of."""
        listing = LISTINGS[self.listing]
        form = listing.form(QueryDict(self.query), organization=self.organization)
        form.sees_people = self.organization.memberships.filter(
            user=self.user, role__in=[role for role in Role if role != Role.VIEWER]
        ).exists()
        return Export(listing, self.organization, form, self.format, self.reader, self.language)

    def content(self) -> Iterator[bytes]:
        """Yield the file, a piece of it in memory at a time."""
        number = 0
        while (
            piece := self.pieces.filter(number=number).values_list("content", flat=True).first()
        ) is not None:
            yield bytes(piece)
            number += 1


class FilePiece(models.Model):
    """Some hundred kilobytes of a file."""

    file = models.ForeignKey(ExportFile, models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file", "number"], name="export_piece_once"),
        ]

    def __str__(self) -> str:
        return f"{self.file_id}/{self.number}"
