"""What rows and cards of items say, in words ready to draw: templates look names up one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from painelml.web import draw, show
from painelml.web.context import Panel
from painelml.web.statuses import word_for

from .forms import EDITED
from .models import Item
from .shortage_rows import units_of


@dataclass(frozen=True)
class ItemRow:
    """An item. Words that do not apply are empty; `edit` is where it is edited, for who may."""

    address: str
    edit: str
    thumbnail: str
    title: str
    number: str
    sku: str
    variations: str
    account: str
    status: SafeString
    logistics: str
    price: str
    cost: str
    stock: str
    sold: str


def item_rows(
    items: Iterable[Item], costs: dict[int, Decimal], panel: Panel, can_edit: bool
) -> list[ItemRow]:
    """Return the rows of these items; `costs` are what a unit costs, by row id."""
    address, edit = panel.addresses("catalog:row"), panel.addresses("catalog:edit", keeps=False)
    has_accounts = len(panel.accounts) > 1

    def row(item: Item) -> ItemRow:
        cost = costs.get(item.pk)
        status = word_for("item", item.status)
        return ItemRow(
            address=address(item.meli_id),
            edit=edit(item.meli_id) if can_edit and item.status in EDITED else "",
            thumbnail=item.thumbnail,
            title=item.title or item.meli_id,
            number=item.meli_id,
            sku=item.sku,
            variations=variations_of(item),
            account=str(item.account) if has_accounts else "",
            status=draw.chip(status.label, status.tone),
            logistics=str(word_for("logistics", item.logistic_type).label) if item.logistic_type else "",
            price=show.money(item.price, item.currency_id),
            cost="" if cost is None else cost_of(cost, item),
            stock=stock_of(item),
            sold=sold_of(item),
        )

    return [row(item) for item in items]


def variations_of(item: Item) -> str:
    number = len(item.variations.all())
    if not number:
        return ""
    said = ngettext("%(variations)s variation", "%(variations)s variations", number)
    return said % {"variations": number}


def cost_of(cost: Decimal, item: Item) -> str:
    return _("cost %(amount)s") % {"amount": show.money(cost, item.account.currency_id)}


def stock_of(item: Item) -> str:
    """Draw the units of an item, warning when there are few."""
    units = item.available_quantity
    if units is None:
        return show.DASH
    if units == 0:
        return draw.chip(_("Out of stock"), "bad")
    said = units_of(units)
    return draw.chip(said, "warn") if item.is_low_on_stock else said


def sold_of(item: Item) -> str:
    said = ngettext("%(shown)s sold", "%(shown)s sold", item.sold_quantity or 0)
    return said % {"shown": show.count(item.sold_quantity)}
