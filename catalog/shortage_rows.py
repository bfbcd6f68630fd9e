"""What rows of stock-outs say, in words ready to draw: templates look names up one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from painelml.web import show
from painelml.web.context import Panel

from .models import Item
from .shortage import Shortage
from .stock import Cover


@dataclass(frozen=True)
class ShortageRow:
    """A product that is out of stock or soon will be. Words that do not apply are empty; `stock` is what is
    left, empty where nothing is, and `cost_address` where an unknown cost is said, for who may.
    """

    address: str
    thumbnail: str
    title: str
    number: str
    sku: str
    shared: str
    account: str
    stock: str
    per_day: str
    sold: str
    out_on: str
    days: str
    at_stake: str
    buy: str
    cost: str
    cost_address: str


def shortage_rows(
    found: Iterable[Shortage], items: Mapping[str, Item], panel: Panel, can_cost: bool
) -> list[ShortageRow]:
    """Return the rows of these products; `items` are those of them that we hold, for their pictures."""
    address = panel.addresses("catalog:row")
    has_accounts = len(panel.accounts) > 1
    costs = cache(lambda account_id: reverse("costs:costs", args=[account_id]))

    def row(one: Shortage) -> ShortageRow:
        cover, pool, item = one.cover, one.cover.pool, items.get(one.item_id)
        is_missing = one.cost is None and can_cost
        return ShortageRow(
            address=address(one.item_id),
            thumbnail=item.thumbnail if item else "",
            title=pool.title or one.item_id,
            number=one.item_id,
            sku=pool.sku,
            shared=shared_by(len(pool.sellers)),
            account=str(one.account) if has_accounts else "",
            stock="" if one.is_out else units_of(pool.available),
            per_day=floatformat(cover.per_day, "2g"),
            sold=sold_in(cover),
            out_on=show.full_day(cover.out_on) if cover.out_on else "",
            days=_("%(days)s days of cover") % {"days": floatformat(cover.days, "-1g")},
            at_stake=show.money(one.at_stake, pool.currency_id),
            buy=show.count(one.buy),
            cost="" if one.cost is None else show.money(one.cost, pool.currency_id),
            cost_address=f"{costs(one.account.pk)}?sku={quote(pool.sku or one.item_id)}"
            if is_missing
            else "",
        )

    return [row(one) for one in found]


def shared_by(listings: int) -> str:
    if listings < 2:
        return ""
    said = ngettext("%(listings)s listing", "%(listings)s listings share it", listings)
    return said % {"listings": listings}


def units_of(units: int) -> str:
    said = ngettext("%(shown)s unit", "%(shown)s units", units)
    return said % {"shown": show.count(units)}


def sold_in(cover: Cover) -> str:
    said = _("%(sold)s sold in %(days)s days with stock")
    return said % {"sold": show.count(cover.sold), "days": localize(cover.days_in_stock)}
