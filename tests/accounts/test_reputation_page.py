"""The reputation page and its API: our own count beside what Mercado Livre reports."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from rest_framework.test import APIClient

from accounts import health
from accounts.models import Account, Organization, ReputationDay, User
from accounts.reputation_queries import Projection, project
from painelml.sandbox import Sandbox
from tests.accounts.conftest import CASA, granted
from tests.accounts.test_reputation import REPORTED
from tests.factories import make_account, make_order, make_shipment
from tests.web.conftest import NOW
from tests.web.pages import text_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False), translation.override("en"):
        yield


@pytest.fixture
def page(ana: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(ana)
    return client


@pytest.fixture
def api(ana: User) -> APIClient:
    client = APIClient()
    client.force_login(ana)
    return client


def sell(account: Account, count: int, *, ago: timedelta = DAY, **fields: Any) -> None:
    for _ in range(count):
        make_order(account, **{"date_created": NOW - ago, "lines": 0, "payments": 0, **fields})


def dispatch(
    account: Account, count: int = 1, *, late: bool = False, ago: timedelta = DAY, **more: Any
) -> None:
    due = NOW - ago
    left = due + HOUR if late else due - HOUR
    for _ in range(count):
        fields = {"status": "shipped", "is_open": False, "dispatch_by": due, "date_handed_over": left}
        make_shipment(account, **{**fields, **more})


def cancelled(account: Account, by: str, **detail: str) -> None:
    sell(account, 1, status="cancelled", is_sale=False, cancel_detail={"requested_by": by, **detail})


def numbers(told: Projection) -> dict[str, tuple[int, int]]:
    return {one.metric: (one.count, one.total) for one in told.standings}


def test_what_counts_is_counted_over_the_sales_of_the_window(account: Account) -> None:
    sell(account, 60)
    sell(account, 1, has_claim=True)
    sell(account, 1, has_claim=True, is_sale=False, status="cancelled", cancel_detail={"group": "mediations"})
    cancelled(account, "seller", code="feedback_unavailable_product")
    cancelled(account, "seller", code="pack_splitted")
    cancelled(account, "seller")
    cancelled(account, "buyer", group="buyer")
    sell(account, 5, ago=61 * DAY)
    sell(account, 1, ago=61 * DAY, has_claim=True)
    dispatch(account, 18)
    dispatch(account, 2, late=True)
    dispatch(account, 1, is_open=True, status="ready_to_ship", date_handed_over=None)  # overdue
    dispatch(account, 1, is_open=True, status="ready_to_ship", date_handed_over=None, ago=-HOUR)  # has time
    dispatch(account, 1, status="cancelled", date_handed_over=None)
    dispatch(account, 3, ago=61 * DAY, late=True)
    dispatch(account, 1, logistic_type="fulfillment", late=True)
    dispatch(account, 4, dispatch_by=None)

    told = project(account, NOW)

    assert (told.days, told.since, told.sales, told.undated) == (60, date(2026, 9, 23), 64, 4)
    assert numbers(told) == {"claims": (2, 64), "cancellations": (2, 64), "delayed_handling_time": (3, 21)}
    # 3.1 % claims are yellow, 3.1 % cancellations too, 14.3 % late dispatches as well
    assert {one.colour for one in told.standings} == {"3_yellow"}
    assert told.level_id == "3_yellow"


def test_an_order_cancelled_after_a_claim_counts_as_a_claim_only(account: Account) -> None:
    sell(account, 60)
    detail = {"requested_by": "seller"}
    sell(account, 1, has_claim=True, is_sale=False, status="cancelled", cancel_detail=detail)

    assert {name: numbers(project(account, NOW))[name] for name in ("claims", "cancellations")} == {
        "claims": (1, 61),
        "cancellations": (0, 61),
    }


def test_a_cart_handed_over_late_counts_once_for_each_of_its_orders(account: Account, page: Client) -> None:
    dispatch(account, 2)
    dispatch(account, meli_id="44000000001")
    dispatch(account, late=True, meli_id="44000000002")
    dispatch(account, late=True)  # its order is not mirrored
    sell(account, 2, shipment_id="44000000001")
    sell(account, 3, shipment_id="44000000002")

    assert numbers(project(account, NOW))["delayed_handling_time"] == (4, 8)
    words = text_of(page.get("/reports/reputation/"))
    assert "Shipment 44000000002 · counts for 3 orders" in words


def test_only_parcels_of_mercado_envios_2_are_judged(account: Account) -> None:
    dispatch(account, 3, late=True)
    for mode in ("me1", "custom", "not_specified"):
        dispatch(account, late=True, mode=mode)

    assert numbers(project(account, NOW))["delayed_handling_time"] == (3, 3)


def test_few_sales_are_looked_at_over_a_year(account: Account) -> None:
    sell(account, 59)
    sell(account, 40, ago=200 * DAY)
    sell(account, 1, ago=364 * DAY, has_claim=True)
    sell(account, 9, ago=365 * DAY)

    told = project(account, NOW)

    assert (told.days, told.sales) == (365, 100)
    assert numbers(told)["claims"] == (1, 100)


def test_an_incident_leaves_when_its_day_does(account: Account) -> None:
    midnight = NOW.replace(hour=3, minute=0)  # the 21st begins in São Paulo
    sell(account, 60)
    for moment in (midnight - timedelta(seconds=1), midnight):
        make_order(account, date_created=moment, has_claim=True)

    assert [(one.day, one.leaves_on) for one in project(account, NOW).incidents] == [
        (date(2026, 11, 20), date(2027, 1, 19)),
        (date(2026, 11, 21), date(2027, 1, 20)),
    ]


def test_with_ten_sales_there_is_no_colour_yet(account: Account) -> None:
    sell(account, 10)
    assert project(account, NOW).level_id is None
    sell(account, 1)
    assert project(account, NOW).level_id == "5_green"


def test_a_country_without_published_limits_has_numbers_and_no_colour(
    shop: Organization, page: Client
) -> None:
    account = make_account(shop, site_id="MGT", profile={"seller_reputation": {"level_id": "6_violet"}})
    sell(account, 70)
    sell(account, 1, has_claim=True)

    told = project(account, NOW)
    words = text_of(page.get("/reports/reputation/"))

    assert (told.level_id, numbers(told)["claims"]) == (None, (1, 71))
    assert "Mercado Livre publishes no limits for this country" in words
    assert "6_violet" in words


def test_the_page_says_where_the_seller_stands_and_how_far_the_limits_are(
    account: Account, page: Client
) -> None:
    account.profile = {"seller_reputation": REPORTED}
    account.save()
    sell(account, 411)
    sell(account, 1, has_claim=True)

    words = text_of(page.get("/reports/reputation/"))

    assert "As Mercado Livre reports it MercadoLíder Gold Green" in words
    assert "Red Orange Yellow Light green Green" in words
    assert "Mercado Livre 0.96 % 4 cases, 60 days Our count 0.24 % 1 of 412" in words
    assert "8 more lead to Yellow." in words  # 2 % of 412 is 8.24
    assert "No longer counts from" in words


def test_the_page_without_an_account_or_a_word_of_mercado_livre_says_so(
    shop: Organization, page: Client
) -> None:
    assert "No account is connected yet" in text_of(page.get("/reports/reputation/"))
    make_account(shop)
    assert "Mercado Livre has not reported it yet." in text_of(page.get("/reports/reputation/"))


def test_a_protected_reputation_says_until_when_and_what_it_hides(account: Account, page: Client) -> None:
    account.profile = {
        "seller_reputation": {
            **REPORTED,
            "real_level": "red",
            "protection_end_date": "2026-12-24T00:00:00.000-04:00",
        }
    }
    account.save()

    words = text_of(page.get("/reports/reputation/"))

    assert "protects this reputation until 12/24/2026. Without the protection it would be “red”." in words


def test_days_are_drawn_once_there_are_two(account: Account, page: Client) -> None:
    ReputationDay.objects.keep(account, REPORTED, NOW - DAY)
    assert "One point a day is kept from now on" in text_of(page.get("/reports/reputation/"))

    ReputationDay.objects.keep(account, REPORTED, NOW)
    html = page.get("/reports/reputation/").content.decode()

    assert html.count("trend-line") == 3
    assert "11/20/2026" in html


def test_the_overview_and_the_navigation_warn_of_a_near_limit(account: Account, page: Client) -> None:
    assert "near a limit" not in text_of(page.get("/"))
    account.profile = {"seller_reputation": REPORTED}  # 8.12 % late dispatches of 10
    account.save()

    response = page.get("/")

    assert "reputation near a limit, or past it: Dispatched late" in text_of(response)
    assert f'href="/reports/reputation/?account_id={account.pk}"' in response.content.decode()
    assert 'title="Metrics near a limit, or past it">1<' in response.content.decode()


def test_carlas_account_is_not_found(other_account: Account, page: Client, api: APIClient) -> None:
    assert page.get(f"/reports/reputation/?account_id={other_account.pk}").status_code == 404
    assert api.get(f"/api/ml-accounts/{other_account.pk}/reputation").status_code == 404


def test_a_stranger_has_to_log_in(account: Account) -> None:
    assert Client().get("/reports/reputation/").status_code == 302
    assert APIClient().get(f"/api/ml-accounts/{account.pk}/reputation").status_code == 401


def test_the_api_tells_the_same(account: Account, api: APIClient) -> None:
    account.profile = {"seller_reputation": REPORTED}
    account.save()
    ReputationDay.objects.keep(account, REPORTED, NOW)
    sell(account, 100)
    sell(account, 1, has_claim=True, meli_id="2000000000000777")
    dispatch(account, 1, late=True, meli_id="44000000777")

    told = api.get(f"/api/ml-accounts/{account.pk}/reputation").json()

    assert (told["account_id"], told["site_id"], told["has_limits"]) == (account.pk, "MLB", True)
    assert told["reported"]["level_id"] == "5_green"
    assert told["reported"]["metrics"][0] == {
        "metric": "claims",
        "rate": "0.0096",
        "value": 4,
        "period": "60 days",
        "real_rate": None,
        "real_value": None,
    }
    assert told["projection"]["metrics"][0] == {
        "metric": "claims",
        "count": 1,
        "total": 101,
        "rate": "0.00990099",
        "level_id": "5_green",
        "next_level_id": "3_yellow",
        "left": 2,
        "sales_to_green": None,
        "limits": {"leader": 10, "green": 20, "yellow": 45, "orange": 80},
    }
    assert told["projection"]["incidents"] == [
        {
            "metric": "claims",
            "order_id": "2000000000000777",
            "shipment_id": None,
            "date": "2026-11-20",
            "leaves_on": "2027-01-19",
            "orders": 1,
        },
        {
            "metric": "delayed_handling_time",
            "order_id": None,
            "shipment_id": "44000000777",
            "date": "2026-11-20",
            "leaves_on": "2027-01-19",
            "orders": 1,
        },
    ]
    assert told["history"] == [
        {
            "date": "2026-11-21",
            "level_id": "5_green",
            "sales": 412,
            "claims_rate": "0.0096",
            "cancellations_rate": "0.0024",
            "delayed_handling_time_rate": "0.0812",
        }
    ]


def test_an_unknown_parameter_is_refused(account: Account, api: APIClient) -> None:
    assert api.get(f"/api/ml-accounts/{account.pk}/reputation?colour=red").status_code == 400


def test_queries_do_not_depend_on_what_was_sold(account: Account, page: Client) -> None:
    def queries(rows: int) -> int:
        sell(account, rows, has_claim=True)
        dispatch(account, rows, late=True)
        with CaptureQueriesContext(connection) as asked:
            page.get("/reports/reputation/")
        return len(asked)

    assert queries(61) == queries(20)


def test_the_health_check_keeps_the_day(shop: Organization, box: Sandbox) -> None:
    with time_machine.travel(NOW, tick=True):
        account = granted(shop, CASA, box)
        health.check_account(account)

    day = account.reputation_days.get()
    told = account.reputation

    assert told is not None
    assert (day.level_id, day.sales) == (told.level_id, told.sales)
    assert day.claims_rate == Decimal(told.metrics["claims"].rate or 0)
