"""What happened to a sale, in its order, as its orders, payments, refunds and shipments tell it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from painelml.meli import parse_instant
from painelml.sync.values import inner
from painelml.web.show import money
from shipments.models import Shipment

from .models import Order
from .sales import Sale

LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """A moment of a sale. `at` is None where Mercado Livre told what happened and not when; `is_ahead` is a
    deadline that has not come yet. `tone` is that of painelml/web/statuses.py.
    """

    label: Any
    at: datetime | None
    note: str = ""
    tone: str = "plain"
    is_ahead: bool = False


def timeline(sale: Sale, shipments: Iterable[Shipment], now: datetime) -> list[Event]:
    """Return what happened, oldest first, each thing once; what has no date, and what is to come, last."""
    events = [event for order in sale.orders for event in _of_order(order, is_pack=sale.is_pack)]
    events += [event for shipment in shipments for event in _of_shipment(shipment, now)]
    return merged(sorted(events, key=lambda event: (event.is_ahead, event.at or LAST)))


def merged(events: Iterable[Event]) -> list[Event]:
    """Return what happened to several orders in the same minute as one event, their notes one after the
    other: the orders of a pack are created seconds apart.
    """
    found: dict[tuple[str, datetime | None], Event] = {}
    for event in events:
        minute = event.at and event.at.replace(second=0, microsecond=0)
        key = (str(event.label), minute)
        if same := found.get(key):
            event = replace(same, note=", ".join(note for note in (same.note, event.note) if note))
        found[key] = event
    return list(found.values())


def _of_order(order: Order, *, is_pack: bool) -> Iterator[Event]:
    yield Event(_("Created"), order.date_created)
    for payment in order.payments.all():
        if payment.date_approved:
            amount = money(payment.transaction_amount, payment.currency_id or order.currency_id)
            yield Event(_("Paid"), payment.date_approved, amount, "good")
    for refund in order.refunds.all():
        yield Event(_("Refunded"), refund.refunded_at, money(refund.amount, order.currency_id), "bad")
    if order.status == "cancelled":
        detail = order.cancel_detail
        why = str(inner(detail, "description") or inner(detail, "code") or "")
        which = f"#{order.meli_id}" if is_pack else ""
        note = " · ".join(part for part in (which, why) if part)
        yield Event(_("Cancelled"), parse_instant(inner(detail, "date")), note, "bad")


def _of_shipment(shipment: Shipment, now: datetime) -> Iterator[Event]:
    carrier = " ".join(part for part in (shipment.tracking_method, shipment.tracking_number) if part)
    if dispatched := shipment.date_handed_over or shipment.date_shipped:
        yield Event(_("Dispatched"), dispatched, carrier, "info")
    elif shipment.is_open and shipment.dispatch_by:
        is_late = shipment.dispatch_by < now
        tone = "bad" if is_late else "warn"
        yield Event(_("Dispatch by"), shipment.dispatch_by, "", tone, is_ahead=True)
    if shipment.date_delivered:
        yield Event(_("Delivered"), shipment.date_delivered, "", "good")
