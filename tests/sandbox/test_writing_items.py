"""What may be changed on a listing, and how the rest is refused."""

import pytest

from painelml.sandbox import Sandbox
from painelml.sandbox.records import Item

from .conftest import ANA, CARLA, Caller


@pytest.fixture
def item(box: Sandbox) -> Item:
    """A plain active listing of Ana's: no variations, not Full, no price automation."""
    item = next(item for item in box.world.items_of[ANA] if not item.variations and not item.user_product_id)
    item.status, item.sub_status, item.quantity = "active", [], 10
    item.automated_price, item.logistic, item.price_field = False, "drop_off", "present"
    return item


@pytest.fixture
def varied(box: Sandbox) -> Item:
    """A listing with variations, not Full."""
    item = next(item for item in box.world.items_of[ANA] if item.variations)
    item.status, item.sub_status, item.automated_price, item.logistic = "active", [], False, "drop_off"
    return item


def code(answer: object) -> str:
    body = answer.json()  # type: ignore[attr-defined]
    return body["cause"][0]["code"] if body.get("cause") else body["error"]


def test_a_new_price_answers_the_whole_item_and_moves_last_updated(ana: Caller, item: Item) -> None:
    before = ana.get(f"/items/{item.id}").json()["last_updated"]
    answer = ana.put(f"/items/{item.id}", {"price": 129.9}).json()
    assert answer["price"] == 129.9
    assert answer["last_updated"] > before


def test_no_stock_pauses_and_new_stock_wakes_up(ana: Caller, item: Item) -> None:
    empty = ana.put(f"/items/{item.id}", {"available_quantity": 0}).json()
    assert (empty["status"], empty["sub_status"]) == ("paused", ["out_of_stock"])
    assert ana.put(f"/items/{item.id}", {"available_quantity": 3}).json()["status"] == "active"


def test_new_stock_does_not_wake_up_what_the_seller_paused(ana: Caller, item: Item) -> None:
    ana.put(f"/items/{item.id}", {"available_quantity": 0})
    ana.put(f"/items/{item.id}", {"status": "paused"})
    answer = ana.put(f"/items/{item.id}", {"available_quantity": 3}).json()
    assert (answer["status"], answer["sub_status"]) == ("paused", ["paused_by_seller"])


def test_full_stock_is_not_the_sellers_to_change(ana: Caller, item: Item) -> None:
    item.logistic = "fulfillment"
    answer = ana.put(f"/items/{item.id}", {"available_quantity": 5, "price": 50})
    assert answer.status_code == 400
    assert code(answer) == "item.available_quantity.not_modifiable"
    assert item.price != 5000


def test_an_automated_price_is_refused_alone_and_ignored_among_others(ana: Caller, item: Item) -> None:
    item.automated_price = True
    price = item.price
    assert code(ana.put(f"/items/{item.id}", {"price": 50})) == "item.price.not_modifiable"
    answer = ana.put(f"/items/{item.id}", {"price": 50, "available_quantity": 4})
    assert answer.status_code == 200
    assert answer.json()["warnings"][0]["cause_id"] == 502
    assert (item.price, item.quantity) == (price, 4)


def test_deposit_sellers_are_answered_200_and_ignored(box: Sandbox, carla: Caller) -> None:
    item = next(i for i in box.world.items_of[CARLA] if i.logistic != "fulfillment" and i.status == "active")
    quantity = item.quantity
    answer = carla.put(f"/items/{item.id}", {"available_quantity": quantity + 7})
    assert answer.status_code == 200
    assert answer.json()["available_quantity"] == quantity


def test_variations_left_out_are_deleted(ana: Caller, varied: Item) -> None:
    first = varied.variations[0].id
    ana.put(f"/items/{varied.id}", {"variations": [{"id": first, "available_quantity": 9}]})
    assert [(v.id, v.quantity) for v in varied.variations] == [(first, 9)]


def test_one_variation_can_be_changed_alone(ana: Caller, varied: Item) -> None:
    before = [v.quantity for v in varied.variations]
    path = f"/items/{varied.id}/variations/{varied.variations[0].id}"
    assert ana.put(path, {"available_quantity": 33}).json()["available_quantity"] == 33
    assert [v.quantity for v in varied.variations] == [33, *before[1:]]


def test_all_variations_have_one_price(ana: Caller, varied: Item) -> None:
    different = [{"id": v.id, "price": 90 + n} for n, v in enumerate(varied.variations)]
    assert ana.put(f"/items/{varied.id}", {"variations": different}).status_code == 400
    same = [{"id": v.id, "price": 91.5} for v in varied.variations]
    assert ana.put(f"/items/{varied.id}", {"variations": same}).status_code == 200
    assert varied.price == 9150


def test_price_and_stock_of_a_varied_listing_are_set_in_its_variations(ana: Caller, varied: Item) -> None:
    assert ana.put(f"/items/{varied.id}", {"price": 91.5}).status_code == 400
    assert ana.put(f"/items/{varied.id}", {"available_quantity": 5}).status_code == 400


def test_closed_is_final_and_then_deleted(ana: Caller, item: Item) -> None:
    assert ana.put(f"/items/{item.id}", {"deleted": "true"}).status_code == 409
    assert ana.put(f"/items/{item.id}", {"status": "closed"}).status_code == 200
    assert ana.put(f"/items/{item.id}", {"status": "active"}).status_code == 400
    assert ana.put(f"/items/{item.id}", {"deleted": "true"}).json()["sub_status"] == ["deleted"]


def test_closing_a_listing_closes_its_open_questions(box: Sandbox, ana: Caller, item: Item) -> None:
    question = box.world.questions_of[ANA][-1]
    question.item_id, question.status, question.answered = item.id, "UNANSWERED", 0
    box.world.open_questions[question.id] = None
    ana.put(f"/items/{item.id}", {"status": "closed"})
    assert question.status == "CLOSED_UNANSWERED"


@pytest.mark.parametrize(
    "body",
    [{"price": "abc"}, {"price": 1}, {"available_quantity": -1}, {"status": "Paused"}, {"catalog": 1}, {}],
)
def test_nonsense_is_a_400_and_changes_nothing(ana: Caller, item: Item, body: dict[str, object]) -> None:
    before = item.pack()
    assert ana.put(f"/items/{item.id}", body).status_code == 400
    assert item.pack() == before


def test_the_sku_is_an_attribute(ana: Caller, item: Item) -> None:
    ana.put(f"/items/{item.id}", {"attributes": [{"id": "SELLER_SKU", "value_name": "NEW-1"}]})
    attributes = {a["id"]: a["value_name"] for a in ana.get(f"/items/{item.id}").json()["attributes"]}
    assert attributes["SELLER_SKU"] == "NEW-1"


def test_listings_of_one_user_product_share_their_stock(box: Sandbox, ana: Caller, item: Item) -> None:
    twin = next(i for i in box.world.items_of[ANA] if i is not item and not i.variations)
    for one in (item, twin):
        one.user_product_id = "MLBU1"
        box.world.user_products["MLBU1"].append((one, None))
    ana.put(f"/items/{item.id}", {"available_quantity": 17})
    assert twin.quantity == 17
