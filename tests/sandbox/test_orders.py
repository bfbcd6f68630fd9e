"""Order search and detail: limits, silent filters, hours, parts that are missing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from painelml.sandbox import Sandbox
from painelml.sandbox.clock import HOUR, offset
from painelml.sandbox.payloads import is_one_in

from .conftest import ANA, CARLA, Caller


def search(ana: Caller, **params: Any) -> dict[str, Any]:
    answer = ana.get("/orders/search", seller=ANA, **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def instants(rows: list[dict[str, Any]], name: str) -> list[datetime]:
    return [datetime.fromisoformat(row[name] or row["date_created"]) for row in rows]


def test_the_oldest_come_first_unless_told(ana: Caller) -> None:
    oldest = instants(search(ana)["results"], "date_closed")
    newest = instants(search(ana, sort="date_desc")["results"], "date_closed")
    assert oldest == sorted(oldest)
    assert newest == sorted(newest, reverse=True)
    assert oldest[0] < newest[0]


def test_a_page_holds_51_at_most(ana: Caller) -> None:
    assert len(search(ana, limit=51)["results"]) == 51
    refused = ana.get("/orders/search", seller=ANA, limit=52)
    assert refused.status_code == 400
    assert refused.json()["error"] == "limit.maximum_exceeded"


def test_offset_and_limit_end_at_ten_thousand(ana: Caller) -> None:
    assert search(ana, offset=9950, limit=50)["results"] == []
    refused = ana.get("/orders/search", seller=ANA, offset=10_000, limit=1)
    assert refused.json()["message"] == "Limit must be a lower or equal than 10000"


def test_an_unknown_filter_is_ignored_without_a_word(ana: Caller) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    assert search(ana, **{"order.last_updated.from": tomorrow})["paging"]["total"] == 200
    assert search(ana, **{"order.date_last_updated.from": tomorrow})["paging"]["total"] == 0


def test_date_filters_are_cut_to_the_hour(box: Sandbox, ana: Caller) -> None:
    order = box.world.orders_of[ANA][100]
    asked = order.created - order.created % HOUR + HOUR - 1
    until = search(ana, **{"order.date_created.to": offset(asked), "sort": "date_desc"})
    since = search(ana, **{"order.date_created.from": offset(asked)})
    last_told = max(instants(until["results"], "date_created"))
    assert last_told.timestamp() * 1000 <= asked - asked % HOUR
    assert order.id in {row["id"] for row in since["results"]}


def test_a_date_nobody_can_read_is_refused(ana: Caller) -> None:
    assert ana.get("/orders/search", seller=ANA, **{"order.date_created.from": "ontem"}).status_code == 400


def test_rows_carry_two_stamps_and_the_index_answers_to_its_own(box: Sandbox, ana: Caller) -> None:
    rows = search(ana, sort="date_desc")["results"]
    assert any(
        datetime.fromisoformat(row["last_updated"]) != datetime.fromisoformat(row["date_last_updated"])
        for row in rows
    )
    assert all(row["date_last_updated"].endswith("+00:00") for row in rows)
    assert "date_last_updated" not in ana.get(f"/orders/{rows[0]['id']}").json()


def test_some_rows_say_no_fee_and_the_detail_knows_it(ana: Caller) -> None:
    rows = search(ana)["results"]
    feeless = [row for row in rows if row["order_items"][0]["sale_fee"] == 0]
    assert 0 < len(feeless) < len(rows)
    assert ana.get(f"/orders/{feeless[0]['id']}").json()["order_items"][0]["sale_fee"] > 0


def test_filters_by_status_tag_and_words(box: Sandbox, ana: Caller) -> None:
    cancelled = search(ana, **{"order.status": "cancelled"})
    assert cancelled["paging"]["total"] == sum(o.status == "cancelled" for o in box.world.orders_of[ANA]) > 0
    assert all("paid" in row["tags"] for row in search(ana, tags="paid")["results"])
    assert all("paid" not in row["tags"] for row in search(ana, **{"tags.not": "paid"})["results"])
    order = box.world.orders_of[ANA][5]
    assert [row["id"] for row in search(ana, q=order.id)["results"]] == [order.id]


def test_a_scan_reaches_every_order_once(box: Sandbox, ana: Caller) -> None:
    seen: list[int] = []
    page = search(ana, search_type="scan", limit=50)
    while page["results"]:
        seen += [row["id"] for row in page["results"]]
        page = search(ana, search_type="scan", limit=50, scroll_id=page["paging"]["scroll_id"])
    assert sorted(seen) == sorted(order.id for order in box.world.orders_of[ANA])


def test_orders_older_than_a_year_leave_the_search_but_not_the_detail(box: Sandbox, ana: Caller) -> None:
    oldest = box.world.orders_of[ANA][0]
    box.control(clock={"advance_s": 40 * 86400})
    ana = Caller(box, ANA)
    assert oldest.id not in {row["id"] for row in search(ana)["results"]}
    assert ana.get(f"/orders/{oldest.id}").status_code in {200, 206}


def test_a_few_orders_are_partial_at_first_and_whole_when_asked_again(
    new_box: Callable[..., Sandbox],
) -> None:
    box = new_box(orders=400)
    ana = Caller(box, ANA)
    order = next(order for order in box.world.orders_of[ANA] if is_one_in(40, order.id, 9))
    partial, whole = ana.get(f"/orders/{order.id}"), ana.get(f"/orders/{order.id}")
    missing = partial.headers["X-Content-Missing"].split(", ")
    assert (partial.status_code, whole.status_code) == (206, 200)
    assert all(name not in partial.json() and name in whole.json() for name in missing)


def test_another_sellers_orders_are_refused(box: Sandbox, ana: Caller) -> None:
    theirs = box.world.orders_of[CARLA][0].id
    assert ana.get(f"/orders/{theirs}").json()["error"] == "caller.id.invalid"
    assert ana.get("/orders/search", seller=CARLA).status_code == 403


def test_a_pack_is_no_order(box: Sandbox, ana: Caller) -> None:
    pack_id = next(order.pack_id for order in box.world.orders_of[ANA] if order.pack_id)
    assert ana.get(f"/orders/{pack_id}").json()["error"] == "order_not_found"


def test_a_pack_names_its_orders_and_spells_its_dates_without_a_colon(box: Sandbox, ana: Caller) -> None:
    pack_id, orders = next((key, value) for key, value in box.world.packs.items() if len(value) > 1)
    ana = Caller(box, orders[0].seller_id)
    pack = ana.get(f"/packs/{pack_id}").json()
    assert {order["id"] for order in pack["orders"]} == {order.id for order in orders}
    assert len({order.shipment_id for order in orders}) == 1
    assert pack["date_created"].endswith("-0400")


def test_no_discount_is_a_404_that_is_no_error(box: Sandbox, ana: Caller) -> None:
    plain = next(o for o in box.world.orders_of[ANA] if "order_has_discount" not in o.tags and not o.coupon)
    coupon = next(o for o in box.world.orders_of[ANA] if o.coupon_seller)
    assert ana.get(f"/orders/{plain.id}/discounts").json()["error"] == "discount_not_found"
    details = ana.get(f"/orders/{coupon.id}/discounts").json()["details"]
    amounts = next(d["items"][0]["amounts"] for d in details if d["type"] == "coupon")
    assert amounts["seller"] == coupon.coupon_seller / 100


def test_amounts_agree_with_each_other(box: Sandbox) -> None:
    for payload in box.truth(ANA, "orders").values():
        line = payload["order_items"][0]
        assert payload["total_amount"] == pytest.approx(line["unit_price"] * line["quantity"])
        assert line["gross_price"] == pytest.approx(line["full_unit_price"] * line["quantity"])
        assert 0.1 * line["unit_price"] < line["sale_fee"] < 0.55 * line["unit_price"]


def test_billing_info_is_asked_by_the_buyers_billing_id(box: Sandbox, ana: Caller) -> None:
    detail = box.truth(ANA, "orders")[str(box.world.orders_of[ANA][3].id)]
    answer = ana.get(f"/orders/billing-info/MLB/{detail['buyer']['billing_info']['id']}").json()
    assert answer["buyer"]["cust_id"] == detail["buyer"]["id"]
    assert ana.get("/orders/billing-info/MLB/66000000001").status_code == 404
