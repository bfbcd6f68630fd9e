"""What pages and statistics ask about shipments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Prefetch, Q
from django.utils import timezone

from accounts.models import Account, Organization
from orders.models import Order, OrderItem
from painelml.meli import parse_instant
from painelml.sync.values import dicts, inner, text
from painelml.text import fold
from painelml.web.days import by_zone, day_start
from painelml.web.paging import give_accounts

from .forms import ShipmentFilterForm
from .models import Shipment, ShipmentQuerySet

LISTED = (
    "account",
    "meli_id",
    "tracking_number",
    "status",
    "substatus",
    "is_open",
    "logistic_type",
    "receiver_city",
    "receiver_state",
    "cost",
    "dispatch_by",
    "date_created",
)
"""The columns the rows of pages show."""


def late(now: datetime) -> Q:
    """Return the condition for shipments that should have been handed over before `now` and were not."""
    return Q(is_open=True, dispatch_by__lt=now)


def due_today(accounts: list[Account], now: datetime) -> Q:
    """Return the condition for shipments to hand over between `now` and the end of each account's day."""
    return Q(is_open=True) & rest_of_today(accounts, now)


def rest_of_today(accounts: list[Account], now: datetime) -> Q:
    """Return the condition for deadlines between `now` and the end of each account's day."""
    condition = Q(pk__in=[])
    for zone, members in by_zone(accounts).items():
        tomorrow = day_start(now.astimezone(zone).date() + timedelta(days=1), zone)
        condition |= Q(account__in=members, dispatch_by__gte=now, dispatch_by__lt=tomorrow)
    return condition


def upcoming(accounts: list[Account], now: datetime) -> Q:
    """Return the condition for shipments to hand over after today, or at a time not known yet."""
    return Q(is_open=True) & ~late(now) & ~due_today(accounts, now)


def shipments_for_listing(organization: Organization, form: ShipmentFilterForm) -> ShipmentQuerySet:
    """Return the organization's shipments that pass the filters, unordered. Their accounts come with them, in
    a query of their own.
    """
    now = timezone.now()
    shipments: ShipmentQuerySet = Shipment.objects.of(organization).filter(
        account__in=form.accounts,
        **form.filters(status="status", substatus="substatus", logistic_type="logistic_type"),
    )
    if q := form.value("q"):
        found = Q(search_text__contains=fold(q)) if form.sees_people else searched_without_people(q)
        shipments = shipments.filter(found)
    if form.value("late"):
        shipments = shipments.filter(late(now))
    match form.value("dispatch"):
        case "late":
            shipments = shipments.filter(late(now))
        case "today":
            shipments = shipments.filter(due_today(form.accounts, now))
        case "upcoming":
            shipments = shipments.filter(upcoming(form.accounts, now))
    return shipments.prefetch_related("account").defer("payload", "parts", "search_text")


def shipment_rows_for_listing(organization: Organization, form: ShipmentFilterForm) -> ShipmentQuerySet:
    """Return them with no more than the rows of the page show. Their accounts are left to who has them."""
    return shipments_for_listing(organization, form).prefetch_related(None).only(*LISTED)


def searched_without_people(q: str) -> Q:
    """Return the condition for shipments a viewer looks for: by an id, or by where they go."""
    words = q.strip()
    numbers = Q(meli_id=words) | Q(tracking_number__iexact=words)
    places = Q(receiver_city__icontains=words) | Q(receiver_state__icontains=words)
    return numbers | (Q(search_text__contains=fold(words)) & places)


@dataclass(frozen=True)
class DispatchFigures:
    """How many shipments the seller still has to hand over, by their deadline."""

    late: int
    today: int
    upcoming: int

    @property
    def urgent(self) -> int:
        return self.late + self.today


def dispatch_figures(accounts: list[Account], now: datetime) -> DispatchFigures:
    """Return the figures of what waits for dispatch. One query, answered from an index of open shipments."""
    waiting = Shipment.objects.filter(account__in=accounts).to_dispatch()
    # A column of the index, so that no row has to be read.
    counted = waiting.aggregate(
        all=Count("account_id"),
        late=Count("account_id", filter=Q(dispatch_by__lt=now)),
        today=Count("account_id", filter=rest_of_today(accounts, now)),
    )
    late_or_today = counted["late"] + counted["today"]
    return DispatchFigures(counted["late"], counted["today"], counted["all"] - late_or_today)


def next_to_dispatch(accounts: list[Account], limit: int) -> list[Shipment]:
    """Return the shipments whose deadline comes first, or has passed longest ago."""
    return listed(by_deadline(Shipment.objects.filter(account__in=accounts).to_dispatch())[:limit], accounts)


def by_deadline(shipments: ShipmentQuerySet) -> ShipmentQuerySet:
    return shipments.order_by(F("dispatch_by").asc(nulls_last=True), "pk")


def listed(shipments: ShipmentQuerySet, accounts: list[Account]) -> list[Shipment]:
    """Return shipments of these accounts as rows of a page show them, each with its account. One query."""
    rows = list(shipments.only(*LISTED))
    give_accounts(rows, accounts)
    return rows


LANES = ("late", "today", "upcoming")
LANE_SHOWN = 50
"""Parcels the board draws of each lane: as many as are printed at once. The list has the rest."""


@dataclass(frozen=True)
class Lane:
    """The parcels of one urgency: how many there are, and the first of them by logistic type."""

    name: str
    total: int
    groups: list[tuple[str, list[Shipment]]]

    @property
    def shown(self) -> int:
        return sum(len(shipments) for _, shipments in self.groups)


@dataclass(frozen=True)
class TypeFigures:
    """What waits of one logistic type; `printed` of them have their label."""

    logistic_type: str
    late: int
    today: int
    upcoming: int
    printed: int

    @property
    def total(self) -> int:
        return self.late + self.today + self.upcoming


@dataclass(frozen=True)
class Board:
    lanes: list[Lane]
    types: list[TypeFigures]

    @property
    def total(self) -> int:
        return sum(lane.total for lane in self.lanes)

    @property
    def shipments(self) -> list[Shipment]:
        return [one for lane in self.lanes for _, shipments in lane.groups for one in shipments]


def dispatch_board(accounts: list[Account], now: datetime, logistic_type: str | None = None) -> Board:
    """Return what waits for dispatch, late first and in each lane by deadline; the figures of every type.
    Four queries.
    """
    conditions = dict(zip(LANES, (late(now), due_today(accounts, now), upcoming(accounts, now)), strict=True))
    waiting = Shipment.objects.filter(account__in=accounts).to_dispatch()
    counts = {name: Count("pk", filter=condition) for name, condition in conditions.items()}
    counts["printed"] = Count("pk", filter=Q(substatus="printed"))
    figures: Any = waiting.values("logistic_type").order_by("logistic_type").annotate(**counts)
    types = [TypeFigures(**row) for row in figures]
    if logistic_type is not None:
        waiting = waiting.filter(logistic_type=logistic_type)
    lanes = [
        Lane(
            name,
            sum(getattr(one, name) for one in types if logistic_type in (None, one.logistic_type)),
            by_type(listed(by_deadline(waiting.filter(condition))[:LANE_SHOWN], accounts)),
        )
        for name, condition in conditions.items()
    ]
    return Board(lanes, sorted(types, key=lambda one: (-one.late, -one.today, -one.upcoming)))


def by_type(shipments: Iterable[Shipment]) -> list[tuple[str, list[Shipment]]]:
    """Return the shipments by logistic type, the type whose first deadline comes first before the others."""
    groups: dict[str, list[Shipment]] = {}
    for shipment in shipments:
        groups.setdefault(shipment.logistic_type, []).append(shipment)
    return list(groups.items())


def get_shipment(organization: Organization, meli_id: str) -> Shipment | None:
    """Return a shipment of the organization with its account; None when it has no such shipment."""
    shipments = Shipment.objects.of(organization).filter(meli_id=meli_id).select_related("account")
    return shipments.order_by("pk").first()


def shipments_named(organization: Organization, meli_ids: list[str]) -> list[Shipment]:
    """Return these shipments of the organization with their accounts, in this order, each once. One query."""
    rows = Shipment.objects.of(organization).filter(meli_id__in=meli_ids).select_related("account")
    found: dict[str, Shipment] = {}
    for row in rows.defer("payload", "parts", "search_text").order_by("account_id"):
        found.setdefault(row.meli_id, row)
    return [found[meli_id] for meli_id in meli_ids if meli_id in found]


def shipments_by_id(accounts: list[Account], meli_ids: Iterable[str], *columns: str) -> dict[str, Shipment]:
    """Return these shipments by their id at Mercado Livre, as far as we hold them; of these columns alone,
    where some are named. One query.
    """
    wanted = Shipment.objects.filter(account__in=accounts, meli_id__in={id_ for id_ in meli_ids if id_})
    read = wanted.only("meli_id", *columns) if columns else wanted.defer("payload", "parts", "search_text")
    return {shipment.meli_id: shipment for shipment in read}


def with_orders(shipments: Sequence[Shipment]) -> Sequence[Shipment]:
    """Tell each shipment its `order_ids`, oldest first, and `pack_id`. One query for all of them."""
    orders = Order.objects.filter(
        account__in={shipment.account_id for shipment in shipments},
        shipment_id__in=[shipment.meli_id for shipment in shipments],
    ).order_by("date_created", "pk")
    carried: dict[tuple[int, str], list[Order]] = {}
    for order in orders.only("account_id", "shipment_id", "meli_id", "pack_id"):
        carried.setdefault((order.account_id, order.shipment_id), []).append(order)
    for shipment in shipments:
        inside = carried.get((shipment.account_id, shipment.meli_id), [])
        shipment.order_ids = [order.meli_id for order in inside]
        shipment.pack_id = next((order.pack_id for order in inside if order.pack_id), "")
    return shipments


def shipment_of_order(order: Order) -> Shipment | None:
    """Return the order's shipment, told its orders; None when it has none or it is not mirrored yet."""
    shipments = Shipment.objects.filter(account=order.account, meli_id=order.shipment_id)
    return next(iter(with_orders(list(shipments.select_related("account")))), None)


def contents_of(accounts: list[Account], shipments: Iterable[Shipment]) -> dict[str, list[Order]]:
    """Return the orders each of these shipments carries, oldest first, by the shipment's id: the buyer's
    nickname, and as `lines` what is sold and how many. Two queries.
    """
    lines = Prefetch("items", OrderItem.objects.only("order_id", "title", "quantity"), to_attr="lines")
    wanted = Order.objects.filter(
        account__in=accounts, shipment_id__in=[shipment.meli_id for shipment in shipments]
    )
    found: dict[str, list[Order]] = {}
    orders = wanted.only("shipment_id", "buyer_nickname").prefetch_related(lines)
    for order in orders.order_by("pk"):
        found.setdefault(order.shipment_id, []).append(order)
    return found


def history_of(shipment: Shipment) -> list[dict[str, Any]]:
    """Return the steps of a parcel's way, oldest first: `status`, `substatus`, `date` (UTC, None unknown)."""
    told = shipment.parts.get("history")
    steps = dicts(told if isinstance(told, list) else inner(told, "history"))
    read = [
        {
            "status": text(step.get("status")),
            "substatus": text(step.get("substatus")),
            "date": parse_instant(step.get("date")),
        }
        for step in steps
    ]
    return sorted(read, key=lambda step: step["date"] or datetime.max.replace(tzinfo=UTC))
