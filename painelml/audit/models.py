"""The audit log: one row for each thing somebody did. Rows are added and, past their days, removed; a trigger
of the database refuses everything else (migrations/0002)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from painelml.web.show import DASH

from .words import ActorKind, Outcome, label_of


class EntryQuerySet(models.QuerySet["Entry"]):
    def of(self, organization: models.Model) -> EntryQuerySet:
        """Return what happened in this organization."""
        return self.filter(organization_id=organization.pk)


class Entry(models.Model):
    """Who did what, when, from where, to what, and what it was before and after.

    Nothing here is a foreign key: people, accounts and organizations go, what they did stays, under the names
    they had then.
    """

    at = models.DateTimeField(_("when"), default=timezone.now)
    organization_id = models.BigIntegerField(_("organization"), null=True)
    actor_kind = models.CharField(_("kind of actor"), max_length=8, choices=ActorKind)
    person_id = models.BigIntegerField(_("person"), null=True)
    key_id = models.BigIntegerField(_("API key"), null=True)
    actor = models.CharField(_("who"), max_length=254, blank=True)
    action = models.CharField(_("action"), max_length=40)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome, default=Outcome.DONE)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    account_id = models.BigIntegerField(_("account id"), null=True)
    account_name = models.CharField(_("account"), max_length=120, blank=True)
    object_kind = models.CharField(_("kind of object"), max_length=60, blank=True)
    object_id = models.CharField(_("object id"), max_length=120, blank=True)
    object_name = models.CharField(_("object"), max_length=200, blank=True)
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    way = models.CharField(_("way"), max_length=8, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    client = models.CharField(_("client"), max_length=160, blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)

    objects: ClassVar = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        indexes: ClassVar = [
            models.Index(fields=["organization_id", "at", "id"], name="audit_by_time"),
            models.Index(fields=["organization_id", "person_id", "at"], name="audit_by_person"),
            models.Index(fields=["organization_id", "action", "at"], name="audit_by_action"),
            models.Index(fields=["organization_id", "object_id"], name="audit_by_object"),
            models.Index(fields=["at"], name="audit_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor} {self.action} {self.object_id}".strip()

    @property
    def action_label(self) -> str:
        return label_of(self.action)

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """Return what changed: its name, what it was and what it is, as text; a dash for what is not told."""
        before, after = self.before or {}, self.after or {}
        return [(name, in_words(before.get(name)), in_words(after.get(name))) for name in {**before, **after}]


def in_words(value: Any) -> str:
    """Return a kept value as people read it: `1: 4, 2: 7` for units by variation."""
    match value:
        case dict():
            return ", ".join(f"{name}: {in_words(one)}" for name, one in value.items()) or DASH
        case list():
            return ", ".join(in_words(one) for one in value) or DASH
        case None | "":
            return DASH
        case _:
            return str(value)
