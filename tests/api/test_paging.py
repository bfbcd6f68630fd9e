"""Lists by cursor: every row once, whatever arrives meanwhile, at the same price on every page."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Account
from tests.factories import NOON, make_item, make_order, make_question, make_shipment


def walk(api: APIClient, address: str | None, direction: str = "next") -> list[list[str]]:
    """Return the ids of each page, following its links."""
    pages = []
    while address:
        page = api.get(address).json()
        pages.append([row["id"] for row in page["results"]])
        address = page[direction]
    return pages


def ids(pages: list[list[str]]) -> list[str]:
    return [id for page in pages for id in page]


def test_a_list_shows_every_row_once_newest_first(api: APIClient, account: Account) -> None:
    orders = [make_order(account) for _ in range(5)]
    newest_first = [order.meli_id for order in reversed(orders)]
    assert walk(api, "/api/orders?page_size=2") == [newest_first[:2], newest_first[2:4], newest_first[4:]]


def test_rows_of_the_same_instant_are_neither_lost_nor_repeated(api: APIClient, account: Account) -> None:
    questions = [make_question(account, date_created=NOON) for _ in range(7)]
    pages = walk(api, "/api/questions?page_size=3")
    assert sorted(ids(pages)) == sorted(question.meli_id for question in questions)


def test_the_way_back_shows_the_same_pages(api: APIClient, account: Account) -> None:
    for _ in range(5):
        make_order(account)
    there = walk(api, "/api/orders?page_size=2")
    last = api.get("/api/orders?page_size=2").json()
    while last["next"]:
        last = api.get(last["next"]).json()
    assert walk(api, last["previous"], "previous") == [there[1], there[0]]


def test_rows_that_arrive_meanwhile_shift_nothing(api: APIClient, account: Account) -> None:
    orders = [make_order(account) for _ in range(4)]
    first = api.get("/api/orders?page_size=2").json()
    make_order(account)
    second = api.get(first["next"]).json()
    assert [row["id"] for row in second["results"]] == [orders[1].meli_id, orders[0].meli_id]


@pytest.mark.parametrize("ordering", ["price", "-price"])
def test_rows_without_a_value_are_paged_as_well(api: APIClient, account: Account, ordering: str) -> None:
    prices = [Decimal("10.00"), None, Decimal("9.50"), None, Decimal("100.00")]
    items = [make_item(account, price=price) for price in prices]
    seen = ids(walk(api, f"/api/items?page_size=2&ordering={ordering}"))
    assert sorted(seen) == sorted(item.meli_id for item in items)
    amounts = {item.meli_id: item.price for item in items}
    known = [amounts[id] for id in seen if amounts[id] is not None]
    assert known == sorted(known, reverse=ordering == "-price")


@pytest.mark.parametrize(
    ("path", "ordering"),
    [
        *(
            ("items", name)
            for name in (
                "date_created",
                "last_updated",
                "title",
                "price",
                "available_quantity",
                "sold_quantity",
            )
        ),
        *(
            ("orders", name)
            for name in ("date_created", "last_updated", "date_closed", "total_amount", "net")
        ),
        *(("shipments", name) for name in ("date_created", "last_updated", "dispatch_by")),
        *(("questions", name) for name in ("date_created", "last_updated", "due_at", "response_seconds")),
    ],
)
@pytest.mark.parametrize("sign", ["", "-"])
def test_every_ordering_pages_through_everything(
    api: APIClient, account: Account, path: str, ordering: str, sign: str
) -> None:
    make = {"items": make_item, "orders": make_order, "shipments": make_shipment, "questions": make_question}[
        path
    ]
    rows = [make(account) for _ in range(3)]
    seen = ids(walk(api, f"/api/{path}?page_size=1&ordering={sign}{ordering}"))
    assert sorted(seen) == sorted(row.meli_id for row in rows)


def test_a_page_keeps_the_filters_in_its_links(api: APIClient, account: Account) -> None:
    for status in ("paid", "cancelled", "paid"):
        make_order(account, status=status)
    assert [len(page) for page in walk(api, "/api/orders?status=paid&page_size=1")] == [1, 1]


@pytest.mark.parametrize(
    ("path", "make"),
    [
        ("/api/items", lambda account: make_item(account, variations=2)),
        ("/api/orders", lambda account: make_order(account, lines=2, payments=2)),
        ("/api/shipments", lambda account: make_order(account, shipment_id=make_shipment(account).meli_id)),
        ("/api/questions", make_question),
    ],
)
def test_twenty_rows_cost_as_many_queries_as_two(
    api: APIClient, account: Account, path: str, make: Any
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert api.get(path).status_code == 200
        return len(captured)

    for _ in range(2):
        make(account)
    with_two = queries()
    for _ in range(18):
        make(account)
    assert queries() == with_two
    assert with_two <= 9
