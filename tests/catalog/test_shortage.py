"""What is out of stock or soon will be: in which order, how much to buy, and what that costs."""

from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict

from accounts.models import Account, Organization
from catalog.models import ProductCost
from catalog.shortage import ShortageForm, shortages, totals_of
from tests.catalog.test_stock import listing, sell
from tests.factories import NOON

pytestmark = pytest.mark.django_db

D = Decimal


def found(shop: Organization, query: str = "") -> list[Any]:
    return shortages(ShortageForm(QueryDict(query), organization=shop), NOON)


def test_what_loses_most_a_day_comes_first_and_then_what_runs_out_soonest(
    shop: Organization, account: Account
) -> None:
    out = {"available_quantity": 0, "status": "paused", "is_out_of_stock": True}
    for title, units, stock in (
        ("Out, much", 60, out),
        ("Out, little", 3, out),
        ("Soon", 30, {"available_quantity": 10}),
        ("Sooner", 30, {"available_quantity": 2}),
        ("Enough", 30, {"available_quantity": 100}),
        ("Unsold", 0, out),
    ):
        item = listing(account, title=title, **stock)
        if units:
            sell(item, units, days_ago=20)
    assert [one.cover.pool.title for one in found(shop)] == ["Out, much", "Out, little", "Sooner", "Soon"]


def test_the_purchase_covers_the_days_asked_for_and_counts_what_is_there(
    shop: Organization, account: Account
) -> None:
    item = listing(account, available_quantity=5, sku="CAN")
    sell(item, 45)  # one and a half a day
    ProductCost.objects.create(account=account, sku="CAN", starts_on="2000-01-01", amount=D("10.50"))
    (one,) = found(shop, "cover=15")
    assert (one.buy, one.cost) == (18, D("189.00"))  # 22.5 rounded up, less five
    (one,) = found(shop)
    assert one.buy == 40


def test_an_unknown_cost_is_counted_and_not_zero(shop: Organization, account: Account) -> None:
    sell(listing(account, available_quantity=1), 30)
    rows = found(shop)
    assert rows[0].cost is None
    (totals,) = totals_of(rows)
    assert (totals.cost, totals.without_cost, totals.soon) == (None, 1, 1)


def test_how_far_to_look_ahead_is_asked_for(shop: Organization, account: Account) -> None:
    sell(listing(account, available_quantity=20), 30)
    assert not found(shop)
    assert len(found(shop, "within=20")) == 1


def test_stock_outs_cost_as_many_queries_for_two_as_for_twenty(
    shop: Organization, account: Account, django_assert_num_queries: Any
) -> None:
    for rows in (2, 18):
        for _ in range(rows):
            sell(listing(account, available_quantity=1), 30)
        with django_assert_num_queries(4):
            found(shop)
