"""What pages and statistics ask about items."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from accounts.models import Organization
from painelml.text import fold

from .forms import ItemFilterForm
from .models import Item, ItemQuerySet, Variation


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
