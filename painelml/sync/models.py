"""What the engine keeps: runs, their claimable steps, the reads still owed, and the shape of every mirrored
row.
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from painelml.fields import EncryptedField

from .values import storable


class PayloadEncoder(json.JSONEncoder):
    """Writes a Decimal as a JSON number. Mercado Livre's amounts have few digits, so the shortest float is
    exact.
    """

    def default(self, o: Any) -> Any:
        return float(o) if isinstance(o, Decimal) else super().default(o)

    def encode(self, o: Any) -> str:
        """Leave out what PostgreSQL's JSON refuses: null characters and halves of emoji."""
        encoded = super().encode(o)
        is_odd = "\\u0000" in encoded or "\\ud" in encoded
        return super().encode(_storable(o)) if is_odd else encoded


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): _storable(one) for key, one in value.items()}
    return [_storable(one) for one in value] if isinstance(value, list) else value


class PayloadDecoder(json.JSONDecoder):
    """Reads JSON numbers with a fraction as Decimal, as the client does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "parse_float": Decimal})


class PayloadField(models.JSONField):
    """What Mercado Livre sent, kept whole, so that every column can be derived again without a call."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(encoder=PayloadEncoder, decoder=PayloadDecoder)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["encoder"], kwargs["decoder"]
        return name, path, args, kwargs


class MirroredRow(models.Model):
    """A row that mirrors one resource of Mercado Livre.

    `remote_updated_at` is the resource's own stamp and `read_at` the moment our reading began; together
    they order readings, so late news never replaces newer news. `parts` holds what separate calls said
    (costs, discounts, ...).
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="%(class)ss", verbose_name=_("account"))
    meli_id = models.CharField(_("id at Mercado Livre"), max_length=32)
    payload = PayloadField(default=dict, editable=False)
    parts = PayloadField(default=dict, editable=False)
    remote_updated_at = models.DateTimeField(_("last updated"))
    read_at = models.DateTimeField(_("read at"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.meli_id


class RunKind(models.TextChoices):
    BACKFILL = "backfill", _("Backfill")
    INCREMENTAL = "incremental", _("Re-read")
    MANUAL = "manual", _("Manual")
    AUDIT = "audit", _("Audit")


class RunStatus(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


ACTIVE_STATUSES = [RunStatus.QUEUED, RunStatus.RUNNING]


class SyncRunQuerySet(models.QuerySet["SyncRun"]):
    def active(self) -> SyncRunQuerySet:
        """Return runs that still have something to do."""
        return self.filter(status__in=ACTIVE_STATUSES)

    def whole(self) -> SyncRunQuerySet:
        """Return runs after which nothing is left to read: all but those of the last days only."""
        return self.filter(since=None)

    def listings(self) -> SyncRunQuerySet:
        """Return runs that compare all we hold with all Mercado Livre lists: the ledger."""
        return self.whole().exclude(kind=RunKind.INCREMENTAL)

    def rereads(self) -> SyncRunQuerySet:
        """Return the runs nobody asked for, which look for what no notification told."""
        return self.filter(kind__in=[RunKind.INCREMENTAL, RunKind.AUDIT])


class SyncRun(models.Model):
    """One pass over one kind of resource of one account.

    `total` and `done` count resources: what Mercado Livre said there is and what we hold of it. They are the
    ledger: "18,204 of 18,204 orders, checked at 14:02". `changed` counts the rows that were not as Mercado
    Livre had them when the run came to read them, each once.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="runs", verbose_name=_("account"))
    scope = models.CharField(_("scope"), max_length=20)
    kind = models.CharField(_("kind"), max_length=12, choices=RunKind, default=RunKind.BACKFILL)
    status = models.CharField(_("status"), max_length=10, choices=RunStatus, default=RunStatus.QUEUED)
    since = models.DateTimeField(_("since"), null=True, blank=True)
    total = models.PositiveIntegerField(_("total"), null=True, blank=True)
    done = models.PositiveIntegerField(_("done"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    api_calls = models.PositiveIntegerField(_("API calls"), default=0)
    error = models.TextField(_("error"), blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects: ClassVar = SyncRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "scope"],
                condition=Q(status__in=["queued", "running"]),
                name="run_one_active_per_scope",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["account", "scope", "-id"], name="run_latest")]

    def __str__(self) -> str:
        return f"{self.scope} · {self.get_kind_display()} · {self.get_status_display()}"

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE_STATUSES

    @property
    def public_kind(self) -> str:
        """The kind as the API tells it (contract section 3.4): an audit is a re-read, only of everything."""
        return RunKind.INCREMENTAL if self.kind == RunKind.AUDIT else self.kind


class StepState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    WORKING = "working", _("Working")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class SyncStepQuerySet(models.QuerySet["SyncStep"]):
    def open(self) -> SyncStepQuerySet:
        """Return steps that are not finished, one way or the other."""
        return self.filter(state__in=[StepState.WAITING, StepState.WORKING])

    def claimable(self, now: datetime) -> SyncStepQuerySet:
        """Return steps a worker may take: due ones, and those whose worker died."""
        due = Q(state=StepState.WAITING) & Q(next_try_at__lte=now)
        orphaned = Q(state=StepState.WORKING, lease_until__lt=now)
        return self.filter(due | orphaned, run__status__in=ACTIVE_STATUSES)


class SyncStep(models.Model):
    """A part of a run that one worker reads at a time: a window, a page chain, or the reads owed.

    The cursor moves in the same transaction as the rows of its page, so a killed worker repeats at most one
    page.
    """

    run = models.ForeignKey(SyncRun, models.CASCADE, related_name="steps")
    name = models.CharField(max_length=20)
    key = models.CharField(max_length=100)
    position = models.PositiveIntegerField(default=0)
    params = models.JSONField(default=dict)
    cursor = models.JSONField(null=True)
    state = models.CharField(max_length=10, choices=StepState, default=StepState.WAITING)
    expected = models.PositiveIntegerField(null=True)
    held = models.PositiveIntegerField(default=0)
    pages = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)

    objects: ClassVar = SyncStepQuerySet.as_manager()

    class Meta:
        verbose_name = _("sync step")
        verbose_name_plural = _("sync steps")
        ordering: ClassVar = ["run", "position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "key"], name="step_once")]
        indexes: ClassVar = [
            models.Index(
                fields=["next_try_at"], condition=Q(state__in=["waiting", "working"]), name="step_open"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class PendingReadQuerySet(models.QuerySet["PendingRead"]):
    def ready(self, now: datetime) -> PendingReadQuerySet:
        """Return reads that are due."""
        return self.filter(given_up=False, next_try_at__lte=now)


class PendingRead(models.Model):
    """One resource we know of and still have to read by its id, newest first.

    Rows disappear once the resource is mirrored, so a read survives whatever kills the worker.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="pending_reads")
    resource = models.CharField(max_length=20)
    meli_id = models.CharField(max_length=32)
    wanted_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    given_up = models.BooleanField(default=False)
    error = models.TextField(blank=True)

    objects: ClassVar = PendingReadQuerySet.as_manager()

    class Meta:
        verbose_name = _("pending read")
        verbose_name_plural = _("pending reads")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "resource", "meli_id"], name="pending_read_once"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["account", "resource", "-wanted_at"],
                condition=Q(given_up=False),
                name="pending_read_newest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.meli_id}"


class BuyerKey(models.Model):
    """The key by which buyers of an account who are forgotten become pseudonyms (sync/erasure.py)."""

    account = models.OneToOneField(Account, models.CASCADE, related_name="buyer_key")
    key = EncryptedField(bound_to="account_id")
    key_sealed: str

    class Meta:
        verbose_name = _("key of pseudonyms")
        verbose_name_plural = _("keys of pseudonyms")

    def __str__(self) -> str:
        return str(self.account)


class ErasedBuyer(models.Model):
    """A buyer who is forgotten, by a pseudonym nothing leads back from: what they bought or asked until then
    stays without their data, whatever Mercado Livre tells again.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="erased_buyers")
    pseudonym = models.CharField(max_length=40)
    erased_at = models.DateTimeField(_("erased"))

    class Meta:
        verbose_name = _("erased buyer")
        verbose_name_plural = _("erased buyers")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "pseudonym"], name="erased_buyer_once"),
        ]

    def __str__(self) -> str:
        return self.pseudonym
