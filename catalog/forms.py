"""What a list of items can be narrowed by, on the page and in the API."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.utils.formats import get_format, number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.sites import decimals_of
from painelml.web.filters import ChoiceFilter, FilterForm, WordFilter
from painelml.web.statuses import choices

from .actions import FULL, Change
from .models import Item

STATUSES = choices("item")
LISTING_TYPES = choices("listing_type")
LOGISTICS = choices("logistics")
EDITED = ["active", "paused"]
STATUS_WORDS = dict(STATUSES)
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


ORDERINGS = {
    "-date_created": _("Newest first"),
    "-sold_quantity": _("Most sold first"),
    "available_quantity": _("Fewest units first"),
    "-available_quantity": _("Most units first"),
    "price": _("Cheapest first"),
    "-price": _("Dearest first"),
    "title": _("By title"),
}
NEWEST = "-date_created"


class ItemListForm(ItemFilterForm):
    """The filters of the page, and in which order it lists. The order narrows nothing."""

    # The first choice is the list as it is without one, and is not written into the address.
    ordering = forms.ChoiceField(
        label=_("Sort"),
        choices=[("" if name == NEWEST else name, label) for name, label in ORDERINGS.items()],
        required=False,
    )

    @property
    def order(self) -> str:
        return self.value("ordering") or NEWEST

    @property
    def active(self) -> list[str]:
        return [name for name in super().active if name != "ordering"]

    @property
    def used_query(self) -> str:
        """Return the filters alone: what a file, a saved filter and a bulk change are asked with."""
        used = parse_qsl(super().used_query)
        return urlencode([(name, value) for name, value in used if name != "ordering"])


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


class Amount(forms.DecimalField):
    """An amount as the reader writes it: `1.129,90` in Brazil. `1.129` is neither a thousand nor one: how
    to type it is said.
    """

    PLACES = 2

    def to_python(self, value: Any) -> Decimal | None:
        if isinstance(value, str) and grouped().fullmatch(value.strip()):
            value = re.sub(f"[{group_marks()}]", "", value)
        try:
            amount = super().to_python(value)
        except forms.ValidationError as error:
            raise forms.ValidationError(how_to_type()) from error
        if amount is not None and amount.is_finite() and amount.as_tuple().exponent < -self.PLACES:
            raise forms.ValidationError(how_to_type())
        return amount


def group_marks() -> str:
    """Return what people put between thousands; in Spanish some write a point, some a space."""
    return "," if get_format("DECIMAL_SEPARATOR") == "." else ". \u00a0"


def grouped() -> re.Pattern[str]:
    mark = re.escape(get_format("DECIMAL_SEPARATOR"))
    return re.compile(rf"\d{{1,3}}([{group_marks()}])\d{{3}}(\1\d{{3}})*{mark}\d+")


def how_to_type() -> str:
    example = number_format(Decimal("1234.56"), force_grouping=True)
    return gettext("Type it as %(example)s.") % {"example": example}


class Units(forms.IntegerField):
    """Whole units. `1.000` is a thousand to many a reader, and would be taken for one."""

    re_decimal = re.compile(r"(?!)")


class ItemChangeForm(forms.Form):
    """An item's price, stock and status as people edit them; only what they changed counts.

    What was there when they began is sent along, so that news that arrived meanwhile is not undone.
    """

    price = Amount(
        label=_("Price"),
        max_digits=14,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    status = forms.ChoiceField(label=_("Status"), choices=[(word, STATUS_WORDS[word]) for word in EDITED])

    def __init__(self, item: Item, data: Any = None) -> None:
        super().__init__(data, auto_id=f"item-{item.meli_id}-%s")
        self.item = item
        self.variations = list(item.variations.all())
        self.fields["price"].initial = item.price
        self.fields["price"].required = item.price is not None
        self.fields["status"].initial = item.status
        if item.logistic_type != FULL:
            for name, label, units in self.stocks():
                self.fields[name] = Units(
                    label=label,
                    min_value=0,
                    max_value=UNITS_MAX,
                    initial=units,
                    required=units is not None,
                )
        for field in self.fields.values():
            field.show_hidden_initial = True

    def stocks(self) -> list[tuple[str, Any, int | None]]:
        """Return the name, label and units of each stock: the item's own, or one for each variation."""
        if not self.variations:
            return [("available_quantity", _("Available"), self.item.available_quantity)]
        return [
            (f"units_{one.meli_id}", one.words or one.sku or one.meli_id, one.available_quantity)
            for one in self.variations
        ]

    def clean_price(self) -> Decimal | None:
        price: Decimal | None = self.cleaned_data["price"]
        if price is not None and (problem := price_problem(price, self.item.currency_id)):
            raise forms.ValidationError(problem)
        return price

    @property
    def change(self) -> Change:
        """Return what was changed."""
        changed = {name: self.cleaned_data[name] for name in self.changed_data}
        units = [name for name in changed if name.startswith("units_")]
        variations = {name.removeprefix("units_"): changed.pop(name) for name in units}
        return Change(**changed, variations=variations)
