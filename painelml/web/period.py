"""The period a statistic is about, in days of each account's own zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .api import AccountForm
from .days import by_zone, day_start, within
from .filters import DayField, day_of

DAYS_MAX = 3660
"""Ten years: a statistic lists every day of its period."""

Bound = date | datetime | None


class PeriodForm(AccountForm):
    """`days` until today, or from `date_from` to `date_to`; everything when neither is given."""

    days = forms.IntegerField(
        label=_("How many days, until today"), min_value=1, max_value=DAYS_MAX, required=False
    )
    date_from = DayField(label=_("From"), required=False)
    date_to = DayField(label=_("To"), required=False)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = values.get("date_from"), values.get("date_to")
        if values.get("days") and (first or last):
            self.add_error("days", _("Give either a number of days or dates."))
        if first and day_of(last or timezone.now()) - day_of(first) > timedelta(days=DAYS_MAX):
            self.add_error("date_from", _("Choose at most ten years."))
        return values

    def bounds(self, today: date, zone: ZoneInfo) -> tuple[Bound, Bound]:
        """Return the first and the last day of the zone or instant, both included; None where there is no
        bound.
        """
        if days := self.value("days"):
            return today - timedelta(days=days - 1), today
        return self.value("date_from"), self.value("date_to")

    def bounds_before(self, today: date, zone: ZoneInfo) -> tuple[Bound, Bound] | None:
        """Return the bounds of as long a period right before this one, None when it has no beginning."""
        first, last = self.bounds(today, zone)
        if first is None:
            return None
        last = today if last is None else last
        if not isinstance(first, datetime) and not isinstance(last, datetime):
            return first - (last - first) - timedelta(days=1), first - timedelta(days=1)
        begin = first if isinstance(first, datetime) else day_start(first, zone)
        end = last if isinstance(last, datetime) else day_start(last + timedelta(days=1), zone)
        return begin - (end - begin), begin - timedelta(microseconds=1)

    def during(self, field: str, now: datetime) -> Q:
        """Return the condition that `field` lies in the period."""
        condition = Q(pk__in=[])
        for zone, members in by_zone(self.accounts).items():
            bounds = self.bounds(now.astimezone(zone).date(), zone)
            # Named once: PostgreSQL expects too few rows of accounts it is told twice.
            condition |= within(field, members, *bounds) or Q(account__in=members)
        return condition

    def before(self, field: str, now: datetime) -> Q | None:
        """Return the condition that `field` lies in as long a period right before, None without one."""
        condition = Q(pk__in=[])
        for zone, members in by_zone(self.accounts).items():
            bounds = self.bounds_before(now.astimezone(zone).date(), zone)
            if bounds is None:
                return None
            condition |= within(field, members, *bounds)
        return condition

    def all_days(self, found: set[date], now: datetime) -> list[date]:
        """Return every day of the period, quiet ones too; without a beginning, from the first day `found`."""
        days = set(found)
        for zone in by_zone(self.accounts):
            today = now.astimezone(zone).date()
            first, last = self.bounds(today, zone)
            if first is not None:
                end = day_of(today if last is None else last, zone)
                days |= {min(day_of(first, zone), end), end}
        if not days:
            return []
        begin = min(days)
        return [begin + timedelta(days=number) for number in range((max(days) - begin).days + 1)]


class RecentPeriodForm(PeriodForm):
    """The last 30 days when no period is given; the 30 until its end when no beginning is."""

    DAYS = 30
    DAYS_MAX = 366

    days = forms.IntegerField(
        label=_("How many days, until today"),
        min_value=1,
        max_value=DAYS_MAX,
        required=False,
        widget=forms.HiddenInput(),
    )

    def bounds(self, today: date, zone: ZoneInfo) -> tuple[date | datetime, date | datetime]:
        first, last = super().bounds(today, zone)
        last = last or today
        return first or day_of(last, zone) - timedelta(days=self.DAYS - 1), last

    @property
    def chosen_days(self) -> int | None:
        """The number of days that was chosen or stands for no choice; None for a period by its dates, and for
        one that is wrong.
        """
        if self.errors or self.value("date_from") or self.value("date_to"):
            return None
        return self.value("days") or self.DAYS
