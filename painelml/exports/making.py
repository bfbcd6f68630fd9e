"""Making files: a worker claims one, writes it piece by piece, and notices when it is no longer wanted.

A file whose worker was killed is claimed again when its lease ends, and begun again: a compressed file cannot
be gone on with in the middle.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from datetime import timedelta

import structlog
from django.db import Error, connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from painelml import live, metrics
from painelml.celery import stopping
from painelml.web.exports import Export, pieces_of

from .models import ExportFile, FilePiece, FileState

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
BEAT_S = 1.0
"""How often progress is written, the lease renewed, and a cancelled file noticed."""
PIECE = 512 * 1024
TRIES = 3
DISK_FULL = "53100"
"""PostgreSQL's code for it; SQLite only has the words."""

FILTERS_GONE = _("The filters of this export no longer fit: an account may have been disconnected.")
INTERRUPTED = _("Making this file was interrupted too often. Try again, or choose a shorter period.")
NO_ROOM = _(
    "There was no room to keep this file. Tell whoever looks after the panel, or choose a shorter period."
)
BROKEN = _("Something went wrong while this file was made. Try again in a moment.")


class NotMine(Exception):
    """The file was cancelled, deleted or taken over: nothing of it is written any more."""


class GivenBack(Exception):
    """This process is about to end: another one makes the file."""


def make_next() -> bool:
    """Make the file that waited longest. Return whether there was one."""
    now = timezone.now()
    if stopping.is_set():
        return False
    for file in ExportFile.objects.claimable(now).select_related("organization").order_by("pk")[:10]:
        if maker := claim(file):
            maker.make()
            return True
    return False


def claim(file: ExportFile) -> Maker | None:
    """Take a file nobody makes, without what another worker left of it; None when somebody was faster."""
    now = timezone.now()
    owner = uuid.uuid4().hex
    was = {"pk": file.pk, "state": file.state, "lease_owner": file.lease_owner}
    with transaction.atomic():
        taken = ExportFile.objects.claimable(now).filter(**was)
        if not taken.update(
            state=FileState.RUNNING,
            lease_owner=owner,
            lease_until=now + LEASE,
            attempts=F("attempts") + 1,
            started_at=now,
            done=0,
            size=0,
        ):
            return None
        FilePiece.objects.filter(file=file).delete()
    file.refresh_from_db()
    return Maker(file)


class Maker:
    """A worker's hold on one file."""

    def __init__(self, file: ExportFile) -> None:
        self.file = file
        self.mine = ExportFile.objects.filter(
            pk=file.pk, state=FileState.RUNNING, lease_owner=file.lease_owner
        )
        self.number = 0

    def make(self) -> None:
        """Write the file, or say in words why not."""
        try:
            with override(self.file.language):
                self.write()
        except NotMine:
            log.info("export_left", file=self.file.pk)
        except GivenBack:
            self.give_back(attempts=F("attempts") - 1)
        except Exception as error:
            self.fail_or_try_again(error)
        live.publish(self.file.organization_id, "exports")

    def write(self) -> None:
        if self.file.attempts > TRIES:
            self.end(FileState.FAILED, error=str(INTERRUPTED))
            return
        export = self.file.export()
        if not export.form.is_valid():
            self.end(FileState.FAILED, error=str(FILTERS_GONE))
            return
        total = export.count()
        self.hold(total=total)
        for content in self.gathered(export):
            self.keep(content, export.done)
        rows = total if export.format == "pdf" else export.done
        self.end(FileState.DONE, total=rows, done=rows)

    def gathered(self, export: Export) -> Iterator[bytes]:
        """Yield the file in pieces of a good size for a row; between them say how far it is."""
        waiting = bytearray()
        told = time.monotonic()
        for piece in pieces_of(export):
            if stopping.is_set():
                raise GivenBack
            waiting += piece
            if len(waiting) >= PIECE:
                yield bytes(waiting)
                waiting.clear()
            if time.monotonic() - told >= BEAT_S:
                told = time.monotonic()
                self.hold(done=export.done)
                live.publish(self.file.organization_id, "exports")
        if waiting:
            yield bytes(waiting)

    def hold(self, **values: object) -> None:
        """Renew the lease and note values. Rows may arrive while it is made. Raises NotMine."""
        if done := values.get("done"):
            values.setdefault("total", Greatest("total", Value(done)))
        if not self.mine.update(lease_until=timezone.now() + LEASE, **values):
            raise NotMine

    def keep(self, content: bytes, done: int) -> None:
        with transaction.atomic():
            self.hold(done=done, size=F("size") + len(content))
            FilePiece.objects.create(file=self.file, number=self.number, content=content)
        self.number += 1

    def end(self, state: str, **values: object) -> None:
        """Finish the file, one way or the other. Raises NotMine."""
        now = timezone.now()
        expires_at = now + ExportFile.LIFE
        self.hold(state=state, finished_at=now, expires_at=expires_at, lease_owner="", **values)
        metrics.EXPORTS.count(self.file.format, state)

    def give_back(self, **values: object) -> None:
        self.mine.update(state=FileState.QUEUED, lease_owner="", lease_until=None, **values)

    def fail_or_try_again(self, error: Exception) -> None:
        """Free what was written and say what went wrong; what may pass is tried again when the lease ends.

        Without a database there is nobody to tell: the lease ends by itself.
        """
        log.exception("export_failed", file=self.file.pk, attempt=self.file.attempts)
        try:
            if connection.connection is not None and not connection.is_usable():
                connection.close()
            FilePiece.objects.filter(file=self.file, file__lease_owner=self.file.lease_owner).delete()
            with override(self.file.language):
                if has_no_room(error):
                    self.end(FileState.FAILED, size=0, error=str(NO_ROOM))
                elif not isinstance(error, Error) or self.file.attempts >= TRIES:
                    self.end(FileState.FAILED, size=0, error=str(BROKEN))
        except (Error, NotMine):
            log.warning("export_outcome_unknown", file=self.file.pk)


def has_no_room(error: Exception) -> bool:
    """Say whether the database, or the disk under it, is full."""
    cause = error.__cause__
    return isinstance(error, Error) and (
        getattr(cause, "sqlstate", None) == DISK_FULL or "disk is full" in str(error)
    )
