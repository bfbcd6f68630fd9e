"""Working off the inbox of one seller: claim, read each resource once, save, note what came of it.

Any number of drains may run, in any number of processes. Claims of one seller follow each other (its account
row is locked for the few milliseconds of a claim), sellers never wait for each other, and a drain that dies
leaves its events to the next one once their lease has ended.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _
from structlog.contextvars import bind_contextvars

from accounts.models import Account
from painelml import live, metrics
from painelml.celery import stopping
from painelml.meli import AppRefused, MeliError, NotAllowed, Reconnect, Rejected
from painelml.sync import engine
from painelml.sync.models import SyncRun
from painelml.sync.resource import RESOURCES

from . import bell
from .models import Notification, NotificationQuerySet, NotificationState, Outcome, Source
from .topics import KINDS, ids_of

log = structlog.get_logger(__name__)

TURN_S = 20.0
"""How long one drain works before it asks for another turn, so that one seller's flood does not hold a
worker."""
BATCH = 20
"""Resources of one claim: what one bulk call for items may name, and two or three seconds of single reads."""
LEASE = timedelta(seconds=120)
"""Longer than a batch takes when Mercado Livre is slow. A second reading would do no harm, only cost
calls."""
DRAINS = 2
"""How many drains of one seller may read at once: more are not faster, the rate limit is the seller's."""

STORM, STORM_WINDOW = 20, timedelta(seconds=1)
BURST, BURST_WINDOW = 10, timedelta(seconds=0.5)
STORM_PATIENCE = timedelta(seconds=20)
"""A storm: events arrive as fast as single reads are allowed (20 a second). Each resource is then named
several times, and waiting for the end reads it once. Its first half second tells it apart, before a batch is
read in vain: twenty orders of the 128 of a measured flood were. Nothing waits longer than the patience; in a
longer storm a resource is read again only for what happened after it was read (`happened_by`)."""
NEWEST = 5000
"""Among so many rows of all sellers a storm is looked for: more than arrive in a second, few to read."""

TRIES = 10
FIRST_DELAY_S = 5
LONGEST_DELAY_S = 6 * 3600
"""5 s, 15 s, 45 s, ... 6 h: about a day until an event is given up."""

SEARCH_LAG = timedelta(seconds=30)
"""A listing may show a resource as it was some seconds ago, so only a clearly later reading makes another
useless."""
DETAIL_LAG = timedelta(seconds=2)
"""What was read by its id is as of then: there it is enough to allow for clocks of our hosts, and of theirs,
that differ. Orders read first bring their shipments along, and those are not read again for their own
events."""
LONGEST_WAIT = timedelta(hours=1)
"""For so long Mercado Livre sends an event again (part A 3.1). Stamps further apart are not believed."""


@dataclass
class Batch:
    """Events of one kind that this drain holds: all that are open for each of up to twenty resources."""

    seller_id: str
    kind: str
    owner: str
    is_alone: bool = True
    """Whether no other drain was reading for this seller when it was claimed."""
    happened: dict[str, datetime] = field(default_factory=dict)
    """By target, the latest moment at which what its events tell of can have happened."""

    def events(self) -> NotificationQuerySet:
        """Return those still held: none once the lease was lost to another drain."""
        return Notification.objects.filter(
            seller_id=self.seller_id,
            kind=self.kind,
            state=NotificationState.WORKING,
            lease_owner=self.owner,
        )


def drain(seller_id: str, seconds: float = TURN_S) -> float | None:
    """Work off this seller's open events. Return in how many seconds another turn is wanted, None for no
    more.

    What is not due yet, held by another drain, or of an account that is paused or expired stays for the
    sweep.
    """
    until = time.monotonic() + seconds
    account = Account.objects.filter(meli_user_id=seller_id).first()
    if account is None:
        ignore_orphans(seller_id)
        return None
    bind_contextvars(account=account.pk)
    while time.monotonic() < until and not stopping.is_set():
        if wait := storm_left(seller_id):
            return wait
        batch = claim(account)
        if batch is None:
            return None
        if batch.is_alone and len(batch.happened) == BATCH:
            bell.ring(seller_id)  # there is more: another drain reads while this one saves
        metrics.DRAINS.count(batch.kind)
        read_batch(account, batch)
        live.publish(account.organization_id, "webhooks")
    return 0


def storm_left(seller_id: str) -> float:
    """Return in how many seconds a flood can be over at the earliest, 0 when waiting for that spares no
    readings.

    It is told by what arrives, applied already or not: where repeats of what was read are settled as fast as
    they come, few are ever open.
    """
    now = timezone.now()
    told = Notification.objects.filter(seller_id=seller_id, source=Source.WEBHOOK)
    last = Notification.objects.aggregate(last=Max("pk"))["last"] or 0
    ends = [
        arrived_at + window
        for many, window in ((STORM, STORM_WINDOW), (BURST, BURST_WINDOW))
        for arrived_at in told.filter(pk__gt=last - NEWEST, created_at__gt=now - window)
        .order_by("-pk")
        .values_list("created_at", flat=True)[many - 1 : many]
    ]
    if not ends:
        return 0
    unread = told.open().filter(attempts=0)
    # The first of each kind is where an index begins; the least moment of all would have to be looked for.
    first = [
        arrived_at
        for kind in KINDS
        for arrived_at in unread.filter(kind=kind).order_by("id").values_list("created_at", flat=True)[:1]
    ]
    if not first:
        return 0
    return max(0.0, (min(max(ends), min(first) + STORM_PATIENCE) - now).total_seconds())


def claim(account: Account) -> Batch | None:
    """Take the events of the longest waiting resources of the most urgent kind, None when there are none.

    A resource that another drain is reading for is left alone: its newer events are read after that.
    """
    with transaction.atomic():
        # Claims queue up here; rows that merely point to the account can be written meanwhile.
        if not Account.objects.working().select_for_update(no_key=True).filter(pk=account.pk).exists():
            return None
        now = timezone.now()
        mine = Notification.objects.filter(seller_id=account.meli_user_id)
        held = mine.held(now)
        drains = held.order_by().values("lease_owner").distinct().count()
        if drains >= DRAINS:
            return None
        for kind in KINDS:
            due = mine.claimable(now).filter(kind=kind)
            free = due.exclude(target__in=held.filter(kind=kind).values("target"))
            waiting = free.order_by("id").values_list("target", flat=True)[: BATCH * 20]
            targets = list(dict.fromkeys(waiting))[:BATCH]
            if targets:
                batch = Batch(account.meli_user_id, kind, uuid.uuid4().hex, is_alone=not drains)
                # What is not due yet for the same resources is settled by the same reading.
                take(batch, mine.open().filter(kind=kind, target__in=targets), now)
                return batch
    return None


def take(batch: Batch, events: NotificationQuerySet, now: datetime) -> None:
    events.update(
        state=NotificationState.WORKING,
        lease_owner=batch.owner,
        lease_until=now + LEASE,
        attempts=F("attempts") + 1,
    )
    stamps = batch.events().values_list("target", "created_at", "received", "sent")
    for target, arrived_at, received, sent in stamps:
        happened = happened_by(arrived_at, received, sent)
        batch.happened[target] = max(happened, batch.happened.get(target, happened))


def happened_by(arrived_at: datetime, received: datetime | None, sent: datetime | None) -> datetime:
    """Return the latest moment, on our clock, at which what an event tells of can have happened.

    Mercado Livre stamps when an event came up (`received`) and when it was sent (part A 3.3). The time
    between them it waited there, so it came up that long before it arrived here: after a retry or a long
    queue it tells old news. Two stamps of theirs are subtracted and none is compared with our clock; the time
    on the wire, and a first `sent` kept over retries, only make this later than it was. Without two stamps
    that make sense it is when the event arrived. Should they ever fold two changes into one event, the next
    re-read finds the second.
    """
    if received is None or sent is None or not timedelta(0) <= sent - received <= LONGEST_WAIT:
        return arrived_at
    return arrived_at - (sent - received)


def read_batch(account: Account, batch: Batch) -> None:
    """Read what the events of a batch point to and settle them."""
    wanted = {target: ids_of(account, batch.kind, target) for target in batch.happened}
    resource = next(iter(wanted.values()))[0]
    covered = read_since(account, resource, batch, wanted)
    settle(batch, Outcome.COVERED, covered)
    settle(batch, Outcome.UNMIRRORED, [target for target, (_name, ids) in wanted.items() if not ids])
    unread = {target: ids for target, (_name, ids) in wanted.items() if ids and target not in covered}
    try:
        read(account, resource, batch, unread)
    except Reconnect:
        give_back(batch)


def read_since(
    account: Account, resource: str, batch: Batch, wanted: dict[str, tuple[str, list[str]]]
) -> list[str]:
    """Return the targets that were read after all their events tell of had happened: there is nothing newer
    to see."""
    ids = [meli_id for _name, found in wanted.values() for meli_id in found]
    rows = RESOURCES[resource].model._default_manager.filter(account=account, meli_id__in=ids)
    read_at = dict(rows.values_list("meli_id", "read_at"))
    listings = listings_since(account, resource, min(batch.happened.values()))

    def lag(moment: datetime) -> timedelta:
        return SEARCH_LAG if any(began <= moment <= ended for began, ended in listings) else DETAIL_LAG

    return [
        target
        for target, (_name, found) in wanted.items()
        if found
        and all(i in read_at and read_at[i] > batch.happened[target] + lag(read_at[i]) for i in found)
    ]


def listings_since(account: Account, resource: str, since: datetime) -> list[tuple[datetime, datetime]]:
    """Return when something may have been read from a listing: while a run was on its way."""
    runs = SyncRun.objects.filter(account=account, scope=resource).exclude(finished_at__lt=since)
    now = timezone.now()
    spans = runs.order_by().values_list("created_at", "finished_at")
    return [(began, ended or now) for began, ended in spans]


def read(account: Account, resource: str, batch: Batch, unread: dict[str, list[str]]) -> None:
    """Read these ids by target and settle their events by what came of it. Raises Reconnect."""
    if not unread:
        return
    ids = list(dict.fromkeys(meli_id for found in unread.values() for meli_id in found))
    try:
        applied = engine.apply(account, resource, ids)
    except Reconnect:
        raise
    except Exception as error:
        # One thing that cannot be saved must not keep the others of its batch from being saved.
        if len(unread) > 1:
            for target, found in unread.items():
                read(account, resource, batch, {target: found})
            return
        if not isinstance(error, MeliError):
            log.exception("Reading %s %s did not work", resource, ", ".join(ids))
        for target in unread:
            put_off(batch, target, error)
        return
    done: dict[str, list[str]] = {}
    for target, found in unread.items():
        errors = [applied.errors[meli_id] for meli_id in found if meli_id in applied.errors]
        if errors:
            put_off(batch, target, errors[0])
        else:
            outcomes = {applied.outcomes.get(meli_id, Outcome.UNCHANGED) for meli_id in found}
            done.setdefault(strongest(outcomes), []).append(target)
    for outcome, targets in done.items():
        settle(batch, outcome, targets)


def strongest(outcomes: Collection[str]) -> str:
    """Return the outcome that says most: of several items of a user product one may have changed."""
    order = (Outcome.CREATED, Outcome.UPDATED, Outcome.GONE)
    return next((outcome for outcome in order if outcome in outcomes), Outcome.UNCHANGED)


def settle(batch: Batch, outcome: str, targets: Iterable[str]) -> None:
    targets = list(targets)
    if targets:
        settled = (
            batch.events()
            .filter(target__in=targets)
            .update(
                state=NotificationState.DONE,
                outcome=outcome,
                done_at=timezone.now(),
                lease_until=None,
                error="",
            )
        )
        metrics.SETTLED.count(outcome, times=settled)


def put_off(batch: Batch, target: str, error: Exception) -> None:
    """Let the events of a target wait with growing delay; what cannot get better, and the last try, fail in
    words."""
    hopeless = isinstance(error, NotAllowed | Rejected) and not isinstance(error, AppRefused)
    now = timezone.now()
    events = list(batch.events().filter(target=target))
    (log.warning if hopeless else log.info)(
        "notifications_put_off",
        events=[event.pk for event in events],
        seller=batch.seller_id,
        resource=batch.kind,
        meli_id=target,
        error=str(error) if isinstance(error, MeliError) else type(error).__name__,
    )
    for event in events:
        if hopeless or event.attempts >= TRIES:
            state, next_try_at = NotificationState.FAILED, now
        else:
            state, next_try_at = NotificationState.PENDING, now + delay_after(event.attempts, error)
        metrics.SETTLED.count("failed" if state == NotificationState.FAILED else "postponed")
        batch.events().filter(pk=event.pk).update(
            state=state,
            next_try_at=next_try_at,
            done_at=now if state == NotificationState.FAILED else None,
            lease_until=None,
            error=reason(error),
        )


def delay_after(attempts: int, error: Exception) -> timedelta:
    asked = getattr(error, "retry_after", None) or 0
    own = min(LONGEST_DELAY_S, FIRST_DELAY_S * 3 ** (attempts - 1)) * random.uniform(0.8, 1.2)  # noqa: S311
    return timedelta(seconds=max(own, min(asked, LONGEST_DELAY_S)))


def give_back(batch: Batch) -> None:
    """Return what is held as if it had never been taken: the account has to be connected again first."""
    batch.events().update(
        state=NotificationState.PENDING, attempts=F("attempts") - 1, lease_until=None, lease_owner=""
    )


def ignore_orphans(seller_id: str) -> None:
    """Put the events of a seller who was disconnected aside."""
    Notification.objects.open().filter(seller_id=seller_id).update(
        state=NotificationState.IGNORED, outcome=Outcome.UNKNOWN_SELLER, lease_until=None
    )


def reason(error: Exception) -> str:
    """Return why an event was not applied, in words for people; details at the end."""
    if isinstance(error, AppRefused):
        said = _("Mercado Livre refuses the application itself: check its id, secret and permissions.")
    elif isinstance(error, NotAllowed):
        said = _("Mercado Livre does not let this account see it.")
    elif isinstance(error, Rejected):
        said = _("Mercado Livre rejected the question.")
    elif isinstance(error, MeliError):
        said = _("Mercado Livre could not answer.")
    else:
        return _("It could not be saved (%(error)s). The log has the details.") % {
            "error": type(error).__name__
        }
    return f"{said} ({error})"
