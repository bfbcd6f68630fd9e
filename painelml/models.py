"""What all apps share: the answers kept for calls that must act once, and the filters people keep."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization


class KeptAnswer(models.Model):
    """What a call with an `Idempotency-Key` was answered. Without a `status` it is still being worked on."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(_("key"), max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    body = models.JSONField(default=dict)
    location = models.CharField(max_length=500, blank=True, default="", db_default="")
    began_at = models.DateTimeField(_("began"))

    LIFE = timedelta(hours=24)
    LONGEST_WORK = timedelta(minutes=5)
    """Whoever has not answered by then died: the call may act again."""

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "user", "key"], name="kept_answer_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["began_at"], name="kept_answer_by_age")]

    def __str__(self) -> str:
        return self.key


class SavedFilter(models.Model):
    """Filters of a list somebody uses often, under a name: `query` as the address has it."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_filters")
    list = models.CharField(max_length=20)
    name = models.CharField(_("name"), max_length=40)
    QUERY_MAX = 1000
    query = models.CharField(max_length=QUERY_MAX)

    MOST = 12
    """How many a person keeps for one list: more are no longer chips but a list of their own."""

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "user", "list", "name"], name="saved_filter_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name
