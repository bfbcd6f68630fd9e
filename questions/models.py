"""Questions buyers ask on listings. Columns follow the API facts, part B section 4.2."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Organization
from painelml.sync.models import MirroredRow

from .sla import Calendar

if TYPE_CHECKING:
    from orders.models import OrderQuerySet

AT_RISK = timedelta(minutes=15)
"""How long before its deadline an open question counts as at risk."""
BOUGHT_WITHIN = timedelta(days=7)
CLOCK = ("due_at", "response_open_seconds")
"""Columns that the account's target and calendar decide, not the payload."""


def has_sla(sla: str, now: datetime) -> Q:
    """Return the condition that a question's service level is `breached`, `at_risk` or `ok` at `now`."""
    waiting = Q(status="UNANSWERED")
    if sla == "breached":
        return (waiting & Q(due_at__lt=now)) | Q(answered_at__gt=models.F("due_at"))
    if sla == "at_risk":
        return waiting & Q(due_at__gte=now, due_at__lt=now + AT_RISK)
    return (waiting & Q(due_at__gte=now + AT_RISK)) | Q(answered_at__lte=models.F("due_at"))


class QuestionQuerySet(models.QuerySet["Question"]):
    def of(self, organization: Organization) -> QuestionQuerySet:
        """Return the questions of all accounts this organization owns."""
        return self.filter(account__organization=organization)

    def unanswered(self) -> QuestionQuerySet:
        """Return questions that wait for the seller."""
        return self.filter(status="UNANSWERED")

    def answered(self) -> QuestionQuerySet:
        """Return questions whose answer can be read; moderation blanks some."""
        return self.filter(status="ANSWERED", answered_at__isnull=False).exclude(answer_text="")

    def with_sla(self, sla: str, now: datetime | None = None) -> QuestionQuerySet:
        """Return questions whose service level is `breached`, `at_risk` or `ok` at this moment."""
        return self.filter(has_sla(sla, now or timezone.now()))

    def became_sales(self, orders: OrderQuerySet | None = None) -> QuestionQuerySet:
        """Return questions whose asker bought the same item within a week; `orders` are those among which it
        would be, for a database that had better read them once than look for each asker's.
        """
        from orders.models import Order, OrderItem

        # Lines in a condition of their own: they are read of the few orders that fit.
        line = OrderItem.objects.filter(
            order=models.OuterRef("pk"), item_id=models.OuterRef(models.OuterRef("item_id"))
        )
        bought = (
            (Order.objects.all() if orders is None else orders)
            .sales()
            .filter(
                models.Exists(line),
                account=models.OuterRef("account"),
                buyer_id=models.OuterRef("from_id"),
                date_created__gte=models.OuterRef("date_created"),
                date_created__lte=models.OuterRef("date_created") + BOUGHT_WITHIN,
            )
        )
        return self.exclude(from_id="").filter(models.Exists(bought))


class Question(MirroredRow):
    """A question. `due_at` is when the account's target of open minutes is used up; None where the clock was
    stopped. `response_seconds` is by the wall clock, `response_open_seconds` counts open hours only.
    """

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
    response_open_seconds = models.PositiveIntegerField(_("response time (open seconds)"), null=True)
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
            models.Index(fields=["-date_created", "-id"], name="question_newest_of_all"),
            models.Index(fields=["account", "item_id"], name="question_by_item"),
            models.Index(fields=["account", "from_id"], name="question_by_buyer"),
            models.Index(
                fields=["account", "due_at"], condition=Q(status="UNANSWERED"), name="question_waiting"
            ),
            # All that statistics ask of a question, whose row is mostly its payload.
            models.Index(
                fields=["account", "date_created"],
                include=[
                    "id",
                    "status",
                    "answered_at",
                    "due_at",
                    "response_seconds",
                    "response_open_seconds",
                    "from_id",
                    "item_id",
                ],
                name="question_figures",
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

    @property
    def answered_by(self) -> str:
        """Who answered through the panel, empty for nobody. A query unless `panel_answer` came along."""
        given: PanelAnswer | None = getattr(self, "panel_answer", None)
        return given.name if given else ""


class PanelAnswer(models.Model):
    """Who gave an answer through the panel or its API; `name` stays when the person is gone.

    An answer without one was given elsewhere.
    """

    question = models.OneToOneField(Question, models.CASCADE, related_name="panel_answer")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(_("name"), max_length=300)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("answer given here")
        verbose_name_plural = _("answers given here")

    def __str__(self) -> str:
        return self.name


class QuickReply(models.Model):
    """What an organization answers again and again: `/word` puts the text into an answer, its placeholders
    (questions/placeholders.py) filled.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="quick_replies")
    word = models.CharField(_("word"), max_length=30)
    text = models.TextField(_("text"))
    updated_at = models.DateTimeField(_("last updated"), auto_now=True)

    class Meta:
        verbose_name = _("quick reply")
        verbose_name_plural = _("quick replies")
        ordering: ClassVar = ["word"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "word"], name="quick_reply_once"),
        ]

    def __str__(self) -> str:
        return f"/{self.word}"


def check_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("There is no such time zone."))


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class BusinessCalendar(models.Model):
    """When an account's people answer. An account without one, or one without hours, is always open."""

    account = models.OneToOneField(
        Account, models.CASCADE, related_name="calendar", verbose_name=_("account")
    )
    zone_name = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[check_time_zone],
        help_text=_("Empty: the time zone of the account's country."),
    )

    class Meta:
        verbose_name = _("business calendar")
        verbose_name_plural = _("business calendars")

    def __str__(self) -> str:
        return str(self.account)

    def calendar(self) -> Calendar | None:
        """Return the hours to reckon with, None when always open. Costs two queries unless prefetched."""
        hours: dict[int, list[tuple[time, time]]] = {}
        for span in self.hours.all():
            hours.setdefault(span.weekday, []).append((span.opens, span.closes))
        if not hours:
            return None
        zone = ZoneInfo(self.zone_name) if self.zone_name else self.account.time_zone
        return Calendar(zone, hours, frozenset(holiday.day for holiday in self.holidays.all()))


class OpenHours(models.Model):
    """Hours of one weekday in which the shop answers; a day may have several."""

    calendar = models.ForeignKey(BusinessCalendar, models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"), help_text=_("00:00 is midnight at the end of the day."))

    class Meta:
        verbose_name = _("open hours")
        verbose_name_plural = _("open hours")
        ordering: ClassVar = ["weekday", "opens"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["calendar", "weekday", "opens"], name="open_hours_once"),
            models.CheckConstraint(
                condition=Q(closes__gt=models.F("opens")) | Q(closes=time.min),
                name="open_hours_end_after_they_begin",
                violation_error_message=_("The shop has to close later than it opens."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


class Holiday(models.Model):
    """A day the shop stays closed."""

    calendar = models.ForeignKey(BusinessCalendar, models.CASCADE, related_name="holidays")
    day = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering: ClassVar = ["day"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["calendar", "day"], name="holiday_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.name}".strip()
