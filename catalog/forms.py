"""What a list of items can be narrowed by, on the page and in the API."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from painelml.web.filters import ChoiceFilter, FilterForm, WordFilter

STATUSES = [
    ("active", _("Active")),
    ("paused", _("Paused")),
    ("under_review", _("Under review")),
    ("payment_required", _("Awaiting payment")),
    ("inactive", _("Inactive")),
    ("not_yet_active", _("Not active yet")),
    ("closed", _("Closed")),
]
LISTING_TYPES = [("gold_pro", _("Premium")), ("gold_special", _("Classic")), ("free", _("Free"))]
LOGISTICS = [
    ("fulfillment", "Full"),
    ("self_service", "Flex"),
    ("turbo", "Flex Turbo"),
    ("cross_docking", _("Pick-up")),
    ("xd_drop_off", _("Places")),
    ("drop_off", _("Post office")),
    ("default", _("Own carrier")),
    ("custom", _("Own price table")),
    ("not_specified", _("To be agreed")),
]
STOCK = [("in", _("In stock")), ("low", _("Low stock")), ("out", _("Out of stock"))]


class ItemFilterForm(FilterForm):
    status = WordFilter(STATUSES, label=_("Status"))
    stock = ChoiceFilter(STOCK, label=_("Stock"))
    listing_type_id = WordFilter(LISTING_TYPES, label=_("Listing type"))
    logistic_type = WordFilter(LOGISTICS, label=_("Logistics"))
    sku = WordFilter(label=_("SKU"))
