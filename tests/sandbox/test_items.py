"""Searching and reading listings, with the limits and the two envelopes."""

from collections.abc import Callable
from itertools import islice

import pytest

from painelml.sandbox import Sandbox

from .conftest import ANA, CARLA, Caller


def ids_of(ana: Caller, **params: object) -> list[str]:
    return ana.get(f"/users/{ANA}/items/search", **params).json()["results"]


def test_search_gives_ids_only_and_the_seller_as_text(ana: Caller) -> None:
    answer = ana.get(f"/users/{ANA}/items/search", limit=10).json()
    assert answer["seller_id"] == str(ANA)
    assert answer["paging"] == {"limit": 10, "offset": 0, "total": 60}
    assert len(answer["results"]) == 10


def test_closed_listings_are_among_the_results_unless_filtered(box: Sandbox, ana: Caller) -> None:
    item = box.world.items_of[ANA][0]
    ana.put(f"/items/{item.id}", {"status": "closed"})
    assert item.id in ids_of(ana, limit=100)
    assert item.id not in ids_of(ana, limit=100, status="active")


@pytest.mark.parametrize("params", [{"limit": 101}, {"offset": 1001}, {"search_type": "scan", "offset": 50}])
def test_limits_of_the_search(ana: Caller, params: dict[str, int]) -> None:
    assert ana.get(f"/users/{ANA}/items/search", **params).status_code == 400


def test_last_updated_desc_begins_with_what_changed_last(box: Sandbox, ana: Caller) -> None:
    item = box.world.items_of[ANA][7]
    box.world.set_price(item, 12990)
    assert ids_of(ana, orders="last_updated_desc", limit=1) == [item.id]


def test_a_scan_reaches_everything_with_a_new_id_on_every_page(box: Sandbox, ana: Caller) -> None:
    seen, scrolls, scroll_id = [], [], ""
    while True:
        page = ana.get(f"/users/{ANA}/items/search", search_type="scan", limit=25, scroll_id=scroll_id).json()
        if not page["results"]:
            break
        seen += page["results"]
        scroll_id = page["scroll_id"]
        scrolls.append(scroll_id)
    assert sorted(seen) == sorted(item.id for item in box.world.items_of[ANA])
    assert len(set(scrolls)) == len(scrolls) == 3
    assert page["scroll_id"] is None


def test_an_old_scroll_id_opens_its_old_page_again(ana: Caller) -> None:
    first = ana.get(f"/users/{ANA}/items/search", search_type="scan", limit=20).json()["scroll_id"]
    pages = [
        ana.get(f"/users/{ANA}/items/search", search_type="scan", limit=20, scroll_id=first).json()["results"]
        for _ in range(2)
    ]
    assert pages[0] == pages[1]


def test_a_scroll_id_expires_after_five_minutes(box: Sandbox, ana: Caller) -> None:
    scroll_id = ana.get(f"/users/{ANA}/items/search", search_type="scan", limit=20).json()["scroll_id"]
    box.control(clock={"advance_s": 301})
    assert ana.get(f"/users/{ANA}/items/search", search_type="scan", scroll_id=scroll_id).status_code == 400


def test_sku_search_looks_at_the_attribute_also_of_variations(box: Sandbox, ana: Caller) -> None:
    item = next(item for item in box.world.items_of[ANA] if item.variations and item.variations[0].sku)
    assert item.id in ids_of(ana, seller_sku=item.variations[0].sku)
    assert ids_of(ana, sku=item.variations[0].sku) == []


def test_bulk_answers_in_order_with_status_codes(ana: Caller) -> None:
    one, two = ids_of(ana, limit=2)
    rows = ana.get("/items/bulk", ids=f"{two},MLB1,{one}").json()
    assert [row["status_code"] for row in rows] == [200, 404, 200]
    assert [row.get("id") for row in rows] == [two, None, one]
    assert rows[1] == {"status_code": 404}


def test_bulk_refuses_duplicates_and_more_than_twenty(ana: Caller) -> None:
    ids = ids_of(ana, limit=21)
    assert ana.get("/items/bulk", ids=",".join(ids)).status_code == 400
    assert ana.get("/items/bulk", ids=f"{ids[0]},{ids[0]}").status_code == 400


def test_a_projection_of_bulk_needs_the_prefix_and_its_own_status_code(ana: Caller) -> None:
    (item_id,) = ids_of(ana, limit=1)
    with_prefix = ana.get("/items/bulk", ids=item_id, attributes="body.id,body.title").json()[0]
    without_prefix = ana.get("/items/bulk", ids=item_id, attributes="status_code,title").json()[0]
    assert set(with_prefix) == {"body"}
    assert set(with_prefix["body"]) == {"id", "title"}
    assert without_prefix == {"id": item_id, "status_code": 200}


def test_the_legacy_multiget_uses_code_and_collapses_duplicates(ana: Caller) -> None:
    (item_id,) = ids_of(ana, limit=1)
    rows = ana.get("/items", ids=f"{item_id},{item_id},MLB1").json()
    assert [row["code"] for row in rows] == [200, 404]
    assert rows[1]["body"]["error"] == "not_found"


@pytest.mark.parametrize(("drill", "path"), [("bulk", "/items/bulk"), ("legacy_multiget", "/items")])
def test_either_way_can_be_switched_off(box: Sandbox, ana: Caller, drill: str, path: str) -> None:
    (item_id,) = ids_of(ana, limit=1)
    box.control(drills={drill: False})
    assert ana.get(path, ids=item_id).status_code == 404


def test_variations_hide_their_sku_unless_all_attributes_are_asked_for(box: Sandbox, ana: Caller) -> None:
    item = next(item for item in box.world.items_of[ANA] if item.variations and item.variations[0].sku)
    plain = ana.get(f"/items/{item.id}").json()["variations"][0]
    full = ana.get(f"/items/{item.id}", include_attributes="all").json()["variations"][0]
    assert "attributes" not in plain
    assert full["attributes"][0]["value_name"] == item.variations[0].sku


def test_some_listings_have_no_price_and_tell_it_elsewhere(new_box: Callable[..., Sandbox]) -> None:
    box = new_box(items=300)
    ana = Caller(box, ANA)
    priceless = [item for item in box.world.items_of[ANA] if item.price_field == "absent"]
    assert priceless
    for item in islice(priceless, 3):
        assert "price" not in ana.get(f"/items/{item.id}").json()
        assert ana.get(f"/items/{item.id}/sale_price").json()["amount"] == pytest.approx(item.price / 100)


def test_a_promotion_shows_beside_the_standard_price(box: Sandbox, ana: Caller) -> None:
    item = next(item for item in box.world.items_of[ANA] if item.original_price)
    kinds = {price["type"]: price["amount"] for price in ana.get(f"/items/{item.id}/prices").json()["prices"]}
    assert kinds == {"standard": item.original_price / 100, "promotion": item.price / 100}


def test_another_sellers_listing_is_forbidden(box: Sandbox, ana: Caller) -> None:
    theirs = box.world.items_of[CARLA][0].id
    assert ana.get(f"/items/{theirs}").json()["error"] == "access_denied"
    assert ana.get(f"/users/{CARLA}/items/search").status_code == 403


def test_a_family_id_is_larger_than_a_signed_64_bit_number(box: Sandbox, carla: Caller) -> None:
    item = box.world.items_of[CARLA][0]
    assert carla.get(f"/items/{item.id}").json()["family_id"] > 2**63


def test_pictures_come_from_the_sandbox_itself(box: Sandbox, ana: Caller) -> None:
    (item_id,) = ids_of(ana, limit=1)
    thumbnail = ana.get(f"/items/{item_id}").json()["thumbnail"]
    assert thumbnail == f"{box.url}/pictures/{item_id}.svg"
    assert ana.get(f"/pictures/{item_id}.svg").headers["Content-Type"].startswith("image/svg+xml")


def test_a_permalink_leads_to_a_page(box: Sandbox, ana: Caller) -> None:
    (item_id,) = ids_of(ana, limit=1)
    permalink = ana.get(f"/items/{item_id}").json()["permalink"]
    assert box.world.items[item_id].title in ana.get(permalink.removeprefix(box.url)).text


def test_listing_prices_are_one_object_once_category_and_type_are_given(ana: Caller) -> None:
    several = ana.get("/sites/MLB/listing_prices", price=50).json()
    one = ana.get(
        "/sites/MLB/listing_prices", price=50, category_id="MLB1000", listing_type_id="gold_special"
    ).json()
    assert {row["listing_type_id"] for row in several} == {"gold_pro", "gold_special"}
    details = one["sale_fee_details"]
    assert one["sale_fee_amount"] == pytest.approx(
        50 * details["percentage_fee"] / 100 + details["fixed_fee"]
    )
    assert ana.get("/sites/MLB/listing_prices", price="x").status_code == 400
