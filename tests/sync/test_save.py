"""Saving: twice is once, late news changes nothing, a partial answer erases nothing."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts.models import Account
from catalog.models import Item, Variation
from catalog.sync import ItemResource
from orders.models import Order, OrderItem
from orders.sync import OrderResource
from painelml.sync.resource import Reading
from questions.models import Question
from questions.sync import QuestionResource
from shipments.models import Shipment
from shipments.sync import ShipmentResource

NOON = datetime(2026, 11, 20, 15, tzinfo=UTC)

ORDER: dict[str, Any] = {
    "id": 2000031415926535,
    "status": "paid",
    "date_created": "2026-11-20T09:12:44.000-04:00",
    "date_closed": "2026-11-20T09:12:51.000-04:00",
    "last_updated": "2026-11-20T10:05:00.000-04:00",
    "pack_id": None,
    "total_amount": Decimal("240.00"),
    "paid_amount": Decimal("240.00"),
    "currency_id": "BRL",
    "order_items": [
        {
            "item": {
                "id": "MLB4000000001",
                "title": "Luminária",
                "seller_sku": "LUM-1",
                "variation_id": None,
            },
            "quantity": 2,
            "unit_price": Decimal("120.00"),
            "sale_fee": Decimal("14.40"),
        }
    ],
    "payments": [{"id": 170000000001, "status": "approved", "transaction_amount": Decimal("240.00")}],
    "shipping": {"id": 46123456789},
    "buyer": {"id": 555000111, "nickname": "BUYERX"},
    "tags": ["paid"],
}


def order(**changes: Any) -> Reading:
    return Reading({**copy.deepcopy(ORDER), **changes})


def at(minute: int) -> str:
    return f"2026-11-20T10:{minute:02d}:00.000-04:00"


@pytest.mark.django_db
class TestOrders:
    def test_saving_twice_leaves_the_same_rows(self, account: Account) -> None:
        resource = OrderResource(account)
        assert resource.save([order()], NOON).created == ["2000031415926535"]
        again = resource.save([order()], NOON + timedelta(minutes=1))
        assert (again.created, again.updated, again.unchanged) == ([], [], ["2000031415926535"])
        assert (Order.objects.count(), OrderItem.objects.count()) == (1, 1)

    def test_a_late_notification_never_overwrites_a_newer_order(self, account: Account) -> None:
        resource = OrderResource(account)
        resource.save([order(last_updated=at(5), status="paid")], NOON)
        late = resource.save([order(last_updated=at(0), status="confirmed")], NOON + timedelta(hours=1))
        assert late.unchanged == ["2000031415926535"]
        assert Order.objects.get().status == "paid"

    def test_of_two_readings_with_one_stamp_the_one_that_began_later_counts(self, account: Account) -> None:
        resource = OrderResource(account)
        resource.save([order(status="paid")], NOON)
        resource.save([order(status="confirmed")], NOON - timedelta(seconds=1))
        assert Order.objects.get().status == "paid"
        resource.save([order(status="cancelled")], NOON + timedelta(seconds=1))
        assert Order.objects.get().status == "cancelled"

    def test_a_partial_answer_erases_nothing(self, account: Account) -> None:
        resource = OrderResource(account)
        resource.save([order()], NOON)
        partial = dict(ORDER, last_updated=at(20), status="partially_refunded")
        del partial["buyer"], partial["shipping"], partial["payments"]
        resource.save([Reading(partial)], NOON)
        row = Order.objects.get()
        assert (row.status, row.buyer_nickname, row.shipment_id) == (
            "partially_refunded",
            "BUYERX",
            "46123456789",
        )
        assert row.payments.count() == 1

    def test_a_zero_fee_in_a_search_row_is_unknown_not_nothing(self, account: Account) -> None:
        line = {**ORDER["order_items"][0], "sale_fee": 0}
        saved = OrderResource(account).save([order(order_items=[line])], NOON)
        assert Order.objects.get().sale_fee is None
        assert OrderItem.objects.get().sale_fee is None
        assert [want.resource for want in saved.wants] == ["orders", "shipments"]

    def test_a_zero_fee_in_the_order_itself_is_nothing(self, account: Account) -> None:
        line = {**ORDER["order_items"][0], "sale_fee": 0}
        reading = Reading({**ORDER, "order_items": [line]}, {"detail": ORDER["last_updated"]})
        saved = OrderResource(account).save([reading], NOON)
        assert Order.objects.get().sale_fee == 0
        assert [want.resource for want in saved.wants] == ["shipments"]

    def test_what_came_too_late_to_be_kept_is_still_to_be_read(self, account: Account) -> None:
        resource, tags = OrderResource(account), ["paid", "order_has_discount"]
        resource.save([order(tags=tags)], NOON + timedelta(seconds=1))
        late = resource.save([Reading({**ORDER, "tags": tags}, {"discounts": []})], NOON)
        assert Order.objects.get().discounts is None
        assert "orders" in {want.resource for want in late.wants}

    def test_a_fee_we_know_outlives_a_search_row_without_it(self, account: Account) -> None:
        resource = OrderResource(account)
        resource.save([order()], NOON)
        line = {**ORDER["order_items"][0], "sale_fee": 0}
        saved = resource.save([order(order_items=[line], last_updated=at(30), status="cancelled")], NOON)
        row = Order.objects.get()
        assert (row.status, row.sale_fee) == ("cancelled", Decimal("28.80"))
        assert "orders" not in {want.resource for want in saved.wants}

    def test_lines_and_payments_always_match_their_order(self, account: Account) -> None:
        resource = OrderResource(account)
        resource.save([order()], NOON)
        payments = [{"id": 1, "status": "rejected"}, {"id": 2, "status": "approved"}]
        resource.save([order(payments=payments, last_updated=at(40))], NOON)
        assert list(Order.objects.get().payments.values_list("meli_id", flat=True)) == ["1", "2"]

    @pytest.mark.parametrize(
        ("changes", "is_sale"),
        [
            ({}, True),
            ({"status": "cancelled"}, False),
            ({"status": "payment_required"}, False),
            ({"status": "a_status_of_next_year"}, False),
            ({"tags": ["paid", "unfulfilled"]}, False),
            ({"tags": ["paid", "fraud_risk_detected"]}, False),
            ({"status": "partially_refunded"}, True),
            ({"payments": [{"id": 1, "status": "refunded"}]}, False),
            ({"payments": [{"id": 1, "status": "refunded"}, {"id": 2, "status": "approved"}]}, True),
        ],
    )
    def test_what_counts_as_a_sale(self, account: Account, changes: dict[str, Any], is_sale: bool) -> None:
        OrderResource(account).save([order(**changes)], NOON)
        assert Order.objects.sales().exists() == is_sale

    def test_nonsense_is_kept_and_crashes_nothing(self, account: Account) -> None:
        odd = order(
            status="x" * 90,
            tags=[1, None, "paid"],
            payments="none",
            order_items=[{"item": None, "quantity": "2.0", "unit_price": "free", "sale_fee": None}, 7],
            buyer="somebody",
            shipping=None,
            total_amount="240.00",
            date_closed="yesterday",
        )
        OrderResource(account).save([odd], NOON)
        row = Order.objects.get()
        assert (row.status, row.tags, row.units, row.total_amount) == ("x" * 30, ["paid"], 2, Decimal(240))
        assert row.payload["buyer"] == "somebody"

    def test_ids_may_come_as_text_or_number(self, account: Account) -> None:
        resource = OrderResource(account)
        resource.save([order()], NOON)
        resource.save([order(id="2000031415926535", last_updated=at(50), pack_id="77")], NOON)
        assert Order.objects.get().pack_id == "77"

    def test_rebuilding_derives_every_column_from_the_payload(self, account: Account) -> None:
        resource = OrderResource(account)
        resource.save([order()], NOON)
        before = Order.objects.values().get()
        Order.objects.update(status="", gross=None, sale_fee=None, buyer_nickname="", tags=[])
        OrderItem.objects.all().delete()
        assert list(resource.rebuild()) == [["2000031415926535"]]
        assert Order.objects.values().get() == before
        assert OrderItem.objects.get().sku == "LUM-1"


@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_once_leave_the_newest_reading(account: Account) -> None:
    """Each worker saves its own version of the same forty orders; the newest version must win everywhere."""
    versions = range(8)

    def save(version: int) -> None:
        try:
            readings = [
                order(
                    id=2000000000000000 + number,
                    last_updated=at(version),
                    status=f"v{version}",
                    payments=[{"id": version, "status": "approved"}],
                )
                for number in range(40)
            ]
            for _ in range(3):
                OrderResource(account).save(readings if version % 2 else readings[::-1], NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, versions))
    assert set(Order.objects.values_list("status", flat=True)) == {"v7"}
    assert Order.objects.count() == 40
    assert list(Order.objects.values_list("payments__meli_id", flat=True)) == ["7"] * 40


ITEM: dict[str, Any] = {
    "id": "MLB4100200300",
    "title": "Câmera de segurança",
    "status": "active",
    "sub_status": [],
    "price": Decimal("199.90"),
    "currency_id": "BRL",
    "available_quantity": 7,
    "sold_quantity": 3,
    "listing_type_id": "gold_special",
    "shipping": {"logistic_type": "xd_drop_off"},
    "thumbnail": "http://http2.mlstatic.com/D_1.jpg",
    "attributes": [{"id": "SELLER_SKU", "value_name": "CAM-1"}],
    "seller_custom_field": "a private note",
    "variations": [
        {
            "id": 180000000001,
            "price": Decimal("199.90"),
            "available_quantity": 4,
            "attribute_combinations": [{"id": "COLOR", "name": "Cor", "value_name": "Preto"}],
            "attributes": [{"id": "SELLER_SKU", "value_name": "CAM-1-P"}],
        },
        {"id": 180000000002, "price": Decimal("199.90"), "available_quantity": 3, "attributes": []},
    ],
    "date_created": "2026-01-10T12:00:00.000Z",
    "last_updated": "2026-11-20T12:00:00.000Z",
}


@pytest.mark.django_db
class TestItems:
    def test_an_item_with_its_variations(self, account: Account) -> None:
        ItemResource(account).save([Reading(ITEM)], NOON)
        item = Item.objects.get()
        assert (item.price, item.sku, item.logistic_type) == (Decimal("199.90"), "CAM-1", "xd_drop_off")
        assert item.thumbnail == "https://http2.mlstatic.com/D_1.jpg"
        assert [(v.meli_id, v.sku, v.available_quantity) for v in item.variations.all()] == [
            ("180000000001", "CAM-1-P", 4),
            ("180000000002", "", 3),
        ]

    def test_a_variation_that_is_gone_disappears(self, account: Account) -> None:
        resource = ItemResource(account)
        resource.save([Reading(ITEM)], NOON)
        fewer = {**ITEM, "variations": ITEM["variations"][:1], "last_updated": "2026-11-20T13:00:00.000Z"}
        resource.save([Reading(fewer)], NOON)
        assert Variation.objects.count() == 1

    def test_the_price_in_force_comes_from_its_prices_where_the_field_is_gone(self, account: Account) -> None:
        resource = ItemResource(account)
        resource.save([Reading(ITEM, {"sale_price": None})], NOON)
        without = {**ITEM, "last_updated": "2026-11-20T13:00:00.000Z"}
        del without["price"]
        resource.save([Reading(without, {"sale_price": {"amount": Decimal("169.90")}})], NOON)
        assert Item.objects.get().price == Decimal("169.90")

    def test_a_huge_family_id_and_a_null_character_are_kept_or_dropped(self, account: Account) -> None:
        odd = {**ITEM, "family_id": 18446744000000000615, "title": "Tampa\x00"}
        ItemResource(account).save([Reading(odd)], NOON)
        item = Item.objects.get()
        assert (item.payload["family_id"], item.title) == (18446744000000000615, "Tampa")


SHIPMENT: dict[str, Any] = {
    "id": 46123456789,
    "status": "ready_to_ship",
    "substatus": "ready_to_print",
    "date_created": "2026-11-20T09:13:01.000-04:00",
    "last_updated": "2026-11-20T09:31:00.000-04:00",
    "logistic": {"mode": "me2", "type": "xd_drop_off", "direction": "forward"},
    "destination": {"shipping_address": {"city": {"name": "São Paulo"}, "state": {"name": "São Paulo"}}},
}


@pytest.mark.django_db
class TestShipments:
    def test_only_this_sellers_cost_counts(self, account: Account) -> None:
        costs = {
            "senders": [
                {"user_id": 1, "cost": 99},
                {"user_id": account.meli_user_id, "cost": Decimal("21.90")},
            ]
        }
        ShipmentResource(account).save([Reading(SHIPMENT, {"costs": costs})], NOON)
        assert Shipment.objects.get().cost == Decimal("21.90")

    def test_an_unknown_cost_is_unknown_and_asked_for_again(self, account: Account) -> None:
        saved = ShipmentResource(account).save([Reading(SHIPMENT)], NOON)
        assert Shipment.objects.get().cost is None
        assert [want.meli_id for want in saved.wants] == ["46123456789"]

    @pytest.mark.parametrize(
        ("changes", "is_open"),
        [
            ({}, True),
            ({"substatus": "dropped_off"}, False),
            ({"substatus": "a_substatus_of_next_year"}, True),
            ({"status": "pending", "substatus": "buffered"}, True),
            ({"status": "shipped", "substatus": None}, False),
            ({"logistic": {"mode": "me2", "type": "fulfillment"}}, False),
            ({"logistic": {"mode": "me2", "type": "drop_off", "direction": "return"}}, False),
            ({"logistic": {"mode": "me2", "type": "melinet", "direction": "return_to_buyer"}}, False),
            ({"logistic": None, "logistic_type": "drop_off", "type": "return"}, False),
            ({"logistic": {"mode": "me2", "type": "drop_off", "direction": "a_word_of_next_year"}}, True),
            ({"status": "cancelled"}, False),
        ],
    )
    def test_what_the_seller_still_has_to_hand_over(
        self, account: Account, changes: dict[str, Any], is_open: bool
    ) -> None:
        ShipmentResource(account).save([Reading({**SHIPMENT, **changes})], NOON)
        assert Shipment.objects.to_dispatch().exists() == is_open

    def test_a_return_has_no_deadline_and_no_hand_over(self, account: Account) -> None:
        back = {**SHIPMENT, "status": "delivered", "logistic": {"type": "drop_off", "direction": "return"}}
        sla = {"status": "delayed", "expected_date": "2026-11-19T23:59:59.000-03:00"}
        history = [{"status": status, "date": "2026-11-20T08:00:00.000-04:00"} for status in ("shipped",)]
        ShipmentResource(account).save([Reading(back, {"sla": sla, "history": history})], NOON)
        row = Shipment.objects.get()
        assert (row.direction, row.dispatch_by, row.date_handed_over) == ("return", None, None)
        assert row.date_shipped == datetime(2026, 11, 20, 12, tzinfo=UTC)

    def test_the_old_shape_is_read_too(self, account: Account) -> None:
        old = {
            "id": 46123456789,
            "status": "delivered",
            "mode": "me2",
            "logistic_type": "drop_off",
            "receiver_address": {"city": {"name": "Recife"}, "state": {"name": "Pernambuco"}},
            "status_history": {"date_shipped": "2026-11-18T09:00:00.000-04:00", "date_delivered": None},
            "last_updated": "2026-11-20T09:31:00.000-04:00",
        }
        ShipmentResource(account).save([Reading(old)], NOON)
        row = Shipment.objects.get()
        assert (row.logistic_type, row.receiver_city) == ("drop_off", "Recife")
        assert row.date_shipped == datetime(2026, 11, 18, 13, tzinfo=UTC)


QUESTION: dict[str, Any] = {
    "id": 13500000001,
    "item_id": "MLB4100200300",
    "status": "UNANSWERED",
    "text": "Tem pronta entrega?",
    "date_created": "2026-11-20T08:15:30.120-04:00",
    "answer": None,
    "from": {"id": 555000222},
}


@pytest.mark.django_db
class TestQuestions:
    def test_a_question_and_its_answer(self, account: Account) -> None:
        resource = QuestionResource(account)
        resource.save([Reading(QUESTION)], NOON)
        answer = {"text": "Sim!", "status": "ACTIVE", "date_created": "2026-11-20T08:45:30.120-04:00"}
        resource.save([Reading({**QUESTION, "status": "ANSWERED", "answer": answer})], NOON)
        row = Question.objects.get()
        assert (row.answer_text, row.status, row.response_seconds) == ("Sim!", "ANSWERED", 1800)

    def test_the_detail_keeps_who_asked_and_adds_its_stamp(self, account: Account) -> None:
        resource = QuestionResource(account)
        resource.save([Reading(QUESTION)], NOON)
        detail = {k: v for k, v in QUESTION.items() if k != "from"} | {
            "date_created": "2026-11-20T12:15:30.120456789Z",
            "last_updated": "2026-11-20T12:15:31.000000001Z",
        }
        resource.save([Reading(detail)], NOON)
        assert Question.objects.get().from_id == "555000222"

    def test_a_deletion_has_no_stamp_and_still_counts_when_read_later(self, account: Account) -> None:
        resource = QuestionResource(account)
        detail = {**QUESTION, "last_updated": "2026-11-20T12:15:31.000000001Z"}
        resource.save([Reading(detail)], NOON)
        resource.save([Reading({**QUESTION, "status": "DELETED"})], NOON + timedelta(minutes=1))
        assert Question.objects.get().status == "DELETED"
        resource.save([Reading(QUESTION)], NOON - timedelta(minutes=1))
        assert Question.objects.get().status == "DELETED"
