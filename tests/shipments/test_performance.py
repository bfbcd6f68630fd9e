"""How dispatch and delivery went: by state, by logistics and by day, against sums done by hand."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Account, Organization
from shipments.forms import PerformanceForm
from shipments.stats import ShipmentStats, shipment_stats
from tests.factories import make_shipment
from tests.web.conftest import NOW
from tests.web.pages import text_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def sent(account: Account, *, late: bool = False, took: timedelta | None = None, **fields: Any) -> None:
    """A parcel due a day after its sale, handed over an hour before that or after."""
    created = fields.pop("date_created", NOW - 3 * DAY)
    due = created + DAY
    handed_over = due + HOUR if late else due - HOUR
    make_shipment(
        account,
        **{
            "status": "delivered",
            "is_open": False,
            "date_created": created,
            "dispatch_by": due,
            "date_handed_over": handed_over,
            "date_shipped": handed_over + 3 * HOUR,
            "date_delivered": took and handed_over + 3 * HOUR + took,
            **fields,
        },
    )


def stats(shop: Organization, **query: str) -> ShipmentStats:
    return shipment_stats(PerformanceForm(query, organization=shop), NOW)


def test_in_time_is_when_the_seller_let_go_not_when_the_carrier_said_so(
    account: Account, shop: Organization
) -> None:
    sent(account, date_shipped=NOW - DAY)  # first scanned long after its deadline

    assert stats(shop).on_time_rate == 1


def test_states_come_with_their_deliveries_the_busiest_first(account: Account, shop: Organization) -> None:
    sent(account, receiver_state="Bahia", took=40 * HOUR)
    sent(account, receiver_state="Bahia", took=60 * HOUR, late=True)
    sent(account, receiver_state="Bahia", dispatch_by=None)
    sent(account, receiver_state="Acre", took=100 * HOUR)
    sent(account, receiver_state="")

    told = [
        (one.state, one.shipments, one.handed_over, one.on_time_rate, one.average_delivery_hours)
        for one in stats(shop).by_state
    ]

    assert told == [("Bahia", 3, 2, 0.5, 50.0), ("", 1, 1, 1.0, None), ("Acre", 1, 1, 1.0, 100.0)]


def test_full_has_no_deadline_of_the_sellers(account: Account, shop: Organization) -> None:
    sent(account, logistic_type="fulfillment", dispatch_by=None, took=20 * HOUR)
    sent(account, late=True)

    told = stats(shop)

    assert [(one.logistic_type, one.on_time_rate) for one in told.by_logistic_type] == [
        ("drop_off", 0.0),
        ("fulfillment", None),
    ]
    assert (told.handed_over, told.on_time_rate, told.average_delivery_hours) == (1, 0.0, 20.0)


@pytest.mark.parametrize("direction", ["return", "return_to_buyer"])
def test_a_return_is_no_dispatch_and_no_delivery(
    account: Account, shop: Organization, direction: str
) -> None:
    sent(account, receiver_state="Acre", took=20 * HOUR)
    back = {"direction": direction, "dispatch_by": None, "date_handed_over": None}
    sent(account, **back, receiver_state="Bahia", took=200 * HOUR)

    told = stats(shop)

    assert (told.total, told.by_status) == (2, {"delivered": 2})
    assert (told.handed_over, told.on_time_rate, told.average_delivery_hours) == (1, 1.0, 20.0)
    assert [(one.state, one.shipments) for one in told.by_state] == [("Acre", 1)]
    assert [one.shipments for one in told.by_logistic_type] == [1]
    assert sum(day.handed_over for day in told.per_day) == 1


def test_days_are_those_of_the_sellers_zone_and_add_up(account: Account, shop: Organization) -> None:
    midnight = NOW.replace(hour=3, minute=0)  # in São Paulo
    sent(account, date_created=midnight - timedelta(minutes=1))
    sent(account, date_created=midnight, late=True)
    sent(account, date_created=midnight)

    told = stats(shop, days="3")

    assert [(day.date.day, day.handed_over, day.in_time) for day in told.per_day] == [
        (19, 0, 0),
        (20, 1, 1),
        (21, 2, 1),
    ]
    assert told.handed_over == sum(day.handed_over for day in told.per_day)
    assert sum(one.shipments for one in told.by_state) == told.total == 3


def test_years_are_read_by_month(account: Account, page: Client) -> None:
    sent(account, date_created=NOW - 40 * DAY)
    sent(account, date_created=NOW - 41 * DAY, late=True)
    sent(account)

    words = text_of(page.get("/shipments/performance/?date_from=2024-01-01"))

    assert "Parcels handed over in time per month" in words
    assert "October 2026 2 1 50.0 %" in words


def test_the_line_over_the_parcels_is_what_went_in_time(account: Account, page: Client) -> None:
    sent(account)
    sent(account, late=True)

    chart = page.get("/shipments/performance/?days=4").context["chart"]

    assert [bar.height for bar in chart.bars] == ["100.00", "0.00", "0.00", "0.00"]
    assert chart.line.split()[0] == "5.0,50.00"


def test_the_period_is_a_month_unless_another_is_asked_for(account: Account, shop: Organization) -> None:
    sent(account, date_created=NOW - 40 * DAY)
    sent(account)

    assert (stats(shop).total, stats(shop, days="90").total) == (1, 2)


def test_a_period_of_which_only_the_end_is_given_is_a_month_too(
    account: Account, shop: Organization, page: Client
) -> None:
    sent(account, date_created=NOW - 40 * DAY)
    sent(account, date_created=NOW - 8 * DAY)
    sent(account)
    end = {"date_to": (NOW - 7 * DAY).date().isoformat()}

    assert stats(shop, **end).total == 1
    assert page.get("/shipments/performance/", end).status_code == 200
    told = page.get("/api/report-dispatch/export", end)
    assert len(b"".join(told.streaming_content).splitlines()) == 2  # the header and one state


def test_the_page_says_it_in_words(account: Account, page: Client) -> None:
    sent(account, took=50 * HOUR)
    sent(account, took=50 * HOUR)
    sent(account, late=True)

    words = text_of(page.get("/shipments/performance/"))

    assert "Handed over in time 66.7 %" in words
    assert "of 3 parcels whose deadline is known" in words
    assert "From dispatch to delivery 2 days" in words


def test_a_quiet_period_says_so(account: Account, page: Client) -> None:
    assert "No shipments in this period" in text_of(page.get("/shipments/performance/"))


def test_carlas_account_is_not_found(other_account: Account, page: Client) -> None:
    assert page.get(f"/shipments/performance/?account_id={other_account.pk}").status_code == 404
