from decimal import Decimal

import pytest
from responses import matchers

from painelml.meli import Conflict, Gone, NotAllowed, Rejected, TryLater
from tests.meli.conftest import API

ITEM = {"id": "MLB4100200300", "price": 10}


def query(**params):
    return [matchers.query_param_matcher({name.replace("__", "."): value for name, value in params.items()})]


# Many items at once


@pytest.mark.parametrize("status_key", ["status_code", "code"])
def test_bulk_reads_either_envelope(api, client, status_key):
    api.get(
        f"{API}/items/bulk",
        json=[
            {status_key: 200, "body": ITEM, "id": "MLB4100200300"},
            {status_key: 404},
            {status_key: 503, "body": {"error": "internal_error", "message": "m"}},
            {status_key: 403, "body": {"error": "access_denied", "message": "m", "id": "MLB4"}},
        ],
        match=query(ids="MLB4100200300,MLB2,MLB3,MLB4", include_attributes="all"),
    )

    bulk = client.items_bulk(["MLB4100200300", "MLB2", "MLB3", "MLB4", "MLB2"])

    assert bulk.found == {"MLB4100200300": ITEM}
    assert bulk.gone == {"MLB2"}
    assert {item_id: type(error) for item_id, error in bulk.failed.items()} == {
        "MLB3": TryLater,
        "MLB4": NotAllowed,
    }


def test_bulk_tells_items_by_id_when_the_order_is_not_kept(api, client):
    api.get(
        f"{API}/items/bulk",
        json=[{"code": 200, "body": {"id": "MLB2"}}, {"code": 200, "body": {"id": "MLB1"}}],
    )

    assert client.items_bulk(["MLB1", "MLB2"]).found == {"MLB1": {"id": "MLB1"}, "MLB2": {"id": "MLB2"}}


def test_what_bulk_leaves_out_is_a_failure_to_try_later(api, client):
    api.get(f"{API}/items/bulk", json=[{"status_code": 200, "body": {"id": "MLB1"}}])

    bulk = client.items_bulk(["MLB1", "MLB2"])

    assert bulk.found.keys() == {"MLB1"}
    assert isinstance(bulk.failed["MLB2"], TryLater)


@pytest.mark.parametrize("status", [404, 405, 501])
def test_without_bulk_the_older_multiget_serves_and_bulk_is_not_asked_again(api, client, status):
    bulk = api.get(f"{API}/items/bulk", status=status, json={"message": "m", "error": "not_found"})
    older = api.get(f"{API}/items", json=[{"code": 200, "body": ITEM}])

    for _ in range(2):
        assert client.items_bulk([ITEM["id"]]).found == {ITEM["id"]: ITEM}

    assert bulk.call_count == 1
    assert older.call_count == 2


def test_bulk_takes_twenty_distinct_ids_and_no_more(client):
    assert client.items_bulk([]).found == {}
    with pytest.raises(ValueError, match="20"):
        client.items_bulk([f"MLB{number}" for number in range(21)])


def test_a_refused_batch_raises(api, client):
    api.get(f"{API}/items/bulk", status=400, json={"error": "bad_request", "message": "m"})

    with pytest.raises(Rejected):
        client.items_bulk(["MLB1"])


# Searches


def test_a_scan_starts_without_and_goes_on_with_its_scroll_id(api, client):
    address = f"{API}/users/1987654321/items/search"
    api.get(
        address, json={"scroll_id": "b", "results": ["MLB1"]}, match=query(search_type="scan", limit="100")
    )
    api.get(
        address,
        json={"scroll_id": None, "results": []},
        match=query(search_type="scan", limit="100", scroll_id="b"),
    )

    page = client.items_scan("1987654321")

    assert client.items_scan("1987654321", page["scroll_id"])["results"] == []


def test_orders_are_searched_by_names_with_dots(api, client):
    api.get(
        f"{API}/orders/search",
        json={"paging": {"total": 0}, "results": []},
        match=query(
            seller="1",
            order__date_created__from="2026-10-04T00:00:00.000-03:00",
            sort="date_desc",
            limit="50",
        ),
    )

    client.orders_search(
        "1", **{"order.date_created.from": "2026-10-04T00:00:00.000-03:00", "sort": "date_desc", "limit": 50}
    )


def test_questions_come_newest_first_in_version_four(api, client):
    api.get(
        f"{API}/questions/search",
        json={"questions": []},
        match=query(
            seller_id="1", api_version="4", sort_fields="date_created", sort_types="DESC", offset="50"
        ),
    )

    client.questions_search("1", offset=50)


def test_missed_feeds_end_with_null(api, client):
    api.get(
        f"{API}/missed_feeds",
        json={"messages": None},
        match=query(app_id="7", topic="items", site_id="MLB", limit="10", offset="20"),
    )

    assert client.missed_feeds("7", "items", "MLB", offset=20) == []


# Single resources


@pytest.mark.parametrize(
    ("method", "path", "params", "headers"),
    [
        ("shipment", "/shipments/7", {}, {"x-format-new": "true"}),
        ("shipment_costs", "/shipments/7/costs", {}, {"x-format-new": "true"}),
        ("shipment_sla", "/shipments/7/sla", {}, {"x-format-new": "true"}),
        ("shipment_history", "/shipments/7/history", {}, {"x-format-new": "true"}),
        ("shipment_orders", "/shipments/7/orders", {}, {"X-New-Domain": "true"}),
        ("question", "/questions/7", {"api_version": "4"}, {}),
        ("item_prices", "/items/7/prices", {}, {}),
        ("sale_price", "/items/7/sale_price", {"context": "channel_marketplace"}, {}),
        ("pack", "/packs/7", {}, {}),
        ("user", "/users/7", {}, {}),
        ("response_time", "/users/7/questions/response_time", {}, {}),
    ],
)
def test_a_resource_is_read_as_its_page_says(api, client, method, path, params, headers):
    api.get(
        f"{API}{path}",
        json={"id": 7},
        match=[matchers.query_param_matcher(params), matchers.header_matcher(headers)],
    )

    assert getattr(client, method)("7") == {"id": 7}


def test_an_item_and_an_order_say_what_is_missing(api, client):
    api.get(
        f"{API}/items/MLB1",
        json={"id": "MLB1"},
        status=206,
        headers={"X-Content-Missing": "location"},
        match=query(include_attributes="all"),
    )
    api.get(f"{API}/orders/1", json={"id": 1}, status=206, headers={"X-Content-Missing": "buyer,shipping"})

    assert client.item("MLB1").missing == {"location"}
    assert client.order("1").missing == {"buyer", "shipping"}


def test_no_discount_is_an_empty_list_and_no_order_an_error(api, client):
    api.get(f"{API}/orders/1/discounts", status=404, json={"error": "discount_not_found", "message": "m"})
    api.get(f"{API}/orders/2/discounts", json={"details": [{"type": "coupon"}]})
    api.get(f"{API}/orders/3/discounts", status=404, json={"error": "order_not_found", "message": "m"})

    assert client.order_discounts("1") == []
    assert client.order_discounts("2") == [{"type": "coupon"}]
    with pytest.raises(Gone):
        client.order_discounts("3")


def test_a_shipment_without_orders_is_an_empty_list(api, client):
    api.get(f"{API}/shipments/7/orders", status=204)

    assert client.shipment_orders("7") == []


def test_a_seller_without_questions_has_no_response_time(api, client):
    api.get(f"{API}/users/7/questions/response_time", status=404, json={"error": "not_found", "message": "m"})

    assert client.response_time("7") is None


def test_an_id_cannot_climb_out_of_its_place(client):
    for strange in ("../users/me", "..", "", "1?seller=2", "1/2/../.."):
        with pytest.raises(ValueError, match="Not a path"):
            client.item(strange)


# Writes


def test_a_question_is_answered_by_number(api, client):
    api.post(
        f"{API}/answers",
        json={"id": 7},
        match=[matchers.json_params_matcher({"question_id": 7, "text": "Sim"})],
    )

    assert client.answer_question("7", "Sim") == {"id": 7}


def test_an_item_and_a_variation_are_written_with_what_was_given(api, client):
    api.put(f"{API}/items/MLB1", json=ITEM, match=[matchers.json_params_matcher({"price": 129.9})])
    api.put(
        f"{API}/items/MLB1/variations/2",
        json={},
        match=[matchers.json_params_matcher({"available_quantity": 4})],
    )

    assert client.update_item("MLB1", {"price": Decimal("129.90")}) == ITEM
    client.update_variation("MLB1", "2", {"available_quantity": 4})


def test_stock_is_written_with_the_version_it_was_read_with(api, client):
    api.get(f"{API}/user-products/MLBU9/stock", json={"locations": []}, headers={"x-version": "31"})
    api.put(
        f"{API}/user-products/MLBU9/stock/type/seller_warehouse",
        status=409,
        json={"message": "Version mismatch", "error": "conflict"},
        match=[matchers.header_matcher({"x-version": "31"}), matchers.json_params_matcher({"locations": []})],
    )

    version = client.user_product_stock("MLBU9").headers["X-Version"]

    with pytest.raises(Conflict):
        client.put_user_product_stock("MLBU9", "seller_warehouse", {"locations": []}, version)


def test_a_grant_is_revoked(api, client):
    api.delete(f"{API}/users/1/applications/7", json={"user_id": "1", "app_id": "7", "msg": "ok"})

    assert client.revoke("1", "7")["msg"] == "ok"


# Labels


def test_labels_come_as_a_file(api, client):
    api.get(
        f"{API}/shipment_labels",
        body=b"PK\x03\x04",
        content_type="application/zip",
        match=query(shipment_ids="1,2", response_type="zpl2"),
    )

    assert client.shipment_labels(["1", "2", "1"], "zpl2").content == b"PK\x03\x04"


@pytest.mark.parametrize("status", [400, 200])
def test_refused_labels_name_the_shipments(api, client, status):
    api.get(
        f"{API}/shipment_labels",
        status=status,
        json={
            "failed_shipments": [
                {"shipment_id": 46123456789, "message": "m", "cause": "NOT_PRINTABLE_STATUS"}
            ]
        },
    )

    with pytest.raises(Rejected) as caught:
        client.shipment_labels(["46123456789"])

    assert caught.value.causes[0]["id"] == "46123456789"
    assert "NOT_PRINTABLE_STATUS" in caught.value.codes


@pytest.mark.parametrize("count", [0, 51])
def test_labels_are_asked_for_at_most_fifty_shipments(client, count):
    with pytest.raises(ValueError, match="50"):
        client.shipment_labels([str(number) for number in range(count)])
