"""What a list of items can be narrowed by, on the page and in the API."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from painelml.web.filters import ChoiceFilter, FilterForm, WordFilter
from painelml.web.statuses import choices

STATUSES = choices("item")
LISTING_TYPES = choices("listing_type")
LOGISTICS = choices("logistics")
STOCK = [("in", _("In stock")), ("low", _("Low stock")), ("out", _("Out of stock"))]


class ItemFilterForm(FilterForm):
    RARE = ("sku",)

    status = WordFilter(STATUSES, label=_("Status"))
    stock = ChoiceFilter(STOCK, label=_("Stock"))
    listing_type_id = WordFilter(LISTING_TYPES, label=_("Listing type"))
    logistic_type = WordFilter(LOGISTICS, label=_("Logistics"))
    sku = WordFilter(label=_("SKU"))
