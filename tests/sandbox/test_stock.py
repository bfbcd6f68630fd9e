"""Stock by location: the version must come back, and Full is counted elsewhere."""

import pytest

from painelml.sandbox import Sandbox
from painelml.sandbox.records import Item, Variation

from .conftest import ANA, CARLA, Caller


@pytest.fixture
def item(box: Sandbox) -> Item:
    return next(i for i in box.world.items_of[CARLA] if i.logistic != "fulfillment" and i.status == "active")


def body(quantity: int, store: str = "70001") -> dict[str, object]:
    return {"locations": [{"store_id": store, "network_node_id": "BRP000111", "quantity": quantity}]}


def path(item: Item, kind: str = "/type/seller_warehouse") -> str:
    return f"/user-products/{item.user_product_id}/stock{kind}"


def test_a_deposit_is_written_with_the_version_just_read(carla: Caller, item: Item) -> None:
    read = carla.get(path(item, ""))
    written = carla.put(path(item), body(21), {"x-version": read.headers["x-version"]})
    assert read.json()["locations"][0]["type"] == "seller_warehouse"
    assert written.json()["locations"][0]["quantity"] == 21
    assert carla.get(f"/items/{item.id}").json()["available_quantity"] == 21


def test_a_sale_in_between_makes_the_version_old(box: Sandbox, carla: Caller, item: Item) -> None:
    version = carla.get(path(item, "")).headers["x-version"]
    box.world.set_quantity(item, None, item.quantity + 1)
    answer = carla.put(path(item), body(21), {"x-version": version})
    assert answer.status_code == 409
    assert answer.json()["message"] == "Version mismatch"


def test_what_lies_in_the_second_deposit_stays_there(carla: Caller, item: Item) -> None:
    item.elsewhere = 4
    written = carla.put(path(item), body(21), {"x-version": carla.get(path(item, "")).headers["x-version"]})
    assert [one["quantity"] for one in written.json()["locations"]] == [21, 4]
    assert carla.get(f"/items/{item.id}").json()["available_quantity"] == 25


def test_a_product_of_a_variation_is_told_by_its_own_name(box: Sandbox, carla: Caller, item: Item) -> None:
    one = Variation(180_000_000_001, [["COLOR", "Cor", "1", "Azul"]], 3, 0, "AZUL", "MLBU900000071", "")
    box.world.user_products["MLBU900000071"] = [(item, one)]
    told = carla.get("/user-products/MLBU900000071").json()
    assert (told["id"], told["attributes"][0]["values"][0]["name"]) == ("MLBU900000071", "AZUL")


def test_without_the_version_nothing_is_written(carla: Caller, item: Item) -> None:
    assert carla.put(path(item), body(21)).json()["message"] == "Missing X-Version header"


def test_an_unknown_deposit_is_refused(carla: Caller, item: Item) -> None:
    version = {"x-version": carla.get(path(item, "")).headers["x-version"]}
    assert carla.put(path(item), body(1, store="1"), version).json()["message"] == "store not found"


def test_the_documented_limit_of_a_hundred_a_minute_holds(carla: Caller, item: Item) -> None:
    statuses = [carla.get(path(item, "")).status_code for _ in range(101)]
    assert statuses.count(200) == 100
    assert statuses[-1] == 429


def test_full_stock_has_a_page_of_its_own(box: Sandbox, ana: Caller) -> None:
    inventory_id, (item, variation) = next(
        (key, value) for key, value in box.world.inventories.items() if value[0].seller_id == ANA
    )
    answer = ana.get(f"/inventories/{inventory_id}/stock/fulfillment").json()
    assert answer["available_quantity"] == (variation or item).quantity
    assert ana.get("/inventories/NONE/stock/fulfillment").json()["error"] == "seller_product_not_found"
