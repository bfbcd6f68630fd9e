"""Questions buyers ask on listings. Columns follow the API facts, part B section 4.2."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Organization
from painelml.sync.models import MirroredRow

AT_RISK = timedelta(minutes=15)
"""How long before its deadline an open question counts as at risk."""


class QuestionQuerySet(models.QuerySet["Question"]):
    def of(self, organization: Organization) -> QuestionQuerySet:
        """Return the questions of all accounts this organization owns."""
        return self.filter(account__organization=organization)

    def unanswered(self) -> QuestionQuerySet:
        """Return questions that wait for the seller."""
        return self.filter(status="UNANSWERED")

    def with_sla(self, sla: str, now: datetime | None = None) -> QuestionQuerySet:
        """Return questions whose service level is `breached`, `at_risk` or `ok` at this moment."""
        now = now or timezone.now()
        waiting = Q(status="UNANSWERED")
        late_answer = Q(answered_at__gt=models.F("due_at"))
        breached = (waiting & Q(due_at__lt=now)) | late_answer
        at_risk = waiting & Q(due_at__gte=now, due_at__lt=now + AT_RISK)
        if sla == "breached":
            return self.filter(breached)
        if sla == "at_risk":
            return self.filter(at_risk)
        on_time = (waiting & Q(due_at__gte=now + AT_RISK)) | Q(answered_at__lte=models.F("due_at"))
        return self.filter(on_time)


class Question(MirroredRow):
    """A question. `due_at` is when the answer is due by the account's target; the clock is the wall clock."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="questions", verbose_name=_("account"))
    item_id = models.CharField(_("item"), max_length=32, blank=True)
    status = models.CharField(_("status"), max_length=30, blank=True)
    text = models.TextField(_("question"), blank=True)
    from_id = models.CharField(_("asked by"), max_length=32, blank=True)
    date_created = models.DateTimeField(_("asked"))
    answer_text = models.TextField(_("answer"), blank=True)
    answer_status = models.CharField(_("answer status"), max_length=20, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True)
    response_seconds = models.PositiveIntegerField(_("response time (seconds)"), null=True)
    due_at = models.DateTimeField(_("due"), null=True)
    search_text = models.TextField(editable=False, default="")

    objects: ClassVar = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "meli_id"], name="question_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "-date_created", "-id"], name="question_newest"),
            models.Index(fields=["account", "item_id"], name="question_by_item"),
            models.Index(
                fields=["account", "due_at"], condition=Q(status="UNANSWERED"), name="question_waiting"
            ),
        ]

    def sla_at(self, now: datetime) -> str | None:
        """Return `breached`, `at_risk` or `ok`; None when the question needs no answer any more."""
        if self.due_at is None:
            return None
        if self.answered_at is not None:
            return "ok" if self.answered_at <= self.due_at else "breached"
        if self.status != "UNANSWERED":
            return None
        if now > self.due_at:
            return "breached"
        return "at_risk" if now > self.due_at - AT_RISK else "ok"

    @property
    def sla(self) -> str | None:
        return self.sla_at(timezone.now())
