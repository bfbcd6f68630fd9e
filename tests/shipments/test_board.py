"""The dispatch board: what has to be handed over, late first."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, Organization, User
from shipments import queries
from tests.factories import make_account, make_order, make_shipment
from tests.web.conftest import NOW
from tests.web.pages import swap, text_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def lanes(page: Client, query: str = "") -> dict[str, list[tuple[str, list[str]]]]:
    """Return the tracking numbers the board shows, by lane and logistic type."""
    board = page.get(f"/shipments/{query}").context["board"]
    return {
        lane.name: [(kind, [one.tracking_number for one in group]) for kind, group in lane.groups]
        for lane in board.lanes
    }


def test_what_waits_is_sorted_by_urgency_then_by_type_and_deadline(account: Account, page: Client) -> None:
    make_shipment(account, tracking_number="late", dispatch_by=NOW - HOUR)
    make_shipment(
        account, tracking_number="later still", dispatch_by=NOW - 5 * HOUR, logistic_type="xd_drop_off"
    )
    make_shipment(account, tracking_number="flex", dispatch_by=NOW + HOUR, logistic_type="self_service")
    make_shipment(account, tracking_number="evening", dispatch_by=NOW + 3 * HOUR)
    make_shipment(account, tracking_number="soon", dispatch_by=NOW + 2 * HOUR)
    make_shipment(account, tracking_number="tomorrow", dispatch_by=NOW + DAY)
    make_shipment(account, tracking_number="some day", dispatch_by=None)
    make_shipment(account, tracking_number="gone", is_open=False, status="shipped", dispatch_by=NOW - DAY)

    assert lanes(page) == {
        "late": [("xd_drop_off", ["later still"]), ("drop_off", ["late"])],
        "today": [("self_service", ["flex"]), ("drop_off", ["soon", "evening"])],
        "upcoming": [("drop_off", ["tomorrow", "some day"])],
    }


def test_the_figures_of_a_type_open_its_board(account: Account, page: Client) -> None:
    make_shipment(account, tracking_number="flex", dispatch_by=NOW + HOUR, logistic_type="self_service")
    make_shipment(account, dispatch_by=NOW - HOUR)
    make_shipment(account, dispatch_by=NOW + HOUR, substatus="printed")

    html = page.get("/shipments/").content.decode()
    assert 'href="/shipments/?logistic_type=self_service"' in html
    assert lanes(page, "?logistic_type=self_service")["today"] == [("self_service", ["flex"])]
    assert lanes(page, "?logistic_type=self_service")["late"] == []

    types = queries.dispatch_board([account], NOW).types
    assert [(one.logistic_type, one.late, one.today, one.upcoming, one.printed) for one in types] == [
        ("drop_off", 1, 1, 0, 1),
        ("self_service", 0, 1, 0, 0),
    ]


def test_a_row_says_what_it_carries_and_by_when_it_has_to_go(account: Account, page: Client) -> None:
    order = make_order(account)
    make_shipment(account, meli_id=order.shipment_id, dispatch_by=NOW - HOUR)

    words = text_of(page.get("/shipments/"))

    assert order.items.get().title in words
    assert "Late 1" in words
    assert "−1 h 00 11/21/2026 1:30 p.m." in words


def test_a_lane_shows_as_many_as_are_printed_at_once_and_links_to_the_rest(
    account: Account, page: Client
) -> None:
    for _ in range(queries.LANE_SHOWN + 2):
        make_shipment(account, dispatch_by=NOW - HOUR)

    response = page.get("/shipments/")

    assert len(response.context["board"].shipments) == queries.LANE_SHOWN
    assert "The first 50 of 52; see all" in text_of(response)
    assert 'href="/shipments/all/?dispatch=late"' in response.content.decode()


def test_an_empty_board_says_so(account: Account, page: Client) -> None:
    assert "Nothing waits for dispatch." in text_of(page.get("/shipments/"))


@pytest.mark.parametrize("query", ["dispatch=late", "late=true", "q=recife", "status=shipped"])
def test_an_old_address_with_filters_opens_the_list(account: Account, page: Client, query: str) -> None:
    response = page.get(f"/shipments/?{query}")

    assert (response.status_code, response["Location"]) == (302, f"/shipments/all/?{query}")


def test_carlas_parcels_are_not_on_anas_board(account: Account, other_account: Account, page: Client) -> None:
    make_shipment(other_account, dispatch_by=NOW)

    assert page.get("/shipments/").context["board"].total == 0
    assert page.get(f"/shipments/?account_id={other_account.pk}").status_code == 404


def test_the_account_switch_narrows_the_board(account: Account, shop: Organization, page: Client) -> None:
    second = make_account(shop)
    make_shipment(account, tracking_number="first", dispatch_by=NOW)
    make_shipment(second, tracking_number="second", dispatch_by=NOW)

    assert lanes(page, f"?account_id={second.pk}")["today"] == [("drop_off", ["second"])]


def test_who_may_only_look_has_nothing_to_choose(
    account: Account, vera: User, login: Callable[[User], Client]
) -> None:
    make_shipment(account, dispatch_by=NOW)

    assert 'name="ids"' not in login(vera).get("/shipments/").content.decode()


def test_the_board_refreshes_itself_as_a_part(account: Account, page: Client) -> None:
    html = swap(page, "/shipments/", "board").content.decode()

    assert html.count('id="board"') == 1
    assert "<html" not in html


def test_queries_are_the_same_for_two_parcels_and_for_twenty(account: Account, page: Client) -> None:
    def queries_asked(rows: int) -> int:
        for number in range(rows):
            shipment = make_shipment(account, dispatch_by=NOW + number * HOUR)
            make_order(account, shipment_id=shipment.meli_id)
        with CaptureQueriesContext(connection) as asked:
            page.get("/shipments/")
        return len(asked)

    assert queries_asked(2) == queries_asked(18)


def test_a_list_says_which_parcels_are_overdue(account: Account, page: Client) -> None:
    make_shipment(account, dispatch_by=NOW - HOUR)
    make_shipment(account, dispatch_by=NOW + HOUR)
    make_shipment(account, dispatch_by=NOW - DAY, is_open=False, status="delivered")

    words = text_of(page.get("/shipments/all/"))

    assert words.count("Overdue") == 1
