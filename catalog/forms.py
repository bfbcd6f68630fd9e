"""What a list of items can be narrowed by, on the page and in the API."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.sites import decimals_of
from painelml.web.filters import ChoiceFilter, FilterForm, WordFilter
from painelml.web.statuses import choices

STATUSES = choices("item")
LISTING_TYPES = choices("listing_type")
LOGISTICS = choices("logistics")
STATUSES_TO_SET = ["active", "paused", "closed"]
PRICE_LIMIT = Decimal(9_999_999_999)
"""Prices lie below this (API facts, part A section 2.5)."""
UNITS_MAX = 99_999
STOCK = [("in", _("In stock")), ("low", _("Low stock")), ("out", _("Out of stock"))]


class ItemFilterForm(FilterForm):
    RARE = ("sku",)

    status = WordFilter(STATUSES, label=_("Status"))
    stock = ChoiceFilter(STOCK, label=_("Stock"))
    listing_type_id = WordFilter(LISTING_TYPES, label=_("Listing type"))
    logistic_type = WordFilter(LOGISTICS, label=_("Logistics"))
    sku = WordFilter(label=_("SKU"))


def price_problem(price: Decimal, currency_id: str) -> str:
    """Return what is wrong with a price in this currency; nothing when it is right."""
    if price <= 0:
        return gettext("The price must be greater than zero.")
    if price >= PRICE_LIMIT:
        return gettext("The price must be below 9999999999.")
    places = decimals_of(currency_id)
    if price != round(price, places):
        message = ngettext(
            "A price in %(currency)s has at most %(places)s decimal place.",
            "A price in %(currency)s has at most %(places)s decimal places.",
            places,
        )
        return message % {"currency": currency_id, "places": places}
    return ""
