"""What rows about parcels say, in words ready to draw: templates look names up one by one, and forty for each
of 150 parcels were half the work of the board.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from orders.models import Order
from orders.rows import sold
from painelml.web import draw, show
from painelml.web.context import Panel
from painelml.web.statuses import word_for

from .models import Shipment
from .queries import Board, Lane


@dataclass(frozen=True)
class ParcelRow:
    """A parcel of the dispatch board. Without a buyer its order is not held; `left` and
    `due` are None while its deadline is not known."""

    number: str
    name: str
    address: str
    title: str
    buyer: str | None
    account: str
    city: str
    state: str
    status: SafeString
    left: SafeString | None
    due: str | None


def board_rows(
    board: Board, carried: Mapping[str, list[Order]], panel: Panel
) -> list[tuple[Lane, list[tuple[str, list[ParcelRow]]]]]:
    """Return the lanes that hold something, each with its rows by logistic type; `carried` are the orders in
    each parcel.
    """
    row = parcel_rows(carried, panel)
    return [
        (lane, [(kind, [row(one, lane) for one in shipments]) for kind, shipments in lane.groups])
        for lane in board.lanes
        if lane.total
    ]


def parcel_rows(carried: Mapping[str, list[Order]], panel: Panel) -> Callable[[Shipment, Lane], ParcelRow]:
    """Return what makes the row of a parcel in a lane."""
    address, named = panel.addresses("shipments:detail"), _("Shipment %(number)s")
    has_accounts = len(panel.accounts) > 1

    @cache
    def stage(substatus: str, status: str) -> SafeString:
        """Draw what keeps a parcel here, as far as Mercado Livre says, else its status."""
        if substatus == "printed":
            return draw.chip(_("Label printed"), "good")
        if not substatus:
            return draw.status("shipment", status)
        tone = "warn" if substatus == "invoice_pending" else "plain"
        return draw.chip(word_for("substatus", substatus).label, tone, substatus)

    def row(shipment: Shipment, lane: Lane) -> ParcelRow:
        orders = carried.get(shipment.meli_id, [])
        name = named % {"number": shipment.meli_id}
        due, zone = shipment.dispatch_by, shipment.account.time_zone
        return ParcelRow(
            number=shipment.meli_id,
            name=name,
            address=address(shipment.meli_id),
            title=carries(orders) or name,
            buyer=panel.nickname(orders[0].buyer_nickname) if orders else None,
            account=str(shipment.account) if has_accounts else "",
            city=shipment.receiver_city or show.DASH,
            state=shipment.receiver_state,
            status=stage(shipment.substatus, shipment.status),
            left=draw.countdown(due, zone, "breached" if lane.name == "late" else "ok") if due else None,
            due=draw.instant(due, zone) if due else None,
        )

    return row


def carries(orders: Iterable[Order]) -> str:
    """Return what these orders of `contents_of` hold: `2 × Cup, Saucer`."""
    return sold(line for order in orders for line in order.lines)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class ShipmentRow:
    """A shipment of the list; words that are not known are empty."""

    number: str
    address: str
    title: str
    tracking: str
    account: str
    status: SafeString
    substatus: str
    stage: str
    logistics: str
    city: str
    state: str
    deadline: SafeString
    cost: str


def shipment_rows(
    shipments: Iterable[Shipment], carried: Mapping[str, list[Order]], panel: Panel, now: datetime
) -> list[ShipmentRow]:
    """Return the rows of these shipments; `carried` are the orders in each."""
    address, named = panel.addresses("shipments:detail"), _("Shipment %(number)s")
    has_accounts = len(panel.accounts) > 1
    status = cache(partial(draw.status, "shipment"))
    logistics = cache(draw.logistics)

    def row(shipment: Shipment) -> ShipmentRow:
        substatus = shipment.substatus
        return ShipmentRow(
            number=shipment.meli_id,
            address=address(shipment.meli_id),
            title=carries(carried.get(shipment.meli_id, [])) or named % {"number": shipment.meli_id},
            tracking=shipment.tracking_number,
            account=str(shipment.account) if has_accounts else "",
            status=status(shipment.status),
            substatus=substatus,
            stage=str(word_for("substatus", substatus).label) if substatus else "",
            logistics=logistics(shipment.logistic_type),
            city=shipment.receiver_city or show.DASH,
            state=shipment.receiver_state,
            deadline=draw.deadline(shipment, now),
            cost=show.money(shipment.cost, shipment.account.currency_id),
        )

    return [row(one) for one in shipments]
