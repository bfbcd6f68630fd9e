"""The inbox: what Mercado Livre told us, kept before anything else happens (API facts, part A section 3)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Organization


class NotificationState(models.TextChoices):
    PENDING = "pending", _("Pending")
    WORKING = "working", _("Working")
    DONE = "done", _("Done")
    IGNORED = "ignored", _("Ignored")
    FAILED = "failed", _("Failed")


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of(self, organization: Organization) -> NotificationQuerySet:
        """Return what concerns the sellers this organization owns; strangers' events are nobody's."""
        return self.filter(seller_id__in=Account.objects.of(organization).values("meli_user_id"))

    def open(self) -> NotificationQuerySet:
        """Return events that are neither applied nor given up."""
        return self.filter(state__in=[NotificationState.PENDING, NotificationState.WORKING])

    def claimable(self, now: datetime) -> NotificationQuerySet:
        """Return events a drain may take: due ones, and those whose worker died."""
        due = Q(state=NotificationState.PENDING, next_try_at__lte=now)
        orphaned = Q(state=NotificationState.WORKING, lease_until__lt=now)
        return self.open().filter(due | orphaned)

    def held(self, now: datetime) -> NotificationQuerySet:
        """Return events a living drain is reading for."""
        return self.filter(state=NotificationState.WORKING, lease_until__gte=now)


class Source(models.TextChoices):
    """How we learned of it."""

    WEBHOOK = "webhook", _("Notification")
    MISSED_FEED = "missed_feed", _("Missed feeds")


class Outcome(models.TextChoices):
    """What an event came to, beside the engine's own words."""

    CREATED = "created", _("Created")
    UPDATED = "updated", _("Updated")
    UNCHANGED = "unchanged", _("Unchanged")
    GONE = "gone", _("Gone")
    COVERED = "covered", _("Read meanwhile")
    UNMIRRORED = "unmirrored", _("Not mirrored")
    UNKNOWN_SELLER = "unknown_seller", _("Unknown seller")


class Notification(models.Model):
    """One thing Mercado Livre told us. Only a pointer: the resource is always read again.

    `dedupe_key` is a digest of the event's own id (of `received` when it has none) with topic, resource and
    user; a repeat adds to `repeats` of the stored row. `kind` and `target` say what has to be read: the name
    of a mirrored resource and an id, both empty when we mirror nothing it speaks of.
    """

    dedupe_key = models.CharField(max_length=80, editable=False)
    topic = models.CharField(_("topic"), max_length=60)
    resource = models.CharField(_("resource"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20, blank=True)
    target = models.CharField(_("target"), max_length=40, blank=True)
    seller_id = models.CharField(_("seller id"), max_length=32)
    application_id = models.CharField(_("application"), max_length=32, blank=True)
    received = models.DateTimeField(_("received by Mercado Livre"), null=True)
    sent = models.DateTimeField(_("sent"), null=True)
    source = models.CharField(_("source"), max_length=12, choices=Source, default=Source.WEBHOOK)
    created_at = models.DateTimeField(_("stored at"), default=timezone.now)
    repeats = models.PositiveIntegerField(_("repeats"), default=0)

    state = models.CharField(
        _("state"), max_length=10, choices=NotificationState, default=NotificationState.PENDING
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try"), default=timezone.now)
    lease_until = models.DateTimeField(null=True, editable=False)
    lease_owner = models.CharField(max_length=64, blank=True, editable=False)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome, blank=True)
    error = models.TextField(_("reason"), blank=True)
    done_at = models.DateTimeField(_("done at"), null=True)

    objects: ClassVar = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            # Not unique=True on the field, which brings a second index for LIKE.
            models.UniqueConstraint(fields=["dedupe_key"], name="notification_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["seller_id", "kind", "id"],
                condition=Q(state__in=["pending", "working"]),
                name="notification_open",
            ),
            # Not without a target: in a flood no statistics know of the open events yet, and PostgreSQL would
            # sort all in this index as soon as look up the first in the other.
            models.Index(
                fields=["seller_id", "kind", "target"],
                condition=Q(state__in=["pending", "working"]) & ~Q(target=""),
                name="notification_by_target",
            ),
            # Counted for the inbox page from here alone; one index serves states and sellers, because every
            # acknowledgement pays for each.
            models.Index(fields=["state", "seller_id", "topic", "repeats"], name="notification_counted"),
            models.Index(
                fields=["seller_id", "outcome"], condition=Q(source="missed_feed"), name="notification_missed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.resource}"
