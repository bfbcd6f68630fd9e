"""Profit in the API: of an order, and of a period (`/api/orders/profit`). Figures are worked out by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import Account, User
from catalog.costs import BEGINNING
from catalog.models import ProductCost, SaleCost
from orders.models import Order, OrderItem
from orders.profit import set_profits
from tests.factories import NOON, make_account, make_order

from .conftest import Login

D, DAY = Decimal, timedelta(days=1)


@pytest.fixture
def costs(account: Account) -> None:
    """A bottle costs 20.00, a sale 10 % and 1.00."""
    ProductCost.objects.create(account=account, sku="GARRAFA", amount=D(20), starts_on=BEGINNING)
    SaleCost.objects.create(account=account, tax_percent=D(10), per_order=D(1), starts_on=BEGINNING)


def sell(account: Account, sku: str = "GARRAFA", **fields: Any) -> Order:
    """Sell for 100.00, of which 70.00 are left: with its costs, a bottle earns 39.00."""
    values = {"gross": D(100), "net": D(70), "refunded": D(0), "date_created": NOON, "shipment_id": ""}
    order = make_order(account, item_id=f"MLB-{sku}", **{**values, **fields})
    OrderItem.objects.filter(order=order).update(sku=sku, title=sku)
    set_profits(account, Order.objects.filter(pk=order.pk))
    return order


def profit_of(api: APIClient, order: Order) -> Any:
    return api.get(f"/api/orders/{order.meli_id}").json()["profit"]


@pytest.mark.usefixtures("costs")
def test_an_order_tells_what_it_earns(api: APIClient, account: Account) -> None:
    assert profit_of(api, sell(account, refunded=D(10))) == {
        "refunded": "10.00",
        "left": "60.00",
        "goods_cost": "20.00",
        "tax": "9.00",
        "fixed_cost": "1.00",
        "profit": "30.00",
        "margin": "0.3000",
        "incomplete": [],
        "missing_costs": [],
    }


def test_an_incomplete_profit_says_what_is_missing(api: APIClient, account: Account) -> None:
    told = profit_of(api, sell(account, "COPO", net=None, sale_fee=None))
    assert (told["profit"], told["margin"], told["left"]) == (None, None, None)
    assert told["incomplete"] == ["sale_fee", "goods_cost", "tax", "fixed_cost"]
    assert told["missing_costs"] == ["COPO"]


@pytest.mark.usefixtures("costs")
def test_what_is_no_sale_earns_nothing(api: APIClient, account: Account) -> None:
    assert profit_of(api, sell(account, is_sale=False, status="cancelled")) is None
    assert profit_of(api, sell(account, currency_id="USD")) is None


@pytest.mark.usefixtures("costs")
@time_machine.travel(NOON, tick=False)
def test_a_period_tells_what_it_earned_by_day_and_item(api: APIClient, account: Account) -> None:
    sell(account)
    sell(account, date_created=NOON - DAY)
    sell(account, "COPO", date_created=NOON - DAY)
    sell(account, date_created=NOON - 3 * DAY)
    answer = api.get("/api/orders/profit?days=2")
    assert answer.status_code == 200
    told = answer.json()
    (block,) = told.pop("currencies")
    assert told == {
        "date_from": "2026-11-19",
        "date_to": "2026-11-20",
        "missing_costs": [
            {
                "account_id": account.pk,
                "sku": "COPO",
                "title": "COPO",
                "orders": 1,
                "units": 1,
                "first_sold": "2026-11-19T15:00:00Z",
                "last_sold": "2026-11-19T15:00:00Z",
            }
        ],
        "accounts_without_sale_cost": [],
    }
    days, items = block.pop("per_day"), block.pop("items")
    assert block == {
        "currency_id": "BRL",
        "orders": 3,
        "incomplete": 1,
        "gross": "300.00",
        "gross_complete": "200.00",
        "profit": "78.00",
        "margin": "0.3900",
        "refunded": {"of_sales": "0.00", "of_others": "0.00"},
        "previous_period": {
            "orders": 1,
            "incomplete": 0,
            "gross": "100.00",
            "gross_complete": "100.00",
            "profit": "39.00",
            "margin": "0.3900",
        },
    }
    assert [(day["date"], day["orders"], day["incomplete"], day["profit"]) for day in days] == [
        ("2026-11-19", 2, 1, "39.00"),
        ("2026-11-20", 1, 0, "39.00"),
    ]
    assert [(item["item_id"], item["units"], item["incomplete"], item["profit"]) for item in items] == [
        ("MLB-GARRAFA", 2, 0, "78.00"),
        ("MLB-COPO", 1, 1, None),
    ]
    assert items[0]["margin"] == "0.3900"
    assert items[1]["margin"] is None


@pytest.mark.usefixtures("costs")
def test_currencies_stay_apart(api: APIClient, account: Account) -> None:
    mexican = make_account(account.organization, site_id="MLM")
    sell(account)
    sell(account)
    sell(mexican, currency_id="MXN")
    told = api.get("/api/orders/profit?date_from=2026-11-01&date_to=2026-11-30").json()
    assert [(block["currency_id"], block["orders"]) for block in told["currencies"]] == [
        ("BRL", 2),
        ("MXN", 1),
    ]
    assert told["accounts_without_sale_cost"] == [mexican.pk]
    of_one = api.get(f"/api/orders/profit?date_from=2026-11-01&account_id={mexican.pk}").json()
    assert [block["currency_id"] for block in of_one["currencies"]] == ["MXN"]


@time_machine.travel(NOON, tick=False)
def test_as_many_items_are_listed_as_are_asked_for(api: APIClient, account: Account) -> None:
    for number in range(25):
        sell(account, f"SKU-{number}")

    def listed(query: str) -> int:
        return len(api.get(f"/api/orders/profit{query}").json()["currencies"][0]["items"])

    assert (listed(""), listed("?items=0"), listed("?items=7"), listed("?items=1000")) == (20, 0, 7, 25)


def test_nothing_sold_is_no_currency(api: APIClient, account: Account) -> None:
    told = api.get("/api/orders/profit?days=7").json()
    assert (told["currencies"], told["missing_costs"]) == ([], [])
    assert told["accounts_without_sale_cost"] == [account.pk]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("days=0", "days"),
        ("days=367", "days"),
        ("days=7&date_from=2026-11-01", "days"),
        ("items=1001", "items"),
        ("items=-1", "items"),
        ("date_from=2025-01-01&date_to=2026-11-01", "date_from"),
        ("status=paid", "status"),
    ],
)
def test_a_bad_period_is_named(api: APIClient, account: Account, query: str, name: str) -> None:
    answer = api.get(f"/api/orders/profit?{query}")
    assert (answer.status_code, list(answer.json())) == (400, [name])


def test_whose_profit(login: Login, vera: User, account: Account, other_account: Account) -> None:
    order = sell(other_account)
    api = login(vera)
    assert api.get("/api/orders/profit?date_from=2026-11-01").json()["currencies"] == []
    assert api.get(f"/api/orders/profit?account_id={other_account.pk}").status_code == 404
    assert api.get(f"/api/orders/{order.meli_id}").status_code == 404
