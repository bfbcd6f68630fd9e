"""How shipments are kept true (API facts, part B sections 2.2 and 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.db.models import Count

from orders.models import Order
from painelml.meli import AppRefused, MeliError, Reconnect, TryLater, parse_id, parse_instant
from painelml.sync.models import RunKind, SyncRun, SyncStep
from painelml.sync.resource import (
    READS,
    Fetched,
    Mapped,
    Page,
    Payload,
    Reading,
    Resource,
    StepPlan,
    Want,
    object_of,
    register,
)
from painelml.sync.values import as_money, dicts, inner, text
from painelml.text import searchable

from .models import RETURNS, Shipment

LISTED = 500
"""Shipments one page of ids names; they come from our own database."""

OPEN_A_MINUTE, MOVING_A_MINUTE = 30, 60
AT_LEAST = 150
"""How many a re-read reads, the least recently read first, for every minute since the one before: those to be
dispatched (with their deadline, which may move until the day before, 3.6) and those on their way, of whose
news notifications tell unless they are lost. So nothing is stale after a re-read of a shop with up to 300 on
their way, and a larger one takes turns: at five minutes each that costs a tenth of the calls an account may
make. After an outage of hours or days every one of them is read at once."""

JUDGED = timedelta(days=62)
"""How long the deadline of a parcel counts for the seller's reputation (part A section 4.3). The deadlines of
older ones, met or not, are not worth a call each."""

UNDISPATCHED = {"pending", "handling", "ready_to_ship"}
HANDED_OVER = {
    "picked_up",
    "dropped_off",
    "in_hub",
    "in_transit",
    "in_warehouse",
    "measures_ready",
    "waiting_for_carrier_authorization",
    "authorized_by_carrier",
    "waiting_for_last_mile_authorization",
    "rejected_in_hub",
}
"""Substatuses of `ready_to_ship` that mean the parcel left the seller (3.4)."""


@register
class ShipmentResource(Resource):
    """Shipments: there is no list to read, they follow orders; each is read by its id, the newest first."""

    name = "shipments"
    topics = frozenset({"shipments"})
    paths = ("/shipments/{id}",)
    model = Shipment
    buyer_at = (
        ("destination", "receiver_id"),
        ("receiver_id",),
        ("parts", "costs", "receiver", "user_id"),
    )
    total_from: ClassVar[str] = READS
    done_from: ClassVar[str] = READS
    fed_by = "orders"
    lack_delay = timedelta(minutes=10)

    # Reading

    def plan(self, run: SyncRun) -> Iterator[StepPlan]:
        """What was never read is owed since its order was saved, so a re-read need not look for it."""
        if run.kind == RunKind.INCREMENTAL and self.mark() is not None:
            yield StepPlan("due", "due")
        else:
            yield StepPlan("known", "known")

    def read(self, step: SyncStep) -> Iterator[Page]:
        return self._due(step) if step.name == "due" else self._known(step)

    def _due(self, step: SyncStep) -> Iterator[Page]:
        """Name the open shipments and those on their way, as many as the time since the last re-read allows.
        Begun again, it names only what was not read meanwhile."""
        began = step.run.created_at
        minutes = (began - (self.last_read_whole() or began)) / timedelta(minutes=1)
        unread = Shipment.objects.filter(account=self.account, read_at__lt=began).order_by("read_at")
        ids = [
            meli_id
            for rows, a_minute in (
                (unread.to_dispatch(), OPEN_A_MINUTE),
                (unread.on_the_way(), MOVING_A_MINUTE),
            )
            for meli_id in rows.values_list("meli_id", flat=True)[: max(AT_LEAST, int(a_minute * minutes))]
        ]
        for named in range(0, max(len(ids), 1), LISTED):
            is_last = named + LISTED >= len(ids)
            yield Page(ids=ids[named : named + LISTED], cursor=None if is_last else {"named": named + LISTED})

    def _known(self, step: SyncStep) -> Iterator[Page]:
        """Name the shipments of the orders we hold that were never read or may still change."""
        after = (step.cursor or {}).get("after", 0)
        while True:
            orders = Order.objects.filter(account=self.account, pk__gt=after).exclude(shipment_id="")
            if step.run.since:
                orders = orders.filter(date_created__gte=step.run.since)
            page = list(orders.order_by("pk").values_list("pk", "shipment_id")[:LISTED])
            ids = dict.fromkeys(shipment_id for _, shipment_id in page)
            read = set(Shipment.objects.read_since(self.account, ids, step.run.created_at))
            after = page[-1][0] if page else after
            cursor = {"after": after} if len(page) == LISTED else None
            yield Page(ids=[shipment_id for shipment_id in ids if shipment_id not in read], cursor=cursor)
            if cursor is None:
                return

    def fetch(self, ids: Sequence[str]) -> Fetched:
        stored = {row.meli_id: row for row in self.rows().filter(meli_id__in=ids)}
        jobs = [lambda i=i: self._read(i, stored.get(i)) for i in ids]
        return Fetched.of(ids, self.meli.gather(jobs))

    def expected(self, run: SyncRun) -> int:
        orders = Order.objects.filter(account=self.account).exclude(shipment_id="")
        if run.since:
            orders = orders.filter(date_created__gte=run.since)
        return orders.aggregate(shipments=Count("shipment_id", distinct=True))["shipments"]

    def _read(self, shipment_id: str, stored: Shipment | None) -> Reading:
        """Read a shipment and, as far as they may have changed, its cost, deadline and history."""
        payload = object_of(self.meli.shipment(shipment_id))
        known = stored.parts if stored else {}
        has_moved = stored is None or (stored.status, stored.substatus) != _status(payload)
        wanted: dict[str, Callable[[str], Any]] = {}
        if has_moved or "costs" not in known:
            wanted["costs"] = self.meli.shipment_costs
        is_judged = has_moved and "sla" not in known and _was_handed_over_lately(payload)
        if is_open(payload) or is_judged:
            wanted["sla"] = self.meli.shipment_sla
        if _has_a_way(payload) and (has_moved or "history" not in known):
            wanted["history"] = self.meli.shipment_history
        parts: dict[str, Any] = {"unread": []}
        for name, read in wanted.items():
            try:
                parts[name] = read(shipment_id)
            except (Reconnect, AppRefused):
                raise
            except TryLater:
                parts["unread"].append(name)
            except MeliError:
                continue  # there is none (yet), or not for us: that is unknown, not zero
        return Reading(payload, {name: part for name, part in parts.items() if part is not None})

    # Understanding

    def meli_id(self, payload: Payload) -> str:
        return parse_id(payload.get("id"))

    def map(self, reading: Reading) -> Mapped:
        payload, parts = reading.payload, reading.parts
        status, substatus = _status(payload)
        address = inner(payload, "destination", "shipping_address") or payload.get("receiver_address")
        receiver = text(
            inner(payload, "destination", "receiver_name") or inner(address, "receiver_name"), 160
        )
        created = parse_instant(payload.get("date_created"))
        tracking = text(payload.get("tracking_number"), 80)
        city, state = text(inner(address, "city", "name"), 120), text(inner(address, "state", "name"), 120)
        deadline = inner(parts, "sla", "expected_date") or inner(
            payload, "lead_time", "estimated_handling_limit", "date"
        )
        handed_over = _handed_over(parts) or _first(parts, payload, "shipped")
        is_return = _is_return(payload)
        fields = {
            "remote_updated_at": parse_instant(payload.get("last_updated"))
            or created
            or datetime.fromtimestamp(0, UTC),
            "status": text(status, 30),
            "substatus": text(substatus, 60),
            "is_open": is_open(payload),
            "mode": text(_logistic(payload, "mode"), 30),
            "logistic_type": text(_logistic(payload, "type"), 40),
            "direction": text(_logistic(payload, "direction"), 20),
            "tracking_number": tracking,
            "tracking_method": text(payload.get("tracking_method"), 80),
            "receiver_name": receiver,
            "receiver_city": city,
            "receiver_state": state,
            "cost": _sender_cost(parts.get("costs"), self.account.meli_user_id),
            "receiver_cost": as_money(inner(parts, "costs", "receiver", "cost")),
            "dispatch_by": None if is_return else parse_instant(deadline),
            "sla_status": text(inner(parts, "sla", "status"), 30),
            "date_created": created,
            "date_handed_over": None if is_return else handed_over,
            "date_shipped": _first(parts, payload, "shipped"),
            "date_delivered": _first(parts, payload, "delivered"),
            "search_text": searchable(self.meli_id(payload), tracking, receiver, city, state),
        }
        return Mapped(fields)

    def follow(self, readings: Sequence[Reading], since: datetime | None) -> list[Want]:
        """A cost may appear some time after its shipment (2.2), a part may have failed: read those again."""
        return [
            Want(
                self.name,
                self.meli_id(reading.payload),
                parse_instant(reading.payload.get("date_created")) or datetime.now(UTC),
            )
            for reading in readings
            if reading.parts.get("unread")
            or ("costs" not in reading.parts and reading.payload.get("status") != "cancelled")
        ]


def is_open(payload: Payload) -> bool:
    """Whether the seller still has to hand the parcel over; Full ones are Mercado Livre's to send (3.4, 3.6),
    returns the buyer's.
    """
    status, substatus = _status(payload)
    return status in UNDISPATCHED and substatus not in HANDED_OVER and _is_the_sellers(payload)


def _is_the_sellers(payload: Payload) -> bool:
    return _logistic(payload, "type") != "fulfillment" and not _is_return(payload)


def _is_return(payload: Payload) -> bool:
    return text(_logistic(payload, "direction")) in RETURNS


def _was_handed_over(payload: Payload) -> bool:
    status, substatus = _status(payload)
    return status in {"shipped", "delivered", "not_delivered"} or substatus in HANDED_OVER


def _was_handed_over_lately(payload: Payload) -> bool:
    """Whether the seller handed the parcel over and still is judged by when: its deadline is worth a call."""
    created = parse_instant(payload.get("date_created"))
    is_recent = created is not None and created > datetime.now(UTC) - JUDGED
    return _was_handed_over(payload) and _is_the_sellers(payload) and is_recent


def _has_a_way(payload: Payload) -> bool:
    """Whether something happened to the parcel that only its history dates: printed, or handed over."""
    return _was_handed_over(payload) or _status(payload)[1] == "printed"


def _status(payload: Payload) -> tuple[str, str]:
    return text(payload.get("status")), text(payload.get("substatus"))


def _logistic(payload: Payload, field: str) -> Any:
    """Read the new shape (`logistic.type`) or the old one (`logistic_type`), which still came back in 2026
    (3.2).
    """
    old = {"mode": "mode", "type": "logistic_type", "direction": "type"}[field]
    return inner(payload, "logistic", field) or payload.get(old)


def _sender_cost(costs: Any, seller_id: str) -> Any:
    """Return what this seller pays, already net of discounts; None while unknown."""
    senders = dicts(inner(costs, "senders"))
    mine = [sender for sender in senders if parse_id(sender.get("user_id")) == seller_id]
    if not mine and len(senders) == 1 and not parse_id(senders[0].get("user_id")):
        mine = senders
    return as_money(mine[0].get("cost")) if mine else None


def _handed_over(parts: Mapping[str, Any]) -> datetime | None:
    """Return when the seller let go of the parcel, by its history; None while that does not tell."""
    entries = [entry for entry in _history(parts) if _was_handed_over(entry)]
    dates = [parse_instant(entry.get("date")) for entry in entries]
    return min((date for date in dates if date), default=None)


def _first(parts: Mapping[str, Any], payload: Payload, status: str) -> datetime | None:
    """Return when the shipment first had `status`, by its history or by the old shape's dates."""
    dates = [parse_instant(entry.get("date")) for entry in _history(parts) if entry.get("status") == status]
    if found := [date for date in dates if date]:
        return min(found)
    return parse_instant(inner(payload, "status_history", f"date_{status}"))


def _history(parts: Mapping[str, Any]) -> list[dict[str, Any]]:
    history = parts.get("history")
    return dicts(history if isinstance(history, list) else inner(history, "history"))
