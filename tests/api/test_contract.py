"""Contract 3.2 and 3.5, field by field."""

from datetime import timedelta
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from accounts.models import Account
from orders.models import OrderItem, Payment
from tests.factories import NOON, make_item, make_order, make_question, make_shipment

pytestmark = pytest.mark.usefixtures("account")


def test_an_item_says_everything_the_contract_names(api: APIClient, account: Account) -> None:
    item = make_item(account, variations=1, sub_status=["out_of_stock"])
    variation = item.variations.get()
    detail = api.get(f"/api/items/{item.meli_id}").json()
    assert [stock["id"] for stock in detail.pop("stock")] == [item.meli_id]
    assert api.get("/api/items").json()["results"] == [detail]
    assert detail == {
        "account_id": account.pk,
        "id": item.meli_id,
        "last_updated": "2026-11-20T16:00:00Z",
        "title": item.title,
        "status": "active",
        "sub_status": ["out_of_stock"],
        "price": "129.90",
        "currency_id": "BRL",
        "available_quantity": 12,
        "sold_quantity": 3,
        "sku": item.sku,
        "listing_type_id": "gold_special",
        "logistic_type": "drop_off",
        "permalink": item.permalink,
        "thumbnail": item.thumbnail,
        "variations": [
            {
                "id": variation.meli_id,
                "sku": variation.sku,
                "available_quantity": 4,
                "price": "129.90",
                "attributes": [{"id": "COLOR", "name": "Cor", "value_name": "Azul"}],
            }
        ],
        "date_created": item.date_created.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def test_an_order_says_everything_the_contract_names(api: APIClient, account: Account) -> None:
    order = make_order(account, pack_id="2000000000000077", cancel_detail={"code": "stock"})
    line, payment = OrderItem.objects.get(), Payment.objects.get()
    instant = order.date_created.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert api.get("/api/orders").json()["results"] == [
        {
            "account_id": account.pk,
            "id": order.meli_id,
            "last_updated": "2026-11-20T16:00:00Z",
            "pack_id": "2000000000000077",
            "status": "paid",
            "date_created": instant,
            "date_closed": order.date_closed.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "total_amount": "129.90",
            "paid_amount": "129.90",
            "currency_id": "BRL",
            "buyer": {"id": "555000111", "nickname": "COMPRADORA"},
            "items": [
                {
                    "item_id": line.item_id,
                    "variation_id": None,
                    "title": line.title,
                    "sku": line.sku,
                    "quantity": 1,
                    "unit_price": "129.90",
                    "sale_fee": "15.59",
                }
            ],
            "payments": [
                {
                    "id": payment.meli_id,
                    "status": "approved",
                    "status_detail": "accredited",
                    "payment_type": "credit_card",
                    "payment_method_id": "visa",
                    "installments": 3,
                    "currency_id": "BRL",
                    "transaction_amount": "129.90",
                    "transaction_amount_refunded": None,
                    "coupon_amount": None,
                    "shipping_cost": None,
                    "taxes_amount": None,
                    "total_paid_amount": "129.90",
                    "date_created": instant,
                    "date_approved": instant,
                    "date_last_modified": None,
                }
            ],
            "shipment_id": order.shipment_id,
            "tags": ["paid", "not_delivered"],
            "cancel_detail": {"code": "stock"},
            "net": {
                "gross": "129.90",
                "sale_fee": "15.59",
                "shipping_cost": "21.90",
                "discounts": "0.00",
                "net": "92.41",
                "incomplete": [],
            },
        }
    ]


def test_what_is_unknown_about_an_orders_money_is_null_and_named(api: APIClient, account: Account) -> None:
    order = make_order(account, sale_fee=None, shipping_cost=None, net=None)
    assert api.get(f"/api/orders/{order.meli_id}").json()["net"] == {
        "gross": "129.90",
        "sale_fee": None,
        "shipping_cost": None,
        "discounts": "0.00",
        "net": None,
        "incomplete": ["sale_fee", "shipping_cost"],
    }


def test_an_orders_detail_brings_its_shipment(api: APIClient, account: Account) -> None:
    order = make_order(account, pack_id="2000000000000077")
    other = make_order(account, pack_id="2000000000000077", shipment_id=order.shipment_id)
    make_shipment(account, meli_id=order.shipment_id)
    shipment = api.get(f"/api/orders/{order.meli_id}").json()["shipment"]
    assert shipment == api.get("/api/shipments").json()["results"][0]
    assert shipment["order_ids"] == [order.meli_id, other.meli_id]
    assert shipment["pack_id"] == "2000000000000077"


def test_an_order_whose_shipment_is_not_mirrored_has_none(api: APIClient, account: Account) -> None:
    order = make_order(account)
    assert api.get(f"/api/orders/{order.meli_id}").json()["shipment"] is None


def test_a_shipment_says_everything_the_contract_names(api: APIClient, account: Account) -> None:
    shipment = make_shipment(
        account,
        date_shipped=NOON,
        parts={
            "history": [
                {"status": "shipped", "substatus": None, "date": "2026-11-20T12:00:00.000-03:00"},
                {"status": "ready_to_ship", "substatus": "printed", "date": "2026-11-20T09:00:00.000-03:00"},
            ],
            "costs": {"gross_amount": Decimal("43.8")},
        },
    )
    order = make_order(account, shipment_id=shipment.meli_id)
    row = {
        "account_id": account.pk,
        "id": shipment.meli_id,
        "last_updated": "2026-11-20T16:00:00Z",
        "order_ids": [order.meli_id],
        "pack_id": None,
        "status": "ready_to_ship",
        "substatus": "ready_to_print",
        "logistic_type": "drop_off",
        "tracking_number": shipment.tracking_number,
        "dispatch_by": "2026-11-21T15:00:00Z",
        "sla_status": "on_time",
        "receiver_city": "Campinas",
        "receiver_state": "São Paulo",
        "cost": "21.90",
        "currency_id": "BRL",
        "date_created": shipment.date_created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "date_shipped": "2026-11-20T15:00:00Z",
        "date_delivered": None,
    }
    assert api.get("/api/shipments").json()["results"] == [row]
    assert api.get(f"/api/shipments/{shipment.meli_id}").json() == {
        **row,
        "history": [
            {"status": "ready_to_ship", "substatus": "printed", "date": "2026-11-20T12:00:00Z"},
            {"status": "shipped", "substatus": None, "date": "2026-11-20T15:00:00Z"},
        ],
        "costs": {"gross_amount": "43.80", "receiver_cost": "0.00", "sender_cost": "21.90"},
    }


def test_a_question_says_everything_the_contract_names(api: APIClient, account: Account) -> None:
    question = make_question(
        account,
        status="ANSWERED",
        date_created=NOON,
        due_at=NOON + timedelta(hours=1),
        remote_updated_at=NOON + timedelta(minutes=20),
        answer_text="Serve sim!",
        answered_at=NOON + timedelta(minutes=20),
        response_seconds=1200,
        response_open_seconds=600,
    )
    assert api.get("/api/questions").json() == {
        "next": None,
        "previous": None,
        "results": [
            {
                "account_id": account.pk,
                "id": question.meli_id,
                "last_updated": "2026-11-20T15:20:00Z",
                "item_id": "MLB4000000001",
                "status": "ANSWERED",
                "text": question.text,
                "date_created": "2026-11-20T15:00:00Z",
                "from_id": "555000111",
                "answer": {"text": "Serve sim!", "date_created": "2026-11-20T15:20:00Z"},
                "response_seconds": 1200,
                "response_open_seconds": 600,
                "due_at": "2026-11-20T16:00:00Z",
                "sla": "ok",
            }
        ],
    }


def test_a_question_without_an_answer_has_none(api: APIClient, account: Account) -> None:
    question = make_question(account, due_at=NOON)
    answer = api.get(f"/api/questions/{question.meli_id}").json()
    assert answer["answer"] is None
    assert answer["sla"] == "breached"


def test_words_and_states_nobody_knows_yet_are_shown_as_they_came(api: APIClient, account: Account) -> None:
    make_item(account, status="sleeping", logistic_type="drone")
    assert api.get("/api/items?status=sleeping").json()["results"][0]["logistic_type"] == "drone"
