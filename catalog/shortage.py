"""Ruptures: what is out of stock or soon will be, what that costs a day, and how much to buy."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, Organization
from painelml.text import fold
from painelml.web import show
from painelml.web.exports import Column, Listing, Summary
from painelml.web.filters import FilterForm

from .models import StockPart
from .stock import Cover, UnitCosts, described, sold_covers, urgency

WITHIN, COVER = 14, 30
"""Days looked ahead, and days a purchase shall last, unless people say otherwise."""
DAYS_MAX = 365


class ShortageForm(FilterForm):
    within = forms.IntegerField(
        label=gettext_lazy("Runs out within (days)"), min_value=1, max_value=DAYS_MAX, required=False
    )
    cover = forms.IntegerField(
        label=gettext_lazy("Buy for (days)"), min_value=1, max_value=DAYS_MAX, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, days in (("within", WITHIN), ("cover", COVER)):
            self.fields[name].widget.attrs["placeholder"] = days

    @property
    def days_ahead(self) -> int:
        return self.value("within") or WITHIN

    @property
    def days_covered(self) -> int:
        return self.value("cover") or COVER


@dataclass(frozen=True)
class Shortage:
    """A product that is out of stock or soon will be. `buy` units make it last; `unit_cost` and what the
    purchase costs are None where nobody said what a unit costs.
    """

    account: Account
    cover: Cover
    buy: int
    unit_cost: Decimal | None

    @property
    def item_id(self) -> str:
        return self.cover.pool.sellers[0][0]

    @property
    def is_out(self) -> bool:
        return not self.cover.pool.available

    @property
    def cost(self) -> Decimal | None:
        return None if self.unit_cost is None else self.unit_cost * self.buy

    @property
    def at_stake(self) -> Decimal | None:
        """What a day without stock costs, or will."""
        price = self.cover.pool.price
        return (
            self.cover.lost_per_day if self.is_out else None if price is None else self.cover.per_day * price
        )


def shortages(form: ShortageForm, now: datetime) -> list[Shortage]:
    """Return what is out of stock though it sells, what loses most a day first, then what runs out in the
    days ahead, soonest first. Three queries.
    """
    accounts = {account.pk: account for account in form.accounts}
    parts = StockPart.objects.filter(account__in=accounts).sellable()
    if q := form.value("q"):
        parts = parts.filter(item__search_text__contains=fold(q))
    covers = described(sold_covers(accounts.values(), parts, now, within=form.days_ahead), parts)
    costs = UnitCosts(accounts.values(), [one.pool for one in covers], now)
    found = [shortage(accounts[one.pool.account_id], one, form.days_covered, costs) for one in covers]
    return sorted(found, key=lambda one: (not one.is_out, *urgency(one.cover)))


def shortage(account: Account, cover: Cover, days: int, costs: UnitCosts) -> Shortage:
    needed = (cover.per_day * days).to_integral_value(ROUND_CEILING)
    return Shortage(account, cover, max(0, int(needed) - cover.pool.available), costs.of(cover.pool))


@dataclass(frozen=True)
class Totals:
    """What shortages in one currency come to; amounts leave out what is not known, which is counted. `cost`
    is None where nothing that has to be bought has a known cost.
    """

    currency_id: str
    out: int
    soon: int
    lost_per_day: Decimal
    cost: Decimal | None
    without_price: int
    without_cost: int


def totals_of(found: Collection[Shortage]) -> list[Totals]:
    """Return the totals by currency."""
    by_currency: dict[str, list[Shortage]] = {}
    for one in found:
        by_currency.setdefault(one.cover.pool.currency_id, []).append(one)
    return [totals_in(currency_id, part) for currency_id, part in sorted(by_currency.items())]


def totals_in(currency_id: str, part: list[Shortage]) -> Totals:
    costs = [one.cost for one in part if one.buy]
    known = [cost for cost in costs if cost is not None]
    return Totals(
        currency_id,
        sum(one.is_out for one in part),
        sum(not one.is_out for one in part),
        sum((one.cover.lost_per_day or Decimal(0) for one in part), Decimal(0)),
        sum(known, Decimal(0)) if known or not costs else None,
        sum(one.cover.lost_per_day is None for one in part),
        len(costs) - len(known),
    )


# As a file


def read(organization: Organization, form: ShortageForm) -> list[Shortage]:
    return shortages(form, timezone.now())


def summarize(found: Collection[Shortage]) -> Summary:
    totals = []
    for one in totals_of(found):
        totals += [
            (_("Out of stock"), show.count(one.out)),
            (_("Running out"), show.count(one.soon)),
            (_("Lost per day"), show.money(one.lost_per_day, one.currency_id)),
            (_("Cost of the purchase"), show.money(one.cost, one.currency_id)),
        ]
    chart = [(one.cover.pool.title, one.at_stake or Decimal(0)) for one in list(found)[:10]]
    return Summary(totals, _("Lost per day"), chart)


LISTING = Listing(
    name="stock-outs",
    route="catalog:stock-outs-export",
    title=gettext_lazy("Stock-outs"),
    form=ShortageForm,
    columns=[
        Column("item_id", gettext_lazy("Item")),
        Column("account", gettext_lazy("Account")),
        Column("title", gettext_lazy("Title"), "cover.pool.title"),
        Column("sku", gettext_lazy("SKU"), "cover.pool.sku"),
        Column("available_quantity", gettext_lazy("Available"), "cover.pool.available", kind="number"),
        Column("sold_30_days", gettext_lazy("Sold in 30 days"), "cover.sold", kind="number"),
        Column("sold_per_day", gettext_lazy("Sold per day"), "cover.per_day", kind="money"),
        Column("days_of_cover", gettext_lazy("Days of cover"), "cover.days", kind="money"),
        Column("out_on", gettext_lazy("Runs out on"), "cover.out_on", kind="day"),
        Column("lost_per_day", gettext_lazy("Lost per day"), "cover.lost_per_day", kind="money"),
        Column("currency_id", gettext_lazy("Currency"), "cover.pool.currency_id"),
        Column("buy", gettext_lazy("Units to buy"), kind="number"),
        Column("unit_cost", gettext_lazy("Cost of a unit"), kind="money"),
        Column("cost", gettext_lazy("Cost of the purchase"), kind="money"),
    ],
    read=read,
    summarize=summarize,
)
