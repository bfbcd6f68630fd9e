from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, User
from orders.models import Refund
from tests.factories import NOON, make_item, make_order, make_question, make_shipment
from tests.web.conftest import NOW, Login
from tests.web.pages import text_of

HOUR = timedelta(hours=1)


def test_it_explains_what_a_sale_leaves(account: Account, page: Client) -> None:
    order = make_order(account)

    words = text_of(page.get(f"/orders/{order.meli_id}/"))

    assert "Items sold R$ 129.90" in words
    assert "Sale fee − R$ 15.59" in words
    assert "Shipping you pay − R$ 21.90" in words
    assert "Discounts you fund R$ 0.00" in words
    assert "Net R$ 92.41" in words


def test_an_unknown_part_is_named_and_leaves_the_net_open(account: Account, page: Client) -> None:
    order = make_order(account, shipping_cost=None, net=None)

    words = text_of(page.get(f"/orders/{order.meli_id}/"))

    assert "Shipping you pay not known yet" in words
    assert "Net not known yet" in words
    assert "never counted as zero" in words


def test_it_shows_payments_shipment_and_the_rest_of_the_pack(account: Account, page: Client) -> None:
    order = make_order(account, pack_id="2000000777")
    other = make_order(account, pack_id="2000000777", total_amount=Decimal("15.00"))
    make_shipment(account, meli_id=order.shipment_id, tracking_number="BR123", receiver_city="Olinda")

    words = text_of(page.get(f"/orders/{order.meli_id}/"))

    assert "Sale 2000000777" in words
    assert "Credit card · Visa · 3× " in words
    assert "Approved" in words
    assert "BR123" in words
    assert "Olinda" in words
    assert other.items.get().title in words


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tags": ["no_shipping"]}, "delivery is agreed with the buyer"),
        ({"tags": ["paid"]}, "No shipment yet."),
        ({"status": "cancelled", "tags": []}, "No shipment: the sale was cancelled."),
    ],
)
def test_a_sale_without_shipment_says_why(
    account: Account, page: Client, fields: dict[str, Any], said: str
) -> None:
    order = make_order(account, shipment_id="", **fields)

    assert said in text_of(page.get(f"/orders/{order.meli_id}/"))


def test_the_payload_is_there_for_the_curious_and_harmless(account: Account, page: Client) -> None:
    order = make_order(account, payload={"note": "<script>alert(1)</script>", "amount": Decimal("10.10")})

    html = page.get(f"/orders/{order.meli_id}/").content.decode()

    assert "&lt;script&gt;alert(1)" in html
    assert "10.1" in html
    assert "<script>alert" not in html


def test_a_sale_flagged_as_fraud_says_do_not_ship(account: Account, page: Client) -> None:
    order = make_order(account, tags=["fraud_risk_detected"])

    assert "do not ship" in text_of(page.get(f"/orders/{order.meli_id}/"))


def test_carlas_order_is_not_found(other_account: Account, page: Client) -> None:
    order = make_order(other_account)

    response = page.get(f"/orders/{order.meli_id}/")

    assert response.status_code == 404
    assert "There is nothing here" in text_of(response)


def test_a_sale_tells_its_story_in_order_and_in_the_accounts_hours(account: Account, page: Client) -> None:
    order = make_order(account, date_created=NOON, payments=0)
    order.payments.create(meli_id="1", date_approved=NOON + HOUR, transaction_amount=Decimal(90))
    make_shipment(
        account,
        meli_id=order.shipment_id,
        date_handed_over=NOON + 2 * HOUR,
        date_delivered=NOON + 20 * HOUR,
        is_open=False,
    )
    Refund.objects.create(order=order, payment_id="1", total=90, amount=90, refunded_at=NOON + 21 * HOUR)

    response = page.get(f"/orders/{order.meli_id}/")

    assert [str(event.label) for event in response.context["events"]] == [
        "Created",
        "Paid",
        "Dispatched",
        "Delivered",
        "Refunded",
    ]
    assert "Delivered 11/21/2026 8 a.m. · 6 h ago" in text_of(response)


def test_a_deadline_to_come_stands_last_and_a_date_not_told_says_so(account: Account, page: Client) -> None:
    order = make_order(account, status="cancelled", cancel_detail={"code": "buyer_cancel_express"})
    make_shipment(account, meli_id=order.shipment_id, dispatch_by=NOW + HOUR)

    response = page.get(f"/orders/{order.meli_id}/")

    assert [str(event.label) for event in response.context["events"]][-2:] == ["Cancelled", "Dispatch by"]
    assert "Cancelled · buyer_cancel_express when is not told" in text_of(response)


def test_any_number_of_a_sale_opens_the_whole_of_it(account: Account, page: Client) -> None:
    orders = [make_order(account, pack_id="2000000777") for _ in range(2)]

    for number in ("2000000777", *(order.meli_id for order in orders)):
        words = text_of(page.get(f"/orders/{number}/"))
        assert "pack of 2 orders" in words
        assert all(order.items.get().title in words for order in orders)


def test_a_packs_money_is_added_up_and_says_what_it_leaves_out(account: Account, page: Client) -> None:
    first = make_order(account, pack_id="2000000777", net=None, shipping_cost=None)
    make_order(account, pack_id="2000000777", profit=Decimal("20.00"))

    words = text_of(page.get(f"/orders/{first.meli_id}/"))

    assert "Items sold R$ 259.80 Sale fee − R$ 31.18 Shipping you pay − R$ 21.90 without 1" in words
    assert "Net R$ 92.41 without 1" in words
    assert "Profit R$ 20.00 without 1" in words


def test_it_shows_what_the_buyer_asked_about_the_items_and_nobody_elses(
    account: Account, page: Client
) -> None:
    order = make_order(account)
    item_id = order.items.get().item_id
    make_question(account, item_id=item_id, from_id=order.buyer_id, text="Serve no carro?")
    make_question(account, item_id=item_id, from_id="999", text="De outra pessoa")
    make_question(account, item_id="MLB1", from_id=order.buyer_id, text="De outro item")

    words = text_of(page.get(f"/orders/{order.meli_id}/"))

    assert "Serve no carro?" in words
    assert "De outra pessoa" not in words
    assert "De outro item" not in words


def test_a_viewer_gets_the_payload_without_the_buyers_data(
    account: Account, vera: User, page: Client, login: Login
) -> None:
    buyer = {"id": 42, "first_name": "Joana", "phone": {"number": "99887766"}}
    order = make_order(account, payload={"buyer": buyer, "status": "paid", "payments": [{"payer_id": 4711}]})
    address = f"/orders/{order.meli_id}/"

    assert "Joana" in text_of(page.get(address))
    words = text_of(login(vera).get(address))
    for secret in ("Joana", "99887766", "4711"):
        assert secret not in words
    assert '"id": 42' in words
    assert '"status": "paid"' in words


def test_queries_do_not_grow_with_the_orders_of_a_pack(account: Account, page: Client) -> None:
    def queries(pack: str, orders: int) -> int:
        for _ in range(orders):
            make_order(account, pack_id=pack)
        with CaptureQueriesContext(connection) as asked:
            page.get(f"/orders/{pack}/")
        return len(asked)

    assert queries("2000000001", 2) == queries("2000000002", 12)


def test_what_was_paid_with_shipping_is_told_apart_from_the_payment(account: Account, page: Client) -> None:
    order = make_order(account, paid_amount=Decimal("156.20"))

    words = text_of(page.get(f"/orders/{order.meli_id}/"))

    assert "Paid · R$ 129.90" in words
    assert "Paid by the buyer, with shipping R$ 156.20" in words


def test_a_line_leads_to_its_listing(account: Account, page: Client) -> None:
    order = make_order(account)
    item = make_item(account, meli_id=order.items.get().item_id)

    html = page.get(f"/orders/{order.meli_id}/").content.decode()

    assert f'href="/catalog/{item.meli_id}/"' in html
    assert item.thumbnail in html


def test_what_befell_the_orders_of_a_pack_at_once_is_told_once(account: Account, page: Client) -> None:
    first = make_order(account, pack_id="2000000777", date_created=NOON)
    make_order(account, pack_id="2000000777", date_created=NOON + timedelta(seconds=2))

    events = page.get(f"/orders/{first.meli_id}/").context["events"]

    assert [(str(event.label), event.note.replace("\u00a0", " ")) for event in events] == [
        ("Created", ""),
        ("Paid", "R$ 129.90, R$ 129.90"),
    ]
