"""The columns and the summary of exported orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from painelml.web import masks, show
from painelml.web.exports import Column, Listing, Summary
from painelml.web.statuses import word_for

from .forms import OrderFilterForm
from .models import Order, OrderQuerySet
from .queries import orders_for_listing
from .stats import totals as sales_by_currency


def each_line(part: Callable[[Any], str]) -> Callable[[Order], str]:
    """Return a value of every line of an order, one after the other."""
    return lambda order: "; ".join(text for line in order.items.all() if (text := part(line)))


COLUMNS = [
    Column("id", gettext_lazy("Order"), "meli_id"),
    Column("account", gettext_lazy("Account")),
    Column("pack_id", gettext_lazy("Pack")),
    Column("status", gettext_lazy("Status"), words="order"),
    Column("date_created", gettext_lazy("Created"), kind="instant"),
    Column("date_closed", gettext_lazy("Closed"), kind="instant"),
    Column("buyer_id", gettext_lazy("Buyer id")),
    Column("buyer_nickname", gettext_lazy("Buyer"), masks=masks.nickname),
    Column("item_ids", gettext_lazy("Items"), each_line(lambda line: line.item_id)),
    Column("titles", gettext_lazy("Titles"), each_line(lambda line: f"{line.quantity} × {line.title}")),
    Column("skus", gettext_lazy("SKU"), each_line(lambda line: line.sku)),
    Column("units", gettext_lazy("Units"), kind="number"),
    Column("currency_id", gettext_lazy("Currency")),
    Column("total_amount", gettext_lazy("Total"), kind="money"),
    Column("paid_amount", gettext_lazy("Paid"), kind="money"),
    Column("gross", gettext_lazy("Gross"), kind="money"),
    Column("sale_fee", gettext_lazy("Sale fee"), kind="money"),
    Column("shipping_cost", gettext_lazy("Shipping cost"), kind="money"),
    Column("discounts", gettext_lazy("Discounts"), kind="money"),
    Column("net", gettext_lazy("Net"), kind="money"),
    Column("refunded", gettext_lazy("Refunded"), kind="money"),
    Column("left", gettext_lazy("Left after refunds"), kind="money"),
    Column("goods_cost", gettext_lazy("Cost of goods"), kind="money"),
    Column("tax", gettext_lazy("Taxes"), kind="money"),
    Column("fixed_cost", gettext_lazy("Cost per order"), kind="money"),
    Column("profit", gettext_lazy("Profit"), kind="money"),
    Column("unknown", gettext_lazy("Not known yet"), lambda order: ", ".join(order.unknown_parts)),
    Column("shipment_id", gettext_lazy("Shipment")),
    Column("tags", gettext_lazy("Tags"), lambda order: ", ".join(map(str, order.tags or []))),
]


def summarize_orders(orders: OrderQuerySet) -> Summary:
    """Return how many orders there are, what was sold in each currency, and the orders of each status."""
    orders = orders.order_by()
    by_status = list(orders.values_list("status").annotate(count=Count("pk")).order_by("-count", "status"))
    totals = [(_("Orders"), show.count(sum(count for _status, count in by_status)))]
    for currency, sales in sorted(sales_by_currency(orders).items()):
        totals += [
            (_("Sales in %(currency)s") % {"currency": currency}, show.count(sales.orders)),
            (_("Units"), show.count(sales.units)),
            (_("Gross"), show.money(sales.gross, currency)),
            (_("Net of the sales whose net is known"), show.money(sales.net, currency)),
        ]
        if sales.net_unknown:
            totals.append((_("Sales whose net is not known yet"), show.count(sales.net_unknown)))
    chart = [(str(word_for("order", status).label), count) for status, count in by_status]
    return Summary(totals, _("Orders by status"), chart)


LISTING = Listing(
    name="orders",
    route="order-export",
    title=gettext_lazy("Orders"),
    form=OrderFilterForm,
    columns=COLUMNS,
    read=orders_for_listing,
    summarize=summarize_orders,
)
