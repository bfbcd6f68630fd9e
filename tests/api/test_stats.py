"""The statistics of contract 3.5, against sums done by hand. Today is 20 November 2026, noon in São Paulo."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Account, Organization
from tests.factories import NOON, make_account, make_item, make_order, make_question, make_shipment

DAY = timedelta(days=1)
PATHS = ["/api/items/stats", "/api/orders/stats", "/api/shipments/stats", "/api/questions/stats"]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def sale(account: Account, **fields: Any) -> None:
    make_order(account, **{"date_created": NOON, **fields})


def sold(orders: int, units: int, gross: str, net: str) -> dict[str, Any]:
    """Return what the API says of sales whose parts are all known."""
    return {
        "orders": orders,
        "units": units,
        "gross": gross,
        "net": net,
        "net_known": net,
        "net_unknown": 0,
    }


def test_items(api: APIClient, account: Account) -> None:
    make_item(account, available_quantity=10, price=Decimal("12.50"))
    make_item(account, available_quantity=3, price=Decimal("0.99"))
    make_item(account, status="paused", is_out_of_stock=True, available_quantity=0)
    make_item(account, status="closed", available_quantity=7)
    assert api.get("/api/items/stats").json() == {
        "total": 4,
        "by_status": {"active": 2, "closed": 1, "paused": 1},
        "out_of_stock": 1,
        "low_stock": 1,
        "stock_units": 13,
        "stock_value": "127.97",
        "currency_id": "BRL",
        "running_out": 0,
        "lost_per_day": {},
        "stock_by_currency": [
            {
                "currency_id": "BRL",
                "units": 13,
                "at_price": "127.97",
                "at_cost": "0.00",
                "without_price": 0,
                "without_cost": 2,
            }
        ],
    }


def test_orders(api: APIClient, account: Account) -> None:
    money = {"gross": Decimal("100.10"), "net": Decimal("70.05")}
    sale(account, **money)
    sale(account, gross=Decimal("50.00"), net=Decimal("30.00"), units=3, date_created=NOON - 2 * DAY)
    make_order(account, status="cancelled", is_sale=False, date_created=NOON, gross=Decimal("999"))
    sale(account, gross=Decimal("20.00"), date_created=NOON - 3 * DAY)  # the period before
    sale(account, date_created=NOON - 6 * DAY)  # before that
    stats = api.get("/api/orders/stats?days=3").json()
    top_items = stats.pop("top_items")
    assert stats == {
        "total": 3,
        "by_status": {"cancelled": 1, "paid": 2},
        "orders": 2,
        "units": 4,
        "gross": "150.10",
        "net": "100.05",
        "net_known": "100.05",
        "net_unknown": 0,
        "average_ticket": "75.05",
        "currency_id": "BRL",
        "by_currency": [
            {
                "orders": 2,
                "units": 4,
                "gross": "150.10",
                "net": "100.05",
                "net_known": "100.05",
                "net_unknown": 0,
                "currency_id": "BRL",
                "average_ticket": "75.05",
            }
        ],
        "per_day": [
            {"date": "2026-11-18", **sold(1, 3, "50.00", "30.00")},
            {"date": "2026-11-19", **sold(0, 0, "0.00", "0.00")},
            {"date": "2026-11-20", **sold(1, 1, "100.10", "70.05")},
        ],
        "previous_period": sold(1, 1, "20.00", "92.41"),
    }
    assert [(row["units"], row["gross"], row["currency_id"]) for row in top_items] == [
        (1, "129.90", "BRL")
    ] * 2


def test_an_average_ticket_is_rounded_half_up(api: APIClient, account: Account) -> None:
    sale(account, gross=Decimal("0.01"))
    sale(account, gross=Decimal("0.02"))
    assert api.get("/api/orders/stats").json()["average_ticket"] == "0.02"


def test_a_net_with_an_unknown_part_says_so(api: APIClient, account: Account) -> None:
    sale(account, net=Decimal("70.00"))
    sale(account, net=None, sale_fee=None)
    stats = api.get("/api/orders/stats").json()
    assert (stats["net"], stats["net_known"], stats["net_unknown"]) == (None, "70.00", 1)


def test_sums_never_mix_currencies(api: APIClient, shop: Organization, account: Account) -> None:
    abroad = make_account(shop, site_id="MLA")
    sale(account, gross=Decimal("10.00"))
    sale(abroad, gross=Decimal("9000.00"), currency_id="ARS")
    stats = api.get("/api/orders/stats?days=1").json()
    assert (stats["gross"], stats["net"], stats["average_ticket"], stats["currency_id"]) == (None,) * 4
    assert (stats["orders"], stats["units"]) == (2, 2)
    assert {row["currency_id"]: row["gross"] for row in stats["by_currency"]} == {
        "BRL": "10.00",
        "ARS": "9000.00",
    }
    assert [row["gross"] for row in stats["per_day"]] == [None]
    one = api.get(f"/api/orders/stats?days=1&account_id={abroad.pk}").json()
    assert (one["gross"], one["currency_id"]) == ("9000.00", "ARS")


def test_nothing_sold_is_nothing_in_the_accounts_currency(api: APIClient, account: Account) -> None:
    stats = api.get("/api/orders/stats?days=2").json()
    assert (stats["gross"], stats["currency_id"], stats["average_ticket"]) == ("0.00", "BRL", None)
    assert [row["date"] for row in stats["per_day"]] == ["2026-11-19", "2026-11-20"]
    assert stats["previous_period"]["orders"] == 0


def test_a_sale_before_midnight_belongs_to_its_local_day(api: APIClient, account: Account) -> None:
    """02:59:59 UTC is the last second of the day before in São Paulo."""
    midnight = NOON.replace(hour=3)
    sale(account, date_created=midnight - timedelta(seconds=1))
    sale(account, date_created=midnight)
    days = api.get("/api/orders/stats?days=2").json()["per_day"]
    assert [(day["date"], day["orders"]) for day in days] == [("2026-11-19", 1), ("2026-11-20", 1)]


def test_each_account_has_its_own_midnight(api: APIClient, shop: Organization, account: Account) -> None:
    """04:30 UTC of the 20th: the 20th in São Paulo, still the 19th in Mexico City."""
    mexican = make_account(shop, site_id="MLM")
    for owner in (account, mexican):
        sale(owner, date_created=NOON.replace(hour=4, minute=30))
    days = api.get("/api/orders/stats?days=2").json()["per_day"]
    assert [(day["date"], day["orders"]) for day in days] == [("2026-11-19", 1), ("2026-11-20", 1)]


def test_shipments(api: APIClient, account: Account) -> None:
    gone = {"is_open": False, "status": "delivered", "dispatch_by": NOON - DAY}
    in_time = NOON - DAY - timedelta(hours=1)
    make_shipment(account, **gone, date_shipped=in_time, date_delivered=in_time + timedelta(hours=30))
    make_shipment(account, **gone, date_shipped=NOON - DAY, date_delivered=NOON - timedelta(hours=4.5))
    make_shipment(account, **gone, date_shipped=NOON - timedelta(hours=23), date_delivered=None)
    make_shipment(account, dispatch_by=NOON - timedelta(minutes=1))
    make_shipment(account, dispatch_by=NOON + timedelta(hours=3))
    make_shipment(account, dispatch_by=NOON + DAY)
    stats = api.get("/api/shipments/stats").json()
    did = {"shipments": 6, "handed_over": 3, "on_time_rate": 0.6667, "average_delivery_hours": 24.8}
    assert stats.pop("by_state") == [{**did, "state": "São Paulo"}]
    assert stats.pop("by_logistic_type") == [{**did, "logistic_type": "drop_off"}]
    assert sum(day["handed_over"] for day in stats.pop("per_day")) == 3
    assert stats == {
        "total": 6,
        "by_status": {"delivered": 3, "ready_to_ship": 3},
        "to_dispatch_today": 1,
        "late": 1,
        "upcoming": 1,
        "handed_over": 3,
        "on_time_rate": 0.6667,
        "average_delivery_hours": 24.8,
    }


def test_questions(api: APIClient, account: Account) -> None:
    for minutes in (10, 20, 61, 90):
        make_question(
            account,
            status="ANSWERED",
            date_created=NOON - DAY,
            due_at=NOON - DAY + timedelta(hours=1),
            answered_at=NOON - DAY + timedelta(minutes=minutes),
            response_seconds=60 * minutes,
        )
    make_question(account, date_created=NOON - timedelta(hours=2), due_at=NOON - timedelta(hours=1))
    make_question(account, date_created=NOON - timedelta(minutes=50), due_at=NOON + timedelta(minutes=10))
    stats = api.get("/api/questions/stats?days=3").json()
    assert [row for row in stats.pop("by_hour") if row["questions"]] == [
        {"hour": 10, "questions": 1},
        {"hour": 11, "questions": 1},
        {"hour": 12, "questions": 4},
    ]
    slots = stats.pop("by_weekday_and_hour")
    assert sum(slot["questions"] for slot in slots) == 6
    assert slots[0] == {"weekday": 4, "hour": 12, "questions": 4, "answered": 4, "answered_within_sla": 2}
    assert [row for row in stats.pop("ageing") if row["questions"]] == [
        {"up_to_seconds": 3600, "questions": 1},
        {"up_to_seconds": 14400, "questions": 1},
    ]
    assert stats == {
        "total": 6,
        "unanswered": 2,
        "breached": 3,
        "waiting_breached": 1,
        "at_risk": 1,
        "sla_target_minutes": 60,
        "answered_within_sla_rate": 0.5,
        "median_response_seconds": 2430,
        "p90_response_seconds": 5400,
        "median_response_open_seconds": None,
        "p90_response_open_seconds": None,
        "became_sales": 0,
        "became_sales_rate": 0.0,
        "previous_period": {
            "total": 0,
            "answered": 0,
            "answered_within_sla": 0,
            "answered_within_sla_rate": None,
            "median_response_seconds": None,
            "p90_response_seconds": None,
            "median_response_open_seconds": None,
            "p90_response_open_seconds": None,
            "became_sales": 0,
            "became_sales_rate": None,
        },
        "per_day": [
            {"date": "2026-11-18", "questions": 0},
            {"date": "2026-11-19", "questions": 4},
            {"date": "2026-11-20", "questions": 2},
        ],
    }


def test_questions_tell_open_time_sales_and_the_period_before(api: APIClient, account: Account) -> None:
    asked = NOON - timedelta(hours=3)
    answered = {"status": "ANSWERED", "answered_at": asked + timedelta(minutes=90)}
    make_question(
        account,
        date_created=asked,
        due_at=asked + timedelta(hours=2),
        response_seconds=5400,
        response_open_seconds=1800,
        **answered,
    )
    make_question(account, date_created=asked, from_id="777", due_at=asked + timedelta(hours=9))
    order = make_order(account, date_created=NOON, buyer_id="555000111")
    order.items.update(item_id="MLB4000000001")
    make_question(account, date_created=asked - 2 * DAY, due_at=asked - DAY)
    stats = api.get("/api/questions/stats?days=2").json()
    assert (stats["median_response_seconds"], stats["median_response_open_seconds"]) == (5400, 1800)
    assert (stats["became_sales"], stats["became_sales_rate"]) == (1, 0.5)
    assert (stats["previous_period"]["total"], stats["previous_period"]["answered"]) == (1, 0)
    assert api.get("/api/questions/stats").json()["previous_period"] is None


@pytest.mark.parametrize("path", PATHS)
def test_nothing_at_all_is_told_without_numbers_made_up(api: APIClient, account: Account, path: str) -> None:
    stats = api.get(path).json()
    assert stats["total"] == 0
    assert {name for name, value in stats.items() if value is None} <= {
        "average_ticket", "previous_period", "on_time_rate", "average_delivery_hours",
        "answered_within_sla_rate", "median_response_seconds", "p90_response_seconds",
        "median_response_open_seconds", "p90_response_open_seconds", "became_sales_rate",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("period", "orders"),
    [
        ("days=1", 1),
        ("days=2", 2),
        ("date_from=2026-11-19", 2),
        ("date_to=2026-11-19", 2),
        ("date_from=2026-11-19&date_to=2026-11-19", 1),
        ("date_from=2026-11-20T15:00:00Z", 1),
        ("date_from=2026-11-20T15:00:01Z", 0),
        ("date_to=2026-11-18T15:00:00Z", 1),
        ("", 3),
    ],
)
def test_a_period_counts_what_the_list_of_the_same_dates_shows(
    api: APIClient, account: Account, period: str, orders: int
) -> None:
    for days in range(3):
        sale(account, date_created=NOON - days * DAY)
    assert api.get(f"/api/orders/stats?{period}").json()["total"] == orders
    if "days" not in period:
        assert len(api.get(f"/api/orders?{period}").json()["results"]) == orders


@pytest.mark.parametrize("period", ["date_from=2026-11-18T15:00:00Z&date_to=2026-11-20T15:00:00Z", "days=2"])
def test_the_previous_period_is_as_long_and_right_before(
    api: APIClient, account: Account, period: str
) -> None:
    for days in range(10):
        sale(account, date_created=NOON - days * DAY)
    assert api.get(f"/api/orders/stats?{period}").json()["previous_period"]["orders"] == 2


def test_a_period_without_a_beginning_has_none_before(api: APIClient, account: Account) -> None:
    assert api.get("/api/orders/stats?date_to=2026-11-20").json()["previous_period"] is None


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("days=0", "days"),
        ("days=99999", "days"),
        ("days=week", "days"),
        ("days=7&date_from=2026-11-01", "days"),
        ("date_from=2026-11-20&date_to=2026-11-19", "date_to"),
        ("date_from=1999-01-01", "date_from"),
        ("date_from=0001-01-01", "date_from"),
        ("date_to=9999-12-31", "date_to"),
        ("status=paid", "status"),
        ("page_size=10", "page_size"),
    ],
)
def test_a_period_that_makes_no_sense_is_named(
    api: APIClient, account: Account, path: str, query: str, name: str
) -> None:
    answer = api.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert list(answer.json()) == [name]


@pytest.mark.parametrize("path", PATHS)
def test_another_organizations_rows_count_for_nothing(
    api: APIClient, account: Account, other_account: Account, path: str
) -> None:
    for make in (make_item, make_order, make_shipment, make_question):
        make(other_account)
    assert api.get(path).json()["total"] == 0
    assert api.get(f"{path}?account_id={other_account.pk}").status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_one_account_counts_only_its_own(
    api: APIClient, account: Account, second_account: Account, path: str
) -> None:
    for owner in (account, account, second_account):
        for make in (make_item, make_order, make_shipment, make_question):
            make(owner)
    assert api.get(path).json()["total"] == 3
    assert api.get(f"{path}?account_id={second_account.pk}").json()["total"] == 1


@pytest.mark.parametrize("path", PATHS)
def test_statistics_cost_the_same_queries_for_any_number_of_rows(
    api: APIClient, account: Account, path: str
) -> None:
    def fill(rows: int) -> int:
        for _ in range(rows):
            for make in (make_item, make_order, make_shipment, make_question):
                make(account)
        with CaptureQueriesContext(connection) as captured:
            assert api.get(path).status_code == 200
        return len(captured)

    assert fill(2) == fill(18)
