"""What the page, the API and the file of the audit log ask."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from accounts.models import Organization
from painelml.web import show
from painelml.web.days import day_start
from painelml.web.exports import Summary

from .models import Entry, EntryQuerySet
from .words import Outcome, label_of

CHARTED = 12
"""Actions a summary draws, the most frequent first."""


def entries_for_listing(organization: Organization, form: Any) -> EntryQuerySet:
    """Return what happened in this organization and passes the filters; nothing when one is wrong."""
    form.is_valid()
    if form.errors:
        return Entry.objects.none()
    zone = zone_of(form)
    first, last = form.value("date_from"), form.value("date_to")
    entries = Entry.objects.of(organization).filter(
        **form.filters(action="action", outcome="outcome", account_id="account_id", object="object_id")
    )
    if first:
        entries = entries.filter(at__gte=begin(first, zone))
    if isinstance(last, datetime):
        entries = entries.filter(at__lte=last)
    elif last:
        entries = entries.filter(at__lt=begin(last + timedelta(days=1), zone))
    if person := form.value("person"):
        entries = entries.filter(actor__icontains=person)
    return entries


def zone_of(form: Any) -> ZoneInfo:
    """Return the zone whose days are meant: the first account's, for a log is of no account."""
    accounts = form.all_accounts
    return accounts[0].time_zone if accounts else ZoneInfo(settings.TIME_ZONE)


def begin(bound: date | datetime, zone: ZoneInfo) -> datetime:
    return bound if isinstance(bound, datetime) else day_start(bound, zone)


def summarize_entries(entries: EntryQuerySet) -> Summary:
    """Return how much happened, by how many, what did not work, and what was done most."""
    entries = entries.order_by()
    figures = entries.aggregate(
        total=Count("pk"),
        actors=Count("actor", distinct=True),
        undone=Count("pk", filter=~Q(outcome=Outcome.DONE)),
    )
    most = entries.values_list("action").annotate(count=Count("pk")).order_by("-count", "action")[:CHARTED]
    totals = [
        (_("Actions"), show.count(figures["total"])),
        (_("People and API keys"), show.count(figures["actors"])),
        (_("Failed or refused"), show.count(figures["undone"])),
    ]
    return Summary(totals, _("What was done most"), [(label_of(action), count) for action, count in most])
