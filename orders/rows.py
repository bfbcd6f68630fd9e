"""What the rows of orders and of reports say, in words ready to draw: templates look names up one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.models import Item
from painelml.web import draw, show
from painelml.web.context import Panel
from painelml.web.statuses import word_for
from shipments.models import Shipment

from .models import Order, OrderItem
from .reports import ReportSpan
from .sales import Sale, Total


@dataclass(frozen=True)
class OrderCell:
    """An order of a sale. `status` and `is_match` tell it from the others of its pack."""

    address: str
    title: str
    thumbnail: str
    status: str
    is_match: bool

    @property
    def is_apart(self) -> bool:
        return bool(self.status or self.is_match)


@dataclass(frozen=True)
class Sum:
    """An amount of a sale in one currency, empty while it is unknown; `missing` says what it leaves out."""

    amount: str
    missing: str


@dataclass(frozen=True)
class SaleRow:
    """A sale. Its parcels have an address and a status, both empty for one we do not hold."""

    number: str
    placed: str
    pack: str
    account: str
    orders: list[OrderCell]
    buyer: str
    statuses: list[SafeString]
    parcels: list[tuple[str, str]]
    total: list[Sum]
    net: list[Sum]


def sale_rows(
    sales: Iterable[Sale], items: Mapping[str, Item], shipments: Mapping[str, Shipment], panel: Panel
) -> list[SaleRow]:
    """Return the rows of these sales, with the items and shipments of theirs that we hold."""
    address, parcel = panel.addresses("orders:detail"), panel.addresses("shipments:detail")
    has_accounts = len(panel.accounts) > 1
    status = cache(partial(draw.status, "order"))

    def cell(order: Order, sale: Sale, *, is_mixed: bool) -> OrderCell:
        lines = list(order.items.all())
        item = items.get(lines[0].item_id) if lines else None
        return OrderCell(
            address=address(order.meli_id),
            title=sold(lines) or _("Order %(number)s") % {"number": order.meli_id},
            thumbnail=item.thumbnail if item else "",
            status=str(word_for("order", order.status).label) if is_mixed else "",
            is_match=sale.is_partly_matched and order.pk in sale.matched,
        )

    def row(sale: Sale) -> SaleRow:
        lead, statuses = sale.lead, sale.statuses
        held = [shipments.get(number) for number in sale.shipment_ids]
        return SaleRow(
            number=sale.number,
            placed=draw.instant(lead.date_created, lead.account.time_zone),
            pack=pack_of(len(sale.orders)) if sale.is_pack else "",
            account=str(lead.account) if has_accounts else "",
            orders=[cell(order, sale, is_mixed=len(statuses) > 1) for order in sale.orders],
            buyer=panel.nickname(lead.buyer_nickname) or show.DASH,
            statuses=[status(one) for one in statuses],
            parcels=[
                (parcel(one.meli_id), str(word_for("shipment", one.status).label)) if one else ("", "")
                for one in held
            ],
            total=[sum_of(one) for one in sale.total],
            net=[sum_of(one) for one in sale.net],
        )

    return [row(sale) for sale in sales]


def sold(lines: Iterable[OrderItem]) -> str:
    """Return what lines hold, as a title: `2 × Cup, Saucer`; nothing for none."""
    return ", ".join(one.title if one.quantity == 1 else f"{one.quantity} × {one.title}" for one in lines)


def pack_of(orders: int) -> str:
    return ngettext("pack of %(orders)s order", "pack of %(orders)s orders", orders) % {"orders": orders}


def sum_of(total: Total) -> Sum:
    if total.known is None:
        return Sum("", "")
    return Sum(show.money(total.known, total.currency_id), without(total.unknown))


def without(missing: int) -> str:
    """Return what a sum leaves out, nothing where that is nothing."""
    said = ngettext("without %(missing)s", "without %(missing)s", missing) if missing else ""
    return said % {"missing": missing}


@dataclass(frozen=True)
class SpanRow:
    """A day, a week or a month of a report; `missing` says what its profit leaves out."""

    name: str
    orders: str
    gross: str
    profit: str
    missing: str
    refunded: str
    refunded_others: str


def span_rows(spans: Iterable[ReportSpan], currency: str) -> list[SpanRow]:
    """Return the rows of a report in one currency."""

    @cache  # most days refund nothing
    def money(amount: Decimal | None) -> str:
        return show.money(amount, currency)

    return [
        SpanRow(
            name=one.span.name,
            orders=show.count(one.earned.orders),
            gross=money(one.earned.gross),
            profit=money(one.profit),
            missing=without(one.earned.incomplete),
            refunded=money(one.refunded.of_sales),
            refunded_others=money(one.refunded.of_others),
        )
        for one in spans
    ]
