"""Stock in the API: how long it lasts, what running out costs, what it is worth. Worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Account, User
from catalog.costs import BEGINNING
from catalog.models import Item, ProductCost, StockOut
from orders.models import OrderItem
from tests.factories import NOON, derive_parts, make_account, make_item, make_order

from .conftest import Login

D, DAY = Decimal, timedelta(days=1)
STOCK = "/api/items/stock"


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def listing(account: Account, units: int, sold: int = 0, **fields: Any) -> Item:
    """An old listing at 100.00 that sold so many units yesterday."""
    values = {"date_created": NOON - 400 * DAY, "price": D(100), "available_quantity": units, **fields}
    item = make_item(account, **values)
    if sold:
        order = make_order(account, date_created=NOON - DAY, currency_id=item.currency_id)
        OrderItem.objects.filter(order=order).update(item_id=item.meli_id, quantity=sold)
    return item


def ids(answer: Any) -> list[str]:
    return [row["id"] for row in answer.json()["results"]]


def test_a_stock_tells_how_long_it_lasts_and_what_it_is_worth(api: APIClient, account: Account) -> None:
    item = listing(account, 12, sold=60, sku="GARRAFA")
    ProductCost.objects.create(account=account, sku="GARRAFA", amount=D("30.50"), starts_on=BEGINNING)
    answer = api.get(STOCK)
    assert answer.status_code == 200
    assert answer.json() == {
        "next": None,
        "previous": None,
        "results": [
            {
                "account_id": account.pk,
                "id": item.meli_id,
                "listings": [{"item_id": item.meli_id, "variation_id": None}],
                "title": item.title,
                "sku": "GARRAFA",
                "currency_id": "BRL",
                "available_quantity": 12,
                "sold_30_days": 60,
                "days_in_stock": "30.0",
                "sold_per_day": "2.00",
                "days_of_cover": "6.0",
                "out_on": "2026-11-26",
                "lost_per_day": "0.00",
                "price": "100.00",
                "unit_cost": "30.50",
                "value": "1200.00",
                "value_at_cost": "366.00",
            }
        ],
    }


def test_what_is_not_known_is_null(api: APIClient, account: Account) -> None:
    listing(account, 3, price=None)
    (row,) = api.get(STOCK).json()["results"]
    unknown = {name for name, value in row.items() if value is None}
    assert unknown == {"days_of_cover", "out_on", "price", "unit_cost", "value", "value_at_cost"}


def test_what_loses_most_comes_first_then_what_runs_out_first(api: APIClient, account: Account) -> None:
    still = listing(account, 5)
    later = listing(account, 30, sold=30)
    sooner = listing(account, 2, sold=30)
    little = listing(account, 0, sold=3)
    much = listing(account, 0, sold=60)
    assert ids(api.get(STOCK)) == [one.meli_id for one in (much, little, sooner, later, still)]
    assert ids(api.get(f"{STOCK}?max_days=2")) == [one.meli_id for one in (much, little, sooner)]
    assert ids(api.get(f"{STOCK}?max_days=0")) == [much.meli_id, little.meli_id]
    assert [row["lost_per_day"] for row in api.get(STOCK).json()["results"]][:3] == [
        "200.00",
        "10.00",
        "0.00",
    ]


def test_days_without_stock_do_not_slow_the_pace(api: APIClient, account: Account) -> None:
    item = listing(account, 10, sold=20)
    StockOut.objects.create(item=item, began_at=NOON - 20 * DAY, ended_at=NOON - 10 * DAY)
    (row,) = api.get(STOCK).json()["results"]
    assert (row["days_in_stock"], row["sold_per_day"], row["days_of_cover"]) == ("20.0", "1.00", "10.0")


def test_listings_of_one_product_are_one_stock(api: APIClient, account: Account) -> None:
    first = listing(account, 8, sold=10, user_product_id="MLBU1")
    second = listing(account, 8, sold=20, user_product_id="MLBU1")
    (row,) = api.get(STOCK).json()["results"]
    assert (row["id"], row["available_quantity"], row["sold_30_days"]) == ("MLBU1", 8, 30)
    assert {one["item_id"] for one in row["listings"]} == {first.meli_id, second.meli_id}


def test_pages_meet_and_leave_nothing_out(api: APIClient, account: Account) -> None:
    for number in range(11):
        listing(account, number % 3, sold=number % 5)
    whole = ids(api.get(STOCK))
    found, address = [], f"{STOCK}?page_size=3"
    while address:
        answer = api.get(address)
        found += ids(answer)
        address = answer.json()["next"]
    assert (found, len(found)) == (whole, 11)


def test_closed_listings_hold_no_stock(api: APIClient, account: Account) -> None:
    item = listing(account, 8, status="closed")
    assert ids(api.get(STOCK)) == []
    assert api.get(f"/api/items/{item.meli_id}").json()["stock"] == []


def test_an_item_tells_its_stock_and_who_shares_it(api: APIClient, account: Account) -> None:
    item = listing(account, 9, sold=30, inventory_id="INV1")
    listing(account, 9, sold=60, inventory_id="INV1")
    listing(account, 5)
    (stock,) = api.get(f"/api/items/{item.meli_id}").json()["stock"]
    assert (stock["sold_30_days"], stock["days_of_cover"], len(stock["listings"])) == (90, "3.0", 2)


def test_variations_with_products_of_their_own_have_stocks_of_their_own(
    api: APIClient, account: Account
) -> None:
    item = listing(account, 8, variations=2)
    blue, red = item.variations.all()
    for number, variation in enumerate((blue, red), start=1):
        variation.user_product_id, variation.available_quantity = f"MLBU{number}", 3 + number
        variation.save()
    derive_parts([item])
    stocks = api.get(f"/api/items/{item.meli_id}").json()["stock"]
    assert {(one["id"], one["listings"][0]["variation_id"]): one["available_quantity"] for one in stocks} == {
        ("MLBU1", blue.meli_id): 4,
        ("MLBU2", red.meli_id): 5,
    }


def test_statistics_tell_worth_loss_and_what_runs_out(api: APIClient, account: Account) -> None:
    mexican = make_account(account.organization, site_id="MLM")
    ProductCost.objects.create(account=account, sku="COPO", amount=D("4.00"), starts_on=BEGINNING)
    listing(account, 7, sold=30, sku="COPO")
    listing(account, 8, sold=30)
    listing(account, 0, sold=15)
    listing(mexican, 2, sold=30, currency_id="MXN")
    stats = api.get("/api/items/stats").json()
    assert (stats["running_out"], stats["lost_per_day"]) == (2, {"BRL": "50.00"})
    assert stats["stock_by_currency"] == [
        {
            "currency_id": "BRL",
            "units": 15,
            "at_price": "1500.00",
            "at_cost": "28.00",
            "without_price": 0,
            "without_cost": 1,
        },
        {
            "currency_id": "MXN",
            "units": 2,
            "at_price": "200.00",
            "at_cost": "0.00",
            "without_price": 0,
            "without_cost": 1,
        },
    ]


def test_it_costs_as_much_with_two_stocks_as_with_twenty(api: APIClient, account: Account) -> None:
    for _number in range(2):
        listing(account, 3, sold=2)
    with CaptureQueriesContext(connection) as few:
        api.get(STOCK)
    for _number in range(18):
        listing(account, 3, sold=2)
    with CaptureQueriesContext(connection) as many:
        assert len(ids(api.get(STOCK))) == 20
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("max_days=-1", "max_days"),
        ("max_days=soon", "max_days"),
        ("page_size=201", "page_size"),
        ("page_size=0", "page_size"),
        ("cursor=nonsense", "cursor"),
        ("ordering=price", "ordering"),
        ("status=active", "status"),
    ],
)
def test_a_bad_question_is_named(api: APIClient, account: Account, query: str, name: str) -> None:
    answer = api.get(f"{STOCK}?{query}")
    assert (answer.status_code, list(answer.json())) == (400, [name])


def test_whose_stock(login: Login, vera: User, account: Account, other_account: Account) -> None:
    mine = listing(account, 3, user_product_id="MLBU1")
    listing(other_account, 3, sold=9, user_product_id="MLBU1")
    api = login(vera)
    (row,) = api.get(STOCK).json()["results"]
    assert (row["account_id"], row["sold_30_days"]) == (account.pk, 0)
    (stock,) = api.get(f"/api/items/{mine.meli_id}").json()["stock"]
    assert len(stock["listings"]) == 1
    assert api.get(f"{STOCK}?account_id={other_account.pk}").status_code == 404
