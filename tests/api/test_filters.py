"""The filters of contract 3.5 find what they name and nothing else."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import Account
from tests.factories import NOON, make_item, make_order, make_question, make_shipment

MAKE: dict[str, Any] = {
    "items": make_item,
    "orders": make_order,
    "shipments": make_shipment,
    "questions": make_question,
}


@pytest.mark.parametrize(
    ("path", "query", "found", "other"),
    [
        ("items", "status=paused", {"status": "paused"}, {"status": "active"}),
        ("items", "q=garrafa", {"title": "Garrafa Térmica"}, {"title": "Cafeteira"}),
        ("items", "q=termica", {"title": "Garrafa Térmica"}, {"title": "Cafeteira"}),
        ("items", "q=gt-77", {"sku": "GT-77"}, {"sku": "CF-1"}),
        ("items", "q=MLB4999", {"meli_id": "MLB4999"}, {}),
        ("items", "sku=GT-77", {"sku": "GT-77"}, {"sku": "GT-770"}),
        ("items", "stock=out", {"available_quantity": 0}, {"available_quantity": 1}),
        ("items", "stock=low", {"available_quantity": 5}, {"available_quantity": 6}),
        ("items", "stock=in", {"available_quantity": 1}, {"available_quantity": 0}),
        ("items", "listing_type_id=gold_pro", {"listing_type_id": "gold_pro"}, {}),
        ("items", "logistic_type=fulfillment", {"logistic_type": "fulfillment"}, {}),
        ("orders", "status=cancelled", {"status": "cancelled"}, {}),
        ("orders", "q=2000000000000077", {"pack_id": "2000000000000077"}, {}),
        ("orders", "q=maria", {"buyer_nickname": "MARIA123"}, {}),
        ("orders", "q=20009", {"meli_id": "20009"}, {}),
        ("orders", "tag=delivered", {"tags": ["delivered"]}, {"tags": ["not_delivered"]}),
        (
            "orders",
            "date_from=2026-11-22",
            {"date_created": NOON + timedelta(days=2)},
            {"date_created": NOON},
        ),
        ("orders", "date_to=2026-11-20", {"date_created": NOON}, {"date_created": NOON + timedelta(days=1)}),
        ("shipments", "status=delivered", {"status": "delivered"}, {}),
        ("shipments", "substatus=printed", {"substatus": "printed"}, {}),
        ("shipments", "logistic_type=fulfillment", {"logistic_type": "fulfillment"}, {}),
        ("questions", "status=ANSWERED", {"status": "ANSWERED"}, {}),
        ("questions", "item_id=MLB77", {"item_id": "MLB77"}, {}),
        ("questions", "q=voltagem", {"text": "Qual a voltagem?"}, {}),
        (
            "questions",
            "date_from=2026-11-22",
            {"date_created": NOON + timedelta(days=2)},
            {"date_created": NOON},
        ),
        (
            "questions",
            "date_to=2026-11-20",
            {"date_created": NOON},
            {"date_created": NOON + timedelta(days=1)},
        ),
    ],
)
def test_a_filter_finds_what_it_names(
    api: APIClient, account: Account, path: str, query: str, found: Any, other: Any
) -> None:
    wanted = MAKE[path](account, **found)
    MAKE[path](account, **other)
    assert [row["id"] for row in api.get(f"/api/{path}?{query}").json()["results"]] == [wanted.meli_id]


def test_a_variations_sku_finds_its_item(api: APIClient, account: Account) -> None:
    item = make_item(account, variations=2, sku="GT")
    make_item(account)
    assert [row["id"] for row in api.get("/api/items?sku=GT-1").json()["results"]] == [item.meli_id]


def test_an_item_finds_the_orders_it_was_sold_in(api: APIClient, account: Account) -> None:
    order = make_order(account, lines=2)
    make_order(account)
    sold = order.items.first().item_id
    assert [row["id"] for row in api.get(f"/api/orders?item_id={sold}").json()["results"]] == [order.meli_id]


def test_a_day_is_a_day_of_the_accounts_zone(api: APIClient, account: Account) -> None:
    """23:30 of 20 November in São Paulo is 02:30 of the 21st in UTC."""
    late = make_order(account, date_created=NOON + timedelta(hours=11, minutes=30))
    ids = [
        row["id"] for row in api.get("/api/orders?date_from=2026-11-20&date_to=2026-11-20").json()["results"]
    ]
    assert ids == [late.meli_id]
    assert api.get("/api/orders?date_from=2026-11-21").json()["results"] == []


def test_an_instant_is_itself(api: APIClient, account: Account) -> None:
    make_order(account, date_created=NOON)
    assert len(api.get("/api/orders?date_from=2026-11-20T15:00:00Z").json()["results"]) == 1
    assert len(api.get("/api/orders?date_from=2026-11-20T15:00:01Z").json()["results"]) == 0


@pytest.mark.parametrize(
    ("query", "hours_until_due"),
    [("dispatch=late", -1), ("late=true", -1), ("dispatch=today", 2), ("dispatch=upcoming", 24)],
)
@time_machine.travel(NOON, tick=False)
def test_shipments_by_their_dispatch_deadline(
    api: APIClient, account: Account, query: str, hours_until_due: int
) -> None:
    by_hours = {
        hours: make_shipment(account, dispatch_by=NOON + timedelta(hours=hours)).meli_id
        for hours in (-1, 2, 24)
    }
    make_shipment(account, is_open=False, dispatch_by=NOON - timedelta(hours=1))
    ids = [row["id"] for row in api.get(f"/api/shipments?{query}").json()["results"]]
    assert ids == [by_hours[hours_until_due]]


@pytest.mark.parametrize(("sla", "minutes_until_due"), [("breached", -1), ("at_risk", 10), ("ok", 30)])
@time_machine.travel(NOON, tick=False)
def test_questions_by_their_service_level(
    api: APIClient, account: Account, sla: str, minutes_until_due: int
) -> None:
    by_minutes = {
        minutes: make_question(account, due_at=NOON + timedelta(minutes=minutes)).meli_id
        for minutes in (-1, 10, 30)
    }
    rows = api.get(f"/api/questions?sla={sla}").json()["results"]
    assert [(row["id"], row["sla"]) for row in rows] == [(by_minutes[minutes_until_due], sla)]


@pytest.mark.parametrize("path", MAKE)
def test_account_id_narrows_and_its_absence_means_all(
    api: APIClient, account: Account, second_account: Account, path: str
) -> None:
    here, there = MAKE[path](account), MAKE[path](second_account)
    assert {row["id"] for row in api.get(f"/api/{path}").json()["results"]} == {here.meli_id, there.meli_id}
    rows = api.get(f"/api/{path}?account_id={second_account.pk}").json()["results"]
    assert [(row["id"], row["account_id"]) for row in rows] == [(there.meli_id, second_account.pk)]


def test_an_id_that_two_accounts_have_is_the_first_accounts_unless_asked(
    api: APIClient, account: Account, second_account: Account
) -> None:
    make_item(second_account, meli_id="MLB1", title="Second")
    make_item(account, meli_id="MLB1", title="First")
    assert api.get("/api/items/MLB1").json()["title"] == "First"
    assert api.get(f"/api/items/MLB1?account_id={second_account.pk}").json()["title"] == "Second"
