"""Days are days of the account's own time zone; instants are kept in UTC (design section 8, rule 7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from accounts.models import Account


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which `day` begins in `zone`."""
    return datetime.combine(day, time.min, zone)


def by_zone(accounts: Iterable[Account]) -> dict[ZoneInfo, list[Account]]:
    """Return the accounts grouped by the zone they live in; most organizations have one group."""
    groups: dict[ZoneInfo, list[Account]] = {}
    for account in accounts:
        groups.setdefault(account.time_zone, []).append(account)
    return groups


def within(
    field: str, accounts: Iterable[Account], first: date | datetime | None, last: date | datetime | None
) -> Q:
    """Return the condition that `field` lies between `first` and `last`, both included.

    A date stands for the whole day in each account's zone, an instant for itself.
    """
    if first is None and last is None:
        return Q()
    condition = Q()
    for zone, members in by_zone(accounts).items():
        part = Q(account__in=members)
        if isinstance(first, datetime):
            part &= Q(**{f"{field}__gte": first})
        elif first is not None:
            part &= Q(**{f"{field}__gte": day_start(first, zone)})
        if isinstance(last, datetime):
            part &= Q(**{f"{field}__lte": last})
        elif last is not None:
            part &= Q(**{f"{field}__lt": day_start(last + timedelta(days=1), zone)})
        condition |= part
    return condition
