from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from tests.factories import make_order, make_shipment
from tests.web.conftest import NOW
from tests.web.pages import swap, text_of


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"late", "today", "later", "open-ended", "sent"}),
        ("late=true", {"late"}),
        ("dispatch=late", {"late"}),
        ("dispatch=today", {"today"}),
        ("dispatch=upcoming", {"later", "open-ended"}),
        ("status=shipped", {"sent"}),
        ("logistic_type=self_service", {"today"}),
        ("q=olinda", {"later"}),
    ],
)
def test_filters_narrow_the_shipments(account: Account, page: Client, query: str, found: set[str]) -> None:
    make_shipment(account, tracking_number="late", dispatch_by=NOW - timedelta(hours=1))
    make_shipment(account, tracking_number="today", dispatch_by=NOW, logistic_type="self_service")
    make_shipment(
        account, tracking_number="later", dispatch_by=NOW + timedelta(days=1), receiver_city="Olinda"
    )
    make_shipment(account, tracking_number="open-ended", dispatch_by=None)
    make_shipment(
        account, tracking_number="sent", status="shipped", is_open=False, dispatch_by=NOW - timedelta(days=1)
    )

    listed = page.get(f"/shipments/all/?{query}").context["page"]

    assert {shipment.tracking_number for shipment in listed} == found


def test_what_waits_comes_by_its_deadline(account: Account, page: Client) -> None:
    make_shipment(account, tracking_number="second", dispatch_by=NOW - timedelta(hours=1))
    make_shipment(account, tracking_number="first", dispatch_by=NOW - timedelta(hours=5))

    listed = page.get("/shipments/all/?dispatch=late").context["page"]

    assert [shipment.tracking_number for shipment in listed] == ["first", "second"]


def test_shipments_without_a_deadline_are_reached_by_paging(account: Account, page: Client) -> None:
    dated = [make_shipment(account, dispatch_by=NOW + timedelta(days=1)).pk for _ in range(40)]
    undated = [make_shipment(account, dispatch_by=None).pk for _ in range(40)]

    first = page.get("/shipments/all/?dispatch=upcoming").context["page"]
    second = page.get(f"/shipments/all/?dispatch=upcoming&after={first.next}").context["page"]

    assert {row.pk for row in first} | {row.pk for row in second} == {*dated, *undated}
    assert len(first) + len(second) == 80


def test_a_row_tells_what_it_carries(account: Account, page: Client) -> None:
    order = make_order(account)
    make_shipment(account, meli_id=order.shipment_id)

    words = text_of(page.get("/shipments/all/"))

    assert order.items.get().title in words
    assert "Ready to ship Label to print" in words


def test_the_detail_tells_the_way_of_the_parcel(account: Account, page: Client) -> None:
    order = make_order(account)
    shipment = make_shipment(
        account,
        meli_id=order.shipment_id,
        status="shipped",
        parts={
            "history": [
                {
                    "status": "shipped",
                    "substatus": "out_for_delivery",
                    "date": "2026-11-20T10:00:00.000-03:00",
                },
                {"status": "ready_to_ship", "substatus": "beamed", "date": "2026-11-19T10:00:00.000-03:00"},
            ]
        },
    )

    words = text_of(page.get(f"/shipments/{shipment.meli_id}/"))

    assert "Ready to ship · beamed 11/19/2026 10 a.m. On its way · Out for delivery" in words
    assert order.items.get().title in words
    assert "Your cost R$ 21.90" in words


def test_an_unknown_cost_says_so(account: Account, page: Client) -> None:
    shipment = make_shipment(account, cost=None)

    assert "Your cost not known yet" in text_of(page.get(f"/shipments/{shipment.meli_id}/"))


def test_carlas_shipment_is_not_found(other_account: Account, page: Client) -> None:
    shipment = make_shipment(other_account)

    assert page.get(f"/shipments/{shipment.meli_id}/").status_code == 404


def test_htmx_gets_the_table_alone(account: Account, page: Client) -> None:
    html = swap(page, "/shipments/all/", "shipment-table").content.decode()

    assert html.count('id="shipment-table"') == 1
    assert "<html" not in html


def test_queries_are_the_same_for_two_rows_and_for_twenty(account: Account, page: Client) -> None:
    def queries(rows: int) -> int:
        for _ in range(rows):
            make_shipment(account, meli_id=make_order(account).shipment_id)
        with CaptureQueriesContext(connection) as asked:
            page.get("/shipments/all/")
        return len(asked)

    assert queries(2) == queries(18)
