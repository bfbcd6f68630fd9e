"""The columns and the summary of exported items."""

from __future__ import annotations

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from painelml.web import show
from painelml.web.exports import Column, Listing, Summary
from painelml.web.statuses import word_for

from .forms import ItemFilterForm
from .models import Item, ItemQuerySet, StockPart
from .queries import items_for_listing
from .worth import stock_values


def stock_of_variations(item: Item) -> str:
    """Return the units of each variation: `CAM-1: 4; CAM-2: 0`."""
    return "; ".join(
        f"{one.sku or one.meli_id}: {show.count(one.available_quantity)}" for one in item.variations.all()
    )


COLUMNS = [
    Column("id", gettext_lazy("Item"), "meli_id"),
    Column("account", gettext_lazy("Account")),
    Column("title", gettext_lazy("Title")),
    Column("sku", gettext_lazy("SKU")),
    Column("status", gettext_lazy("Status"), words="item"),
    Column("price", gettext_lazy("Price"), kind="money"),
    Column("currency_id", gettext_lazy("Currency")),
    Column("available_quantity", gettext_lazy("Available"), kind="number"),
    Column("sold_quantity", gettext_lazy("Sold"), kind="number"),
    Column("variations", gettext_lazy("Variations"), stock_of_variations),
    Column("listing_type_id", gettext_lazy("Listing type"), words="listing_type"),
    Column("logistic_type", gettext_lazy("Logistics"), words="logistics"),
    Column("permalink", gettext_lazy("Page")),
    Column("date_created", gettext_lazy("Created"), kind="instant"),
    Column("last_updated", gettext_lazy("Changed"), "remote_updated_at", kind="instant"),
]


def summarize_items(items: ItemQuerySet) -> Summary:
    """Return how many items there are, what is out of stock, what the stock is worth, and each status."""
    items = items.order_by()
    by_status = list(items.values_list("status").annotate(count=Count("pk")).order_by("-count", "status"))
    totals = [
        (_("Items"), show.count(sum(count for _status, count in by_status))),
        (_("Out of stock"), show.count(items.out_of_stock().count())),
        (_("Low stock"), show.count(items.low_stock().count())),
    ]
    for held in stock_values(StockPart.objects.filter(item__in=items.values("pk"))):
        totals += [
            (_("Units in stock"), show.count(held.units)),
            (_("Value of the stock"), show.money(held.at_price, held.currency_id)),
        ]
    chart = [(str(word_for("item", status).label), count) for status, count in by_status]
    return Summary(totals, _("Items by status"), chart)


LISTING = Listing(
    name="items",
    route="item-export",
    title=gettext_lazy("Items"),
    form=ItemFilterForm,
    columns=COLUMNS,
    read=items_for_listing,
    summarize=summarize_items,
)
