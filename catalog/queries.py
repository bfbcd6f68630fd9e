"""What pages and statistics ask about items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q

from accounts.models import Account, Organization
from painelml.text import fold

from .forms import ItemFilterForm
from .models import LOW_STOCK, Item, ItemQuerySet, Variation


def items_for_listing(organization: Organization, form: ItemFilterForm) -> ItemQuerySet:
    """Return the organization's items that pass the filters, unordered, with variations and account."""
    items: ItemQuerySet = Item.objects.of(organization).filter(
        account__in=form.accounts,
        **form.filters(status="status", listing_type_id="listing_type_id", logistic_type="logistic_type"),
    )
    if q := form.value("q"):
        items = items.filter(search_text__contains=fold(q))
    if sku := form.value("sku"):
        of_a_variation = Exists(Variation.objects.filter(item=OuterRef("pk"), sku=sku))
        items = items.filter(Q(sku=sku) | of_a_variation)
    match form.value("stock"):
        case "in":
            items = items.in_stock()
        case "low":
            items = items.low_stock()
        case "out":
            items = items.out_of_stock()
    return (
        items.select_related("account")
        .prefetch_related("variations")
        .defer("payload", "parts", "search_text")
    )


@dataclass(frozen=True)
class StockFigures:
    """How many listings buyers cannot get, and how many soon."""

    out: int
    low: int


def stock_figures(accounts: list[Account]) -> StockFigures:
    """Return the figures of the accounts' stock. One query that reads only what is short."""
    out, low = Q(available_quantity=0), Q(status="active", available_quantity__gt=0)
    short = Item.objects.filter(account__in=accounts, available_quantity__lte=LOW_STOCK).sellable()
    return StockFigures(**short.aggregate(out=Count("pk", filter=out), low=Count("pk", filter=low)))


def best_sellers_out(accounts: list[Account], limit: int) -> list[Item]:
    """Return the listings out of stock that had sold most."""
    items = Item.objects.filter(account__in=accounts).out_of_stock().select_related("account")
    return list(items.defer("payload", "parts", "search_text").order_by("-sold_quantity", "pk")[:limit])


def items_by_id(accounts: list[Account], meli_ids: Iterable[str]) -> dict[str, Item]:
    """Return these items by their id at Mercado Livre, as far as we hold them. One query."""
    wanted = Item.objects.filter(account__in=accounts, meli_id__in={id_ for id_ in meli_ids if id_})
    return {item.meli_id: item for item in wanted.defer("payload", "parts", "search_text")}


def get_item(organization: Organization, meli_id: str) -> Item | None:
    """Return an item of the organization with its account and variations; None when it has no such item."""
    items = Item.objects.of(organization).filter(meli_id=meli_id).select_related("account")
    return items.prefetch_related("variations").order_by("pk").first()
