"""Where each part of an order's money comes from: the same amounts as the columns, said one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from painelml.meli import parse_money
from painelml.sync.values import inner
from shipments.models import Shipment

from .models import Order
from .money import sum_known
from .sales import Sale, Total, totals


@dataclass(frozen=True)
class Part:
    """A part of an order's money. `amount` is None while unknown, `source` the field or call it comes from.

    `sign` is "+" or "−" for what is added or taken away, "=" for a sum of the parts above, "" for facts.
    """

    name: str
    label: str
    amount: Decimal | None
    source: str
    sign: str = "−"
    note: str = ""
    date: datetime | None = None

    @property
    def shown_sign(self) -> str:
        return "−" if self.sign == "−" else ""


def explain(order: Order, shipment: Shipment | None = None) -> list[Part]:
    """Return the parts of an order's money, in the order they are reckoned. Uses the order's lines, payments
    and refunds, and its `shipment` as far as it was read.
    """
    return [
        Part("gross", _("Items sold"), order.gross, "total_amount", "+"),
        _sale_fee(order),
        _shipping_cost(order, shipment),
        _discounts(order),
        Part("net", _("Net"), order.net, "", "="),
        *_refunds(order),
        *_profit(order),
        *_for_information(order, shipment),
    ]


@dataclass(frozen=True)
class Sum:
    """A part of the money of a whole pack, in each currency."""

    label: str
    sign: str
    totals: list[Total]

    @property
    def shown_sign(self) -> str:
        return "−" if self.sign == "−" else ""


def sums_of(sale: Sale) -> list[Sum]:
    """Return the parts of a pack's money; of each, what is known and of how many orders it is not."""
    columns = {
        "gross": (_("Items sold"), ""),
        "sale_fee": (_("Sale fee"), "−"),
        "shipping_cost": (_("Shipping you pay"), "−"),
        "discounts": (_("Discounts you fund"), "−"),
        "net": (_("Net"), "="),
        "refunded": (_("Refunded"), "−"),
        "left": (_("Left after refunds"), "="),
        "profit": (_("Profit"), "="),
    }
    if all(order.refunded == 0 for order in sale.orders):
        del columns["refunded"], columns["left"]
    if all(order.profit is None for order in sale.orders):
        del columns["profit"]
    return [Sum(label, sign, totals(sale.orders, name)) for name, (label, sign) in columns.items()]


def _sale_fee(order: Order) -> Part:
    unknown = _("Mercado Livre has not worked the fee out yet.")
    note = unknown if order.sale_fee is None else ""
    source = "order_items[].sale_fee × quantity"
    return Part("sale_fee", _("Sale fee"), order.sale_fee, source, note=note)


def _shipping_cost(order: Order, shipment: Shipment | None) -> Part:
    source, note = "/shipments/{id}/costs senders[].cost", ""
    if not order.shipment_id:
        source = (
            "status"
            if order.status == "cancelled"
            else "tags"
            if "no_shipping" in order.tags
            else "shipping.id"
        )
        note = "" if order.shipping_cost is not None else _("The shipment has not been created yet.")
    elif order.shipping_cost is None:
        note = _("Mercado Livre has not told the cost of the shipment yet.")
    elif shipment and shipment.cost != order.shipping_cost:
        note = _("The share of this order, by amount, of what the shipment of its pack costs.")
    return Part("shipping_cost", _("Shipping you pay"), order.shipping_cost, source, note=note)


def _discounts(order: Order) -> Part:
    has_some = "order_has_discount" in order.tags
    source = "/orders/{id}/discounts details[].items[].amounts.seller" if has_some else "tags"
    note = _("Only coupons you fund; other discounts are in the price already.") if has_some else ""
    return Part("discounts", _("Discounts you fund"), order.discounts, source, note=note)


def _refunds(order: Order) -> list[Part]:
    """Return each refund on its date and what is left after them; nothing when nothing was refunded."""
    if order.refunded == 0:
        return []
    source = "payments[].transaction_amount_refunded"
    label = _("Refunded")
    dated = [
        Part("refund", label, refund.amount, source, date=refund.refunded_at)
        for refund in order.refunds.all()
    ]
    told = dated if order.refunded is not None else [*dated, Part("refund", label, None, source)]
    return [*told, Part("left", _("Left after refunds"), order.left, "", "=")]


def _profit(order: Order) -> list[Part]:
    """Return the seller's own costs and what is earned; nothing where no cost is known."""
    costs = [
        Part("goods_cost", _("Cost of goods"), order.goods_cost, _("your product costs")),
        Part("tax", _("Your taxes"), order.tax, _("your costs of a sale")),
        Part("fixed_cost", _("Cost per order"), order.fixed_cost, _("your costs of a sale")),
    ]
    if all(cost.amount is None for cost in costs):
        return []
    return [*costs, Part("profit", _("Profit"), order.profit, "", "=")]


def _for_information(order: Order, shipment: Shipment | None) -> list[Part]:
    parts = []
    if tax := parse_money(inner(order.payload, "taxes", "amount")):
        note = _("Paid by the buyer on top of the price.")
        parts.append(Part("taxes", _("Taxes"), tax, "taxes.amount", "", note))
    if shipment and shipment.receiver_cost:
        source = "/shipments/{id}/costs receiver.cost"
        parts.append(Part("buyer_shipping", _("Shipping the buyer paid"), shipment.receiver_cost, source, ""))
    coupons = sum_known(payment.coupon_amount or Decimal(0) for payment in order.payments.all())
    if coupons:
        note = _("A coupon of the buyer. Mercado Livre funds what is not among your discounts.")
        parts.append(Part("coupons", _("Coupons"), coupons, "payments[].coupon_amount", "", note))
    note = _("Orders do not tell withheld taxes; the payment at Mercado Pago does.")
    parts.append(
        Part("withheld_taxes", _("Withheld taxes"), None, "charges_details[] (Mercado Pago)", "", note)
    )
    return parts
