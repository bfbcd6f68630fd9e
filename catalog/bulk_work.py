"""Carrying bulk changes out: workers claim one line at a time, write it, and note what became of it.

What is about to be sent is noted before the call. Whoever takes a line over from a dead worker reads the
listing first: what has arrived is not written again, what has not is, and where neither can be told the line
is left for a person to look at.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import actions as account_actions
from accounts.models import AccountStatus
from painelml import live
from painelml.audit import trail
from painelml.celery import stopping
from painelml.meli import Conflict, MeliError, Priority, Reconnect, TryLater

from . import actions
from .bulk import (
    ACTIONS,
    UNITS,
    How,
    Values,
    end_if_over,
    in_language_of,
    in_words,
    values_of,
    wanted_by,
)
from .models import BulkChange, BulkLine, BulkStatus, Item, LineState
from .words import problem_of

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=4)
"""Longer than a read and a write with all their tries can take; every write renews it."""
TRIES = 6
FIRST_DELAY = timedelta(seconds=5)
PRIORITY = Priority.ORDERS
"""Behind people at a screen, ahead of the past. One listing after the other, so nobody else starves."""


class LeaseLost(Exception):
    """Another worker took the line over."""


class Moved(Exception):
    """The listing is no longer what was decided about; the message says what it is now."""


@dataclass
class Worker:
    """One worker on one change."""

    change: BulkChange
    name: str

    def claim(self) -> BulkLine | None:
        """Take the first line that is due or whose worker died; None when there is none."""
        while True:
            now = timezone.now()
            lines = BulkLine.objects.filter(change=self.change)
            line = lines.claimable(now).order_by("position").first()
            if line is None:
                return None
            # The same conditions again, so that of two workers only one update takes the line.
            taken = lines.filter(pk=line.pk, state=line.state, lease_owner=line.lease_owner).filter(
                Q(lease_until=line.lease_until) if line.lease_until else Q(lease_until=None)
            )
            if taken.update(state=LineState.WORKING, lease_owner=self.name, lease_until=now + LEASE):
                return BulkLine.objects.select_related("item__account").get(pk=line.pk)

    def note(self, line: BulkLine, **values: Any) -> None:
        """Store something about a line this worker still holds. Raises LeaseLost."""
        mine = BulkLine.objects.filter(pk=line.pk, state=LineState.WORKING, lease_owner=self.name)
        if not mine.update(**values):
            raise LeaseLost
        for name, value in values.items():
            setattr(line, name, value)

    def renew(self, line: BulkLine) -> None:
        self.note(line, lease_until=timezone.now() + LEASE)

    def do(self, line: BulkLine) -> None:
        """Carry a claimed line out, and say in words what came of it."""
        try:
            self.write(line)
        except LeaseLost:
            log.info("bulk_line_taken_over", line=line.pk)
            return
        except (Moved, actions.NotPossible, actions.Ignored) as error:
            self.finish(line, LineState.FAILED, problem_of(error))
        except actions.PartlyChanged as error:
            if isinstance(error.error, TryLater | Conflict):
                self.try_later(line, error.error)
            else:
                self.finish(line, LineState.FAILED, problem_of(error))
        except (TryLater, Conflict) as error:
            self.try_later(line, error)
        except MeliError as error:
            if isinstance(error, Reconnect):
                account_actions.mark_expired(line.item.account, error)
            self.finish(line, LineState.FAILED, problem_of(error))
        except Exception as error:
            log.exception("bulk_line_failed", line=line.pk)
            self.try_later(line, error)
        live.publish(self.change.organization_id, "runs")

    def write(self, line: BulkLine) -> None:
        item = line.item
        if item.account.status == AccountStatus.EXPIRED:
            raise Moved(_("Mercado Livre no longer accepts this account's login. Connect it again first."))
        actions.read_now(item, PRIORITY)
        now = values_of(item)
        is_stopped = not BulkChange.objects.filter(pk=self.change.pk, status=BulkStatus.RUNNING).exists()
        missing = missing_of(line, item.currency_id, now) if line.sent is not None else None
        if missing is None and is_stopped:
            self.note(line, state=LineState.CANCELLED, lease_until=None, finished_at=timezone.now())
            return
        if missing is None:
            missing = target_of(self.change, line, item, now)
            self.note(line, seen={name: now.get(name) for name in missing}, sent=missing)
        elif missing and is_stopped:
            raise Moved(_("It was stopped before this was written."))
        if missing:
            change = change_of(missing)
            actions.check(item, change)
            actions.write_change(item, change, PRIORITY, before_call=lambda: self.renew(line))
        self.finish(line, LineState.DONE)

    def finish(self, line: BulkLine, state: str, words: str = "") -> None:
        try:
            self.note(line, state=state, words=words, lease_until=None, finished_at=timezone.now())
        except LeaseLost:
            log.info("bulk_line_taken_over", line=line.pk)

    def try_later(self, line: BulkLine, error: Exception) -> None:
        """Let a line wait with growing delay; after the last try it fails in words."""
        words = problem_of(error) if isinstance(error, MeliError) else _("Something went wrong on our side.")
        if line.attempts + 1 >= TRIES:
            self.finish(line, LineState.FAILED, words)
            return
        asked = timedelta(seconds=getattr(error, "retry_after", None) or 0)
        try:
            self.note(
                line,
                state=LineState.READY,
                words=words,
                attempts=line.attempts + 1,
                lease_until=None,
                next_try_at=timezone.now() + max(asked, FIRST_DELAY * 2**line.attempts),
            )
        except LeaseLost:
            log.info("bulk_line_taken_over", line=line.pk)


def work(change_id: int, seconds: float) -> bool:
    """Work on a change until no line can be claimed or the time is up. Return whether it may have more to do
    now.
    """
    change = (
        BulkChange.objects.filter(pk=change_id, finished_at=None)
        .select_related("requested_by", "organization")
        .first()
    )
    if change is None or change.status == BulkStatus.PREVIEW:
        return False
    worker = Worker(change, f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}")
    until = time.monotonic() + seconds
    with in_language_of(change), trail.acting_for(change.requested_by, change.organization):
        while time.monotonic() < until and not stopping.is_set():
            line = worker.claim()
            if line is None:
                end_if_over(change)
                return False
            worker.do(line)
    return True


def target_of(change: BulkChange, line: BulkLine, item: Item, now: Values) -> Values:
    """Return what to write into a listing as it now is. Raises Moved when that is not what was shown.

    Stock moves with every sale: what is set is set, and what is added is added to what there is now. A price
    or a status somebody else changed since the preview is left alone, and so is everything an undo finds
    changed.
    """
    how = How.of(change)
    kind = ACTIONS[change.action].field
    if kind == "stock" and change.action != "stock":
        # Of its variations only those the preview named.
        wanted = wanted_by(how, item)
        return {name: wanted[name] for name in line.new if wanted.get(name) is not None}
    moved = {
        name: now.get(name)
        for name in line.new
        if now.get(name) != line.old.get(name)
        and (change.action == "undo" or name in ("price", "status"))
        and now.get(name) != line.new[name]
    }
    if moved:
        raise Moved(
            _("It changed since the preview and was left alone: it is %(now)s.")
            % {"now": in_words(moved, item.currency_id)}
        )
    return dict(line.new)


def missing_of(line: BulkLine, currency_id: str, now: Values) -> Values:
    """Return what of an interrupted line has not arrived. Raises Moved where that cannot be told."""
    missing = {name: value for name, value in line.sent.items() if now.get(name) != value}
    unclear = {name: now.get(name) for name in missing if now.get(name) != line.seen.get(name)}
    if unclear:
        raise Moved(
            _("Writing was interrupted and it changed meanwhile: it is %(now)s. Look at it.")
            % {"now": in_words(unclear, currency_id)}
        )
    return missing


def change_of(values: Values) -> actions.Change:
    """Return values as the change of one listing."""
    units = {name.removeprefix(UNITS): value for name, value in values.items() if name.startswith(UNITS)}
    plain = {name: value for name, value in values.items() if not name.startswith(UNITS)}
    return actions.Change(**plain, variations=units)
