"""What the reputation page and the API ask: our own count beside what Mercado Livre reports.

An approximation, and said to be one: Mercado Livre does not publish how it counts to the last case. We count
the orders that became sales, by the day of the sale; a claim where the order shows one; a cancellation where
the seller asked for it and no claim had come first; and a late dispatch where a parcel of the seller's was
handed over, or still waits, past its deadline, by the day of that: once for each order in it. Parcels whose
deadline was never read count in neither number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, Q

from painelml.sync.models import SyncRun
from painelml.web.days import day_start

from .models import Account, ReputationDay
from .reputation import (
    CANCELLATIONS,
    CLAIMS,
    DEFAULT_WINDOW,
    DELAYS,
    LIMITS,
    LONG_WINDOW,
    SALES_FOR_A_LEVEL,
    WINDOWS,
    Reputation,
    Standing,
    first_day,
    leaves_on,
    worst,
)

HISTORY_DAYS = 90
SELLERS_OWN = Q(status="cancelled", cancel_detail__requested_by="seller", has_claim=False) & (
    Q(cancel_detail__code__isnull=True) | ~Q(cancel_detail__code="pack_splitted")
)
"""Orders the seller cancelled; after a claim it is the claim that counts (API facts, part A 4.3), and a cart
that was split for sending is none (part B 1.2)."""
NOT_JUDGED = Q(logistic_type="fulfillment") | Q(mode__in=["me1", "custom", "not_specified"])
"""Parcels the seller does not send by Mercado Envios 2, whose dispatch alone is judged (part A 4.3)."""


@dataclass(frozen=True)
class Incident:
    """Something that counts against the seller: an order's claim or cancellation, or a parcel's delay, which
    counts for each of its `orders`."""

    metric: str
    meli_id: str
    day: date
    leaves_on: date
    orders: int = 1

    @property
    def is_shipment(self) -> bool:
        return self.metric == DELAYS


@dataclass(frozen=True)
class Projection:
    """How the seller stands by our own count. `undated` parcels were handed over, but by when they had to be
    is not known; `is_filling` says that more orders or parcels are being read right now."""

    since: date
    days: int
    sales: int
    standings: list[Standing]
    incidents: list[Incident]
    undated: int
    is_filling: bool

    @property
    def level_id(self) -> str | None:
        """The colour our count means; None with too few sales, or on a site without published limits."""
        if self.sales < SALES_FOR_A_LEVEL:
            return None
        return worst(standing.colour for standing in self.standings)


@dataclass(frozen=True)
class Report:
    """A seller's reputation: as Mercado Livre reports it, as we count it, and how it went."""

    account: Account
    reported: Reputation | None
    projection: Projection
    history: list[ReputationDay]


def report(account: Account, now: datetime) -> Report:
    """Return the reputation of an account. The number of queries does not depend on what it sold."""
    today = now.astimezone(account.time_zone).date()
    history = account.reputation_days.filter(day__gte=first_day(today, HISTORY_DAYS)).order_by("day")
    return Report(account, account.reputation, project(account, now), list(history))


def project(account: Account, now: datetime) -> Projection:
    """Return how the seller stands by what is mirrored."""
    window = WINDOWS.get(account.site_id, DEFAULT_WINDOW)
    days = window.days
    sales, incidents = sales_of(account, days, now)
    if sales < window.sales:
        days = LONG_WINDOW
        sales, incidents = sales_of(account, days, now)
    dispatched, undated, delays = dispatches_of(account, days, now)
    limits = LIMITS.get(account.site_id, {})
    incidents += delays
    standings = [
        Standing(
            metric,
            sum(incident.orders for incident in incidents if incident.metric == metric),
            dispatched if metric == DELAYS else sales,
            limits.get(metric),
        )
        for metric in (CLAIMS, CANCELLATIONS, DELAYS)
    ]
    return Projection(
        since=first_day(now.astimezone(account.time_zone).date(), days),
        days=days,
        sales=sales,
        standings=standings,
        incidents=sorted(incidents, key=lambda one: (one.day, one.metric, one.meli_id)),
        undated=undated,
        is_filling=SyncRun.objects.filter(account=account, kind="backfill").active().exists(),
    )


def sales_of(account: Account, days: int, now: datetime) -> tuple[int, list[Incident]]:
    """Return the number of sales in the window, and the claims and cancellations among them. Three
    queries."""
    orders = account.orders.filter(date_created__gte=begin(account, days, now), date_created__lte=now)
    incidents, lost = [], set()
    for metric, condition in ((CLAIMS, Q(has_claim=True)), (CANCELLATIONS, SELLERS_OWN)):
        troubled = orders.filter(condition).values_list("meli_id", "date_created", "is_sale")
        for meli_id, date_created, is_sale in troubled:
            day = date_created.astimezone(account.time_zone).date()
            incidents.append(Incident(metric, meli_id, day, leaves_on(day, days)))
            if not is_sale:
                lost.add(meli_id)
    return orders.filter(is_sale=True).count() + len(lost), incidents


def dispatches_of(account: Account, days: int, now: datetime) -> tuple[int, int, list[Incident]]:
    """Return how many orders were handed over or are overdue, how many deadlines are unknown, and the late
    parcels. Five queries.
    """
    since = begin(account, days, now)
    mine = account.shipments.exclude(NOT_JUDGED)
    overdue = Q(is_open=True, dispatch_by__lt=now)
    dispatched = mine.filter(Q(date_handed_over__isnull=False) | overdue, dispatch_by__gte=since)
    late = dispatched.filter(Q(date_handed_over__gt=F("dispatch_by")) | overdue)
    carried = account.orders.order_by().values_list("shipment_id").annotate(Count("pk"))
    of_late = dict(carried.filter(shipment_id__in=late.values("meli_id")))
    incidents = []
    for meli_id, dispatch_by in late.values_list("meli_id", "dispatch_by"):
        if dispatch_by:
            day = dispatch_by.astimezone(account.time_zone).date()
            incidents.append(Incident(DELAYS, meli_id, day, leaves_on(day, days), of_late.get(meli_id, 1)))
    # A parcel counts once although its order is not mirrored, and once more for each further order.
    inside = account.orders.filter(shipment_id__in=dispatched.values("meli_id")).aggregate(
        orders=Count("pk"), parcels=Count("shipment_id", distinct=True)
    )
    total = dispatched.count() + inside["orders"] - inside["parcels"]
    undated = mine.filter(dispatch_by__isnull=True, date_handed_over__gte=since).count()
    return total, undated, incidents


def begin(account: Account, days: int, now: datetime) -> datetime:
    """Return when the window of so many days began where the seller lives."""
    zone = account.time_zone
    return day_start(first_day(now.astimezone(zone).date(), days), zone)
