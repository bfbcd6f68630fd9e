from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from orders.forms import OrderFilterForm
from orders.models import Order
from orders.sales import sales_of
from tests.factories import NOON, make_item, make_order, make_shipment
from tests.web.pages import swap, text_of


def test_orders_come_newest_first(account: Account, page: Client) -> None:
    make_order(account, meli_id="2000000000000001", date_created=NOON)
    make_order(account, meli_id="2000000000000002", date_created=NOON + timedelta(hours=1))

    words = text_of(page.get("/orders/"))

    assert words.index("2000000000000002") < words.index("2000000000000001")


def test_a_row_tells_what_was_sold_to_whom_and_what_it_leaves(account: Account, page: Client) -> None:
    order = make_order(account, pack_id="2000000777", buyer_nickname="JOANA", date_created=NOON)
    make_shipment(account, meli_id=order.shipment_id, status="shipped", is_open=False)
    line = order.items.get()
    make_item(account, meli_id=line.item_id, thumbnail="https://http2.mlstatic.com/D_caneca.jpg")

    response = page.get("/orders/")

    words = text_of(response)
    assert line.title in words
    assert "#2000000777" in words
    assert "11/20/2026 noon" in words
    assert "JOANA Paid On its way R$ 129.90 R$ 92.41" in words
    assert "D_caneca.jpg" in response.content.decode()


def test_an_unknown_net_says_so(account: Account, page: Client) -> None:
    make_order(account, net=None, shipping_cost=None)

    assert "R$ 129.90 unknown" in text_of(page.get("/orders/"))


def test_a_status_nobody_knows_is_shown_as_it_came(account: Account, page: Client) -> None:
    make_order(account, status="teleported")

    assert "teleported" in text_of(page.get("/orders/"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=paid", {"A"}),
        ("status=cancelled", {"B"}),
        ("q=joana", {"A"}),
        ("q=GARRAFA", {"A", "B"}),
        ("tag=pack_order", {"B"}),
        ("tag=pack", set()),
        ("date_from=2026-11-20", {"A"}),
        ("date_to=2026-11-19", {"B"}),
        ("date_from=2026-11-19&date_to=2026-11-20", {"A", "B"}),
    ],
)
def test_filters_narrow_the_list(account: Account, page: Client, query: str, found: set[str]) -> None:
    make_order(account, meli_id="2000000000000001", buyer_nickname="JOANA", date_created=NOON)
    make_order(
        account,
        meli_id="2000000000000002",
        status="cancelled",
        tags=["pack_order", "paid"],
        date_created=datetime(2026, 11, 20, 2, 59, tzinfo=UTC),  # still the 19th in São Paulo
    )

    words = text_of(page.get(f"/orders/?{query}"))

    assert ("2000000000000001" in words) == ("A" in found)
    assert ("2000000000000002" in words) == ("B" in found)


def test_pages_lead_to_each_other_without_losing_a_row(account: Account, page: Client) -> None:
    numbers = [make_order(account, date_created=NOON).meli_id for _ in range(120)]  # all at one instant
    seen: list[str] = []
    address = "/orders/?status=paid"
    for _ in range(3):
        response = page.get(address)
        seen += [order.meli_id for order in response.context["page"]]
        address = f"/orders/?status=paid&after={response.context['page'].next}"

    assert seen == numbers[::-1]
    assert response.context["page"].next is None
    back = page.get(f"/orders/?status=paid&before={response.context['page'].previous}")
    assert [order.meli_id for order in back.context["page"]] == seen[50:100]


def test_the_next_page_keeps_the_filters(account: Account, page: Client) -> None:
    for _ in range(51):
        make_order(account, buyer_nickname="JOANA")

    html = page.get("/orders/?q=joana").content.decode()

    assert 'href="?q=joana&amp;after=' in html
    assert 'hx-get="/orders/?q=joana&amp;after=' in html


def test_htmx_gets_the_table_alone(account: Account, page: Client) -> None:
    make_order(account)

    response = swap(page, "/orders/", "order-table")

    html = response.content.decode()
    assert html.count('id="order-table"') == 1
    assert "<html" not in html
    assert "HX-Request" in response.headers["Vary"]


def test_only_the_first_page_refreshes_itself(account: Account, page: Client) -> None:
    for _ in range(51):
        make_order(account)
    first = page.get("/orders/")

    assert 'data-live="orders shipments"' in first.content.decode()
    second = page.get(f"/orders/?after={first.context['page'].next}")
    assert 'data-live="orders shipments"' not in second.content.decode()


def test_a_made_up_cursor_shows_the_first_page(account: Account, page: Client) -> None:
    make_order(account, meli_id="2000000000000001")

    assert "2000000000000001" in text_of(page.get("/orders/?after=nonsense"))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "From: Enter a date such as 11/21/2026."),
        ("pt-br", "De: Informe uma data como 21/11/2026."),
    ],
)
def test_a_wrong_date_is_told_in_place_of_a_list_it_would_not_narrow(
    account: Account, page: Client, language: str, said: str
) -> None:
    make_order(account, meli_id="2000000000000001")

    words = text_of(page.get("/orders/?date_from=yesterday", headers={"accept-language": language}))

    assert said in words
    assert "2000000000000001" not in words


def test_a_part_brings_the_lit_tab_and_the_way_back_along(account: Account, page: Client) -> None:
    part = swap(page, "/orders/?status=paid", "order-table").content.decode()

    assert 'id="tabs" hx-swap-oob="true"' in part
    assert part.count('aria-current="page"') == 1
    assert 'id="clear-filters" hx-swap-oob="true"><a' in part
    assert "hx-swap-oob" not in page.get("/orders/").content.decode()


def test_an_empty_list_says_why(account: Account, page: Client) -> None:
    assert "No orders yet" in text_of(page.get("/orders/"))
    assert "Nothing passes these filters" in text_of(page.get("/orders/?q=unicorn"))


def test_carlas_orders_are_not_anas(account: Account, other_account: Account, page: Client) -> None:
    make_order(other_account, meli_id="2000000000000009")

    assert "2000000000000009" not in text_of(page.get("/orders/"))
    assert page.get(f"/orders/?account_id={other_account.pk}").status_code == 404
    assert page.get("/orders/?account_id=abc").status_code == 404


def test_queries_are_the_same_for_two_rows_and_for_twenty(account: Account, page: Client) -> None:
    def queries(rows: int) -> int:
        for _ in range(rows):
            order = make_order(account, gross=Decimal("1.00"))
            make_shipment(account, meli_id=order.shipment_id)
        with CaptureQueriesContext(connection) as asked:
            page.get("/orders/")
        return len(asked)

    assert queries(2) == queries(18)


def make_pack(account: Account, *numbers: str, **fields: Any) -> list[Order]:
    """Sell a cart of several orders, a minute apart."""
    return [
        make_order(
            account, meli_id=number, pack_id="2000000777", date_created=NOON + timedelta(minutes=at), **fields
        )
        for at, number in enumerate(numbers)
    ]


def test_a_pack_is_one_row_with_its_orders_inside(account: Account, page: Client) -> None:
    make_pack(account, "2000000000000001", "2000000000000002")
    make_order(account, meli_id="2000000000000003")

    response = page.get("/orders/")

    words, html = text_of(response), response.content.decode()
    assert len(response.context["rows"]) == 2
    assert "pack of 2 orders" in words
    assert words.count("#2000000777") == 1
    assert "/orders/2000000000000001/" in html
    assert "/orders/2000000000000002/" in html
    assert "R$ 259.80 R$ 184.82" in words


def test_a_pack_of_one_is_just_its_order(account: Account, page: Client) -> None:
    make_pack(account, "2000000000000001")

    assert "pack of" not in text_of(page.get("/orders/"))


def test_a_filter_that_finds_one_order_shows_its_pack_and_marks_it(account: Account, page: Client) -> None:
    first, second = make_pack(account, "2000000000000001", "2000000000000002")
    Order.objects.filter(pk=first.pk).update(status="cancelled")

    for query, found in (("status=cancelled", first), ("status=paid", second)):
        response = page.get(f"/orders/?{query}")

        [sale] = response.context["rows"]
        addresses = [f"/orders/{order.meli_id}/" for order in (first, second)]
        assert [order.address for order in sale.orders] == addresses
        assert [order.address for order in sale.orders if order.is_match] == [f"/orders/{found.meli_id}/"]
        assert text_of(response).count("passes your filters") == 1
    assert "passes your filters" not in text_of(page.get("/orders/?q=2000000777"))


def test_a_pack_says_each_status_and_what_its_net_leaves_out(account: Account, page: Client) -> None:
    first, _second = make_pack(account, "2000000000000001", "2000000000000002")
    Order.objects.filter(pk=first.pk).update(status="cancelled", net=None)

    words = text_of(page.get("/orders/"))

    assert "COMPRADORA Cancelled Paid" in words
    assert "R$ 92.41 without 1" in words


def test_a_pack_comes_once_although_pages_end_between_its_orders(account: Account, page: Client) -> None:
    make_pack(account, "2000000000000001", "2000000000000002")
    for _ in range(50):
        make_order(account, date_created=NOON + timedelta(seconds=30))  # between the two
    first = page.get("/orders/")
    second = page.get(f"/orders/?after={first.context['page'].next}")

    rows = [*first.context["rows"], *second.context["rows"]]
    assert len(rows) == 51
    assert sum(len(sale.orders) > 1 for sale in rows) == 1


def test_packs_of_the_same_number_in_two_accounts_stay_apart(
    account: Account, second_account: Account, page: Client
) -> None:
    make_pack(account, "2000000000000001")
    make_pack(second_account, "2000000000000002")

    response = page.get("/orders/")

    assert [len(sale.orders) for sale in response.context["rows"]] == [1, 1]


def test_queries_do_not_grow_with_the_packs(account: Account, page: Client) -> None:
    def queries(packs: int) -> int:
        for number in range(packs):
            for _ in range(3):
                make_order(account, pack_id=f"20000{packs}{number}")
        with CaptureQueriesContext(connection) as asked:
            page.get("/orders/?status=paid")
        return len(asked)

    assert queries(2) == queries(12)


def test_a_number_is_found_as_the_page_writes_it(account: Account, page: Client) -> None:
    order, other = make_order(account), make_order(account)

    words = text_of(page.get("/orders/", {"q": f"#{order.meli_id}"}))

    assert order.meli_id in words
    assert other.meli_id not in words


def test_orders_alone_are_not_asked_again_whether_they_pass(account: Account) -> None:
    form = OrderFilterForm({"status": "paid"}, organization=account.organization)
    assert form.is_valid()

    def queries(**fields: Any) -> int:
        leads = [make_order(account, **fields) for _ in range(2)]
        with CaptureQueriesContext(connection) as captured:
            assert all(sale.matched for sale in sales_of(leads[1:], form))
        return len(captured)

    assert (queries(), queries(pack_id="2000000777")) == (2, 3)
