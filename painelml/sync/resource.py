"""The engine's one abstraction: one kind of thing Mercado Livre keeps, and how we keep it true.

Backfill, re-read, notification, missed feed, manual refresh and rebuild are all a `Resource`, called
differently.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models, transaction
from django.utils import timezone

from accounts.models import Account
from painelml.meli import Client, Gone, MeliError, Priority, TryLater

from .erasure import without_erased
from .models import MirroredRow, RunStatus, SyncRun, SyncStep
from .rows import replace_children, write_rows

PLAN = "plan"
"""The name of the step that makes the other steps."""
READS = "reads"
"""The name of the step that reads, by id, what the other steps and notifications left to be read."""

OVERLAP = timedelta(hours=2)
"""How far a re-read goes back behind the last one: filters work to the hour, and lists lag behind."""
LONGEST_GAP = timedelta(days=7)
"""After a longer one a re-read lists everything: the changes may be more than a list of changes holds."""

Payload = Mapping[str, Any]


@dataclass(frozen=True)
class Reading:
    """One resource as Mercado Livre told it: its payload, and what separate calls said of it.

    What is absent (a 206 leaves sections out) is unknown, not empty.
    """

    payload: Payload
    parts: Mapping[str, Any] = field(default_factory=dict)
    as_of: datetime | None = None
    """When the payload was read, if that was before the rest: it tells nothing newer."""


@dataclass(frozen=True)
class StepPlan:
    """A part of a run that can be read apart; `expected` is how many resources Mercado Livre says it
    holds.
    """

    name: str
    key: str
    params: dict[str, Any] = field(default_factory=dict)
    expected: int | None = None
    total: int | None = None
    """How many resources the whole run is about, once that is known."""


@dataclass(frozen=True)
class Page:
    """What one step of reading brought: whole readings, or ids that still have to be read.

    `cursor` is where the next page begins; None ends the step.
    """

    readings: Sequence[Reading] = ()
    ids: Sequence[str] = ()
    cursor: dict[str, Any] | None = None
    expected: int | None = None


@dataclass(frozen=True)
class Want:
    """A resource that has to be read by its id; the newest are read first."""

    resource: str
    meli_id: str
    date: datetime


@dataclass
class Fetched:
    """The outcome of reading by id: readings, ids Mercado Livre does not have (any more), and what went
    wrong.
    """

    readings: list[Reading] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    errors: dict[str, MeliError] = field(default_factory=dict)

    @classmethod
    def of(cls, ids: Sequence[str], results: Sequence[Reading | MeliError]) -> Fetched:
        """Sort the results of `Client.gather`, one per id."""
        fetched = cls()
        for meli_id, result in zip(ids, results, strict=True):
            if isinstance(result, Reading):
                fetched.readings.append(result)
            elif isinstance(result, Gone):
                fetched.gone.append(meli_id)
            else:
                fetched.errors[meli_id] = result
        return fetched


def object_of(answer: Any) -> dict[str, Any]:
    """Return the resource in an answer. Raises TryLater when there is none, whatever its status said."""
    if not isinstance(answer, dict):
        raise TryLater("The answer holds no resource")
    return answer


@dataclass
class Saved:
    """What `save` did, by id, and what it found that still has to be read."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    last_read: dict[str, datetime] = field(default_factory=dict)
    """When the rows that existed had been read before."""
    wants: list[Want] = field(default_factory=list)
    broken: dict[str, Exception] = field(default_factory=dict)
    """What could not be saved, by no fault of the database."""

    def news_since(self, began: datetime) -> list[str]:
        """Return what was changed and had not been read since `began`."""
        changed = self.created + self.updated
        return [i for i in changed if i not in self.last_read or self.last_read[i] < began]

    def add(self, other: Saved) -> None:
        """Take in what saving others did."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.wants += other.wants
        self.broken |= other.broken
        self.last_read |= other.last_read

    def outcome(self, meli_id: str) -> str:
        if meli_id in self.created:
            return "created"
        return "updated" if meli_id in self.updated else "unchanged"


@dataclass(frozen=True)
class Mapped:
    """Column values of a row, and of its child rows in their order."""

    fields: dict[str, Any]
    children: dict[type[models.Model], list[dict[str, Any]]] = field(default_factory=dict)


class Resource(ABC):
    """One kind of resource of one account. Subclasses say how to list, fetch and map it; saving is the same
    for all.
    """

    name: ClassVar[str]
    """The scope people name."""
    topics: ClassVar[frozenset[str]]
    """The notifications it answers."""
    paths: ClassVar[tuple[str, ...]]
    """The resource paths it answers, each with one `{id}`."""
    model: ClassVar[type[MirroredRow]]
    child_link: ClassVar[str] = ""
    """The name of the foreign key by which child rows point to the row."""
    kept: ClassVar[frozenset[str]] = frozenset()
    """Columns that something other than the payload decides."""
    batch: ClassVar[int] = 40
    """How many are read by id at a time; a killed worker repeats at most one batch."""
    total_from: ClassVar[str]
    """The step whose `expected` counts the resources of a run."""
    done_from: ClassVar[str]
    """The step whose `held` counts the resources mirrored by a run."""
    fed_by: ClassVar[str] = ""
    """The resource whose runs bring more to read."""
    priority: ClassVar[Priority] = Priority.BACKFILL
    lack_delay: ClassVar[timedelta] = timedelta(seconds=5)
    """When to ask again for what Mercado Livre left out."""
    when_gone: ClassVar[Payload] = {}
    """What a stored payload becomes once Mercado Livre no longer has the resource; nothing: it stays."""
    buyer_at: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Where a payload, or one of its `parts`, names the buyer; nothing: it is about nobody."""
    buyer_words: ClassVar[tuple[str, ...]] = ()
    """What of a payload a buyer wrote."""
    has_past: ClassVar[bool] = True
    """Whether a run may be limited to what was created since a day."""

    def __init__(self, account: Account, meli: Client | None = None) -> None:
        self.account = account
        self._meli = meli

    @property
    def meli(self) -> Client:
        if self._meli is None:
            raise RuntimeError("This resource was opened without a client: it can save, not read.")
        return self._meli

    # Reading

    @abstractmethod
    def plan(self, run: SyncRun) -> Iterator[StepPlan]:
        """Yield the steps of `run`, most urgent first; each is started as soon as it is known."""

    @abstractmethod
    def read(self, step: SyncStep) -> Iterator[Page]:
        """Yield the pages of `step`, beginning at `step.cursor`."""

    @abstractmethod
    def fetch(self, ids: Sequence[str]) -> Fetched:
        """Read these resources as they are now, with as few calls as possible."""

    def complete(self, ids: Sequence[str]) -> Fetched:
        """Read only what the stored rows lack. The same as `fetch` where a listing gives nothing but ids."""
        return self.fetch(ids)

    def mark(self) -> datetime | None:
        """Return since when a re-read has to look for changes: an overlap before the start of the last run
        that left nothing out. None when everything has to be listed.

        The mark moves only when such a run has ended well, so what a failed one did not reach is looked for
        again.
        """
        started_at = self.last_read_whole()
        if started_at is None or started_at < timezone.now() - LONGEST_GAP:
            return None
        return started_at - OVERLAP

    def last_read_whole(self) -> datetime | None:
        """Return when the last run that left nothing out and ended well began."""
        whole = SyncRun.objects.whole().filter(account=self.account, scope=self.name, status=RunStatus.DONE)
        return whole.order_by("-id").values_list("started_at", flat=True).first()

    def strays(self, run: SyncRun) -> list[str]:
        """Return what we hold and the lists of `run` should have shown, but did not: it is read by id."""
        return []

    def unlisted(self, run: SyncRun) -> list[str]:
        """Return what `run`, which listed everything, did not meet. Older than all it met does not count:
        lists do not reach back for ever."""
        met = self.rows().filter(read_at__gte=run.created_at)
        oldest = met.aggregate(oldest=models.Min("date_created"))["oldest"]
        if oldest is None:
            return []
        missed = self.rows().filter(read_at__lt=run.created_at, date_created__gte=oldest)
        return list(missed.values_list("meli_id", flat=True))

    def unread(self, ids: Sequence[str], since: datetime) -> list[str]:
        """Return those of `ids` that a run begun at `since` has not read yet."""
        rows = self.rows().filter(meli_id__in=ids, read_at__gte=since)
        read = set(rows.values_list("meli_id", flat=True))
        return [meli_id for meli_id in ids if meli_id not in read]

    # Understanding

    @abstractmethod
    def meli_id(self, payload: Payload) -> str:
        """Return the id in a payload, "" when it has none."""

    @abstractmethod
    def map(self, reading: Reading) -> Mapped:
        """Turn a reading into column values. Pure: no network, no clock, no database."""

    def merge(self, reading: Reading, stored: MirroredRow) -> Reading:
        """Keep what `reading` leaves out and we already know: a partial answer erases nothing."""
        return replace(
            reading,
            payload={**stored.payload, **reading.payload},
            parts={**stored.parts, **reading.parts},
        )

    def follow(self, readings: Sequence[Reading], since: datetime | None) -> list[Want]:
        """Return what these point to or still lack, unless it was read after `since` (None: ever)."""
        return []

    # Writing

    def save(
        self, readings: Sequence[Reading], read_at: datetime, followed_since: datetime | None = None
    ) -> Saved:
        """Mirror `readings`, which began to be read at `read_at`. The only way rows are written.

        Late news changes nothing, a repeated reading changes nothing, and child rows always match their row.
        """
        by_id = {self.meli_id(reading.payload): reading for reading in readings}
        by_id.pop("", None)
        by_id = without_erased(self, by_id)
        stored = {row.meli_id: row for row in self.rows().filter(meli_id__in=by_id)}
        saved = Saved(last_read={meli_id: row.read_at for meli_id, row in stored.items()})
        rows: list[MirroredRow] = []
        children: dict[str, Mapped] = {}
        for meli_id, reading in by_id.items():
            old = stored.get(meli_id)
            if old is not None:
                reading = by_id[meli_id] = self.merge(reading, old)
                if old.payload == reading.payload and old.parts == reading.parts:
                    saved.unchanged.append(meli_id)
                    continue
            mapped = children[meli_id] = self.map(reading)
            rows.append(self.row(meli_id, reading, mapped, reading.as_of or read_at))
        seen_again = [meli_id for meli_id in saved.unchanged if by_id[meli_id].as_of is None]
        with transaction.atomic():
            written = write_rows(rows, self.kept)
            self.write_children(written, children)
            self.rows().filter(meli_id__in=seen_again, read_at__lt=read_at).update(read_at=read_at)
        for meli_id in children:
            outcome = saved.unchanged if meli_id not in written else saved.updated
            (outcome if meli_id in stored or meli_id not in written else saved.created).append(meli_id)
        # A reading that came too late tells nothing: what its row lacks is still to be read.
        if late := children.keys() - written.keys():
            kept = self.rows().filter(meli_id__in=late).only("meli_id", "payload", "parts")
            by_id |= {row.meli_id: Reading(row.payload, row.parts) for row in kept}
        saved.wants = self.follow(list(by_id.values()), followed_since)
        return saved

    def row(self, meli_id: str, reading: Reading, mapped: Mapped, read_at: datetime) -> MirroredRow:
        return self.model(
            account_id=self.account.pk,
            meli_id=meli_id,
            payload=reading.payload,
            parts=reading.parts,
            read_at=read_at,
            **mapped.fields,
        )

    def rebuild(self, chunk: int = 500) -> Iterator[list[str]]:
        """Derive every column again from the stored payloads, without a call. Yield the ids of each chunk."""
        last = 0
        while batch := list(self.rows().filter(pk__gt=last).order_by("pk")[:chunk]):
            readings = {row.meli_id: Reading(row.payload, row.parts) for row in batch}
            mapped = {meli_id: self.map(reading) for meli_id, reading in readings.items()}
            rows = [
                self.row(row.meli_id, readings[row.meli_id], mapped[row.meli_id], row.read_at)
                for row in batch
            ]
            with transaction.atomic():
                self.write_children(write_rows(rows, self.kept), mapped)
            last = batch[-1].pk
            yield list(readings)

    def rows(self) -> models.QuerySet[Any]:
        return self.model._default_manager.filter(account=self.account)

    def without(self, gone: Sequence[str]) -> list[Reading]:
        """Return what the rows of resources that are gone become (`when_gone`)."""
        rows = self.rows().filter(meli_id__in=gone) if gone and self.when_gone else []
        return [Reading({**row.payload, **self.when_gone}, row.parts) for row in rows]

    def expected(self, run: SyncRun) -> int | None:
        """Count what we should hold of what `run` covers, where Mercado Livre lists nothing to count."""
        return None

    def held(self, run: SyncRun) -> int:
        """Count the resources we hold of what `run` covers."""
        rows = self.rows()
        return (rows.filter(date_created__gte=run.since) if run.since else rows).count()

    def write_children(self, written: Mapping[str, int], mapped: Mapping[str, Mapped]) -> None:
        for child in {child for one in mapped.values() for child in one.children}:
            values = [
                {**value, f"{self.child_link}_id": pk, "position": position}
                for meli_id, pk in written.items()
                for position, value in enumerate(mapped[meli_id].children.get(child, []))
            ]
            replace_children(child, self.child_link, list(written.values()), values)

    # The registry

    @classmethod
    def id_in(cls, path: str) -> str | None:
        """Return the id when `path` is one of this resource's, else None."""
        for pattern in cls.paths:
            before, after = pattern.split("{id}")
            if match := re.fullmatch(f"{re.escape(before)}([A-Za-z0-9-]{{1,32}}){re.escape(after)}", path):
                return match[1]
        return None


RESOURCES: dict[str, type[Resource]] = {}
"""Every resource by its name; each app's `sync.py` adds its own when Django starts."""


def register(resource: type[Resource]) -> type[Resource]:
    RESOURCES[resource.name] = resource
    return resource


def resource_for(topic: str, path: str) -> tuple[type[Resource], str] | None:
    """Return the resource that answers a notification and the id it speaks of; None when we do not mirror
    it.
    """
    for resource in RESOURCES.values():
        if topic in resource.topics and (meli_id := resource.id_in(path)):
            return resource, meli_id
    return None
