"""What pages and statistics ask about shipments."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import Account, Organization
from painelml.text import fold
from painelml.web.days import by_zone, day_start

from .forms import ShipmentFilterForm
from .models import Shipment, ShipmentQuerySet


def late(now: datetime) -> Q:
    """Return the condition for shipments that should have been handed over before `now` and were not."""
    return Q(is_open=True, dispatch_by__lt=now)


def due_today(accounts: list[Account], now: datetime) -> Q:
    """Return the condition for shipments to hand over between `now` and the end of each account's day."""
    condition = Q(pk__in=[])
    for zone, members in by_zone(accounts).items():
        tomorrow = day_start(now.astimezone(zone).date() + timedelta(days=1), zone)
        condition |= Q(account__in=members, is_open=True, dispatch_by__gte=now, dispatch_by__lt=tomorrow)
    return condition


def upcoming(accounts: list[Account], now: datetime) -> Q:
    """Return the condition for shipments to hand over after today, or at a time not known yet."""
    return Q(is_open=True) & ~late(now) & ~due_today(accounts, now)


def shipments_for_listing(organization: Organization, form: ShipmentFilterForm) -> ShipmentQuerySet:
    """Return the organization's shipments that pass the filters, unordered; the account comes with them."""
    now = timezone.now()
    shipments: ShipmentQuerySet = Shipment.objects.of(organization).filter(
        account__in=form.accounts,
        **form.filters(status="status", substatus="substatus", logistic_type="logistic_type"),
    )
    if q := form.value("q"):
        shipments = shipments.filter(search_text__contains=fold(q))
    if form.value("late"):
        shipments = shipments.filter(late(now))
    match form.value("dispatch"):
        case "late":
            shipments = shipments.filter(late(now))
        case "today":
            shipments = shipments.filter(due_today(form.accounts, now))
        case "upcoming":
            shipments = shipments.filter(upcoming(form.accounts, now))
    return shipments.select_related("account").defer("payload", "parts", "search_text")
