from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from tests.factories import make_order, make_shipment
from tests.web.pages import text_of


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
    assert "visa · 3× " in words
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
