"""`PATCH /api/items/{id}`: price, stock and status go to Mercado Livre first (contract 3.5)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Account, User
from catalog.models import Item
from painelml.sandbox import Sandbox
from painelml.sandbox.records import Item as BoxItem
from painelml.sandbox.records import Variation
from painelml.sync.engine import apply
from tests.factories import make_item

from .conftest import DEPOSIT_SELLER, SELLER, Login


def mirrored(box: Sandbox, account: Account, truth: BoxItem) -> BoxItem:
    """Hold the item as it is in the box, and forget how we came to know it."""
    apply(account, "items", [truth.id])
    box.calls.clear()
    return truth


def plain(box: Sandbox, seller_id: int = SELLER, **fields: Any) -> BoxItem:
    """An active listing without variations, at 100.00 with 10 units, not Full, its price not automated."""
    item = next(one for one in box.world.items_of[seller_id] if not one.variations)
    defaults = {
        "status": "active", "sub_status": [], "quantity": 10, "price": 10000, "original_price": 0,
        "automated_price": False, "logistic": "drop_off", "price_field": "present",
    }  # fmt: skip
    for name, value in {**defaults, **fields}.items():
        setattr(item, name, value)
    return item


def varied(box: Sandbox, **fields: Any) -> BoxItem:
    """An active listing with variations, not Full."""
    item = next(one for one in box.world.items_of[SELLER] if one.variations)
    defaults = {
        "status": "active", "sub_status": [], "automated_price": False, "logistic": "drop_off",
        "price_field": "present",
    }  # fmt: skip
    for name, value in {**defaults, **fields}.items():
        setattr(item, name, value)
    return item


def change(api: APIClient, item: BoxItem, **body: Any) -> Any:
    return api.patch(f"/api/items/{item.id}", body, format="json")


def test_price_and_stock_reach_mercado_livre_in_one_call_and_come_back(
    login: Login, bruno: User, box: Sandbox, seller: Account
) -> None:
    item = mirrored(box, seller, plain(box))
    answer = change(login(bruno), item, price="129.90", available_quantity=4)
    assert answer.status_code == 200
    assert (answer.json()["price"], answer.json()["available_quantity"]) == ("129.90", 4)
    assert (item.price, item.quantity) == (12990, 4)
    row = Item.objects.get()
    assert (row.price, row.available_quantity) == (Decimal("129.90"), 4)
    assert dict(box.calls) == {"GET /items/bulk": 2, "PUT /items/{id}": 1}


@pytest.mark.parametrize("price", [129.9, "129.9", "129.900"])
def test_a_price_is_a_number_or_a_decimal_string(
    api: APIClient, box: Sandbox, seller: Account, price: Any
) -> None:
    item = mirrored(box, seller, plain(box))
    assert change(api, item, price=price).json()["price"] == "129.90"
    assert item.price == 12990


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"price": -1}, "price"),
        ({"price": 0}, "price"),
        ({"price": "9999999999"}, "price"),
        ({"price": "1e40"}, "price"),
        ({"price": "NaN"}, "price"),
        ({"price": "10.999"}, "price"),
        ({"price": True}, "price"),
        ({"price": None}, "price"),
        ({"price": [10]}, "price"),
        ({"price": "dez"}, "price"),
        ({"available_quantity": -1}, "available_quantity"),
        ({"available_quantity": 1.5}, "available_quantity"),
        ({"available_quantity": "4"}, "available_quantity"),
        ({"available_quantity": True}, "available_quantity"),
        ({"available_quantity": None}, "available_quantity"),
        ({"available_quantity": 100_000}, "available_quantity"),
        ({"status": "Paused"}, "status"),
        ({"status": "deleted"}, "status"),
        ({"status": None}, "status"),
        ({"status": ["active"]}, "status"),
        ({"variations": []}, "variations"),
        ({"variations": {}}, "variations"),
        ({"variations": ["1"]}, "variations"),
        ({"variations": [{"id": "1"}]}, "variations"),
        ({"variations": [{"id": "1", "available_quantity": 1, "price": 2}]}, "variations"),
        ({"variations": [{"id": "1", "available_quantity": 1}] * 2}, "variations"),
        ({"title": "Outro"}, "title"),
        ({"price": 10, "title": "Outro"}, "title"),
        ({}, "detail"),
    ],
)
def test_what_is_no_change_is_refused_by_name(
    api: APIClient, box: Sandbox, seller: Account, body: dict[str, Any], name: str
) -> None:
    item = mirrored(box, seller, plain(box))
    answer = change(api, item, **body)
    assert answer.status_code == 400
    assert list(answer.json()) == [name]
    assert not box.calls


@pytest.mark.parametrize("body", ["[]", '"x"', "1", "{", "null", '{"price": NaN}'])
def test_a_body_that_is_no_object_is_400(api: APIClient, account: Account, body: str) -> None:
    item = make_item(account)
    answer = api.patch(f"/api/items/{item.meli_id}", data=body, content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])


def test_pesos_of_chile_have_no_cents(api: APIClient, account: Account) -> None:
    item = make_item(account, currency_id="CLP")
    answer = api.patch(f"/api/items/{item.meli_id}", {"price": "10990.50"}, format="json")
    assert (answer.status_code, list(answer.json())) == (400, ["price"])


def test_an_automated_price_alone_is_refused_in_words(api: APIClient, box: Sandbox, seller: Account) -> None:
    item = mirrored(box, seller, plain(box, automated_price=True))
    answer = change(api, item, price=50)
    assert (answer.status_code, answer.json()["code"]) == (502, "item.price.not_modifiable")
    assert "automa" in answer.json()["detail"]


def test_an_automated_price_ignored_with_200_is_409_and_the_rest_is_done(
    api: APIClient, box: Sandbox, seller: Account
) -> None:
    item = mirrored(box, seller, plain(box, automated_price=True))
    answer = change(api, item, price=50, available_quantity=3)
    told = answer.json()
    assert (answer.status_code, told["fields"], told["code"]) == (409, ["price"], "item.price.not_modifiable")
    assert "automa" in told["detail"]
    row = Item.objects.get()
    assert (row.price, row.available_quantity, item.price) == (Decimal(100), 3, 10000)


def test_the_price_of_an_item_that_does_not_tell_it_is_changed(
    api: APIClient, box: Sandbox, seller: Account
) -> None:
    item = mirrored(box, seller, plain(box, price_field="absent"))
    answer = change(api, item, price=50)
    assert (answer.status_code, answer.json()["price"]) == (200, "50.00")


def test_stock_at_full_is_refused_in_words(api: APIClient, box: Sandbox, seller: Account) -> None:
    item = mirrored(box, seller, plain(box, logistic="fulfillment"))
    answer = change(api, item, available_quantity=5)
    assert answer.status_code == 502
    assert "Full" in answer.json()["detail"]
    assert item.quantity == 10


def test_stock_of_one_variation_touches_no_other(api: APIClient, box: Sandbox, seller: Account) -> None:
    item = mirrored(box, seller, varied(box))
    first, *others = item.variations
    before = [(one.id, one.quantity) for one in others]
    answer = change(api, item, variations=[{"id": str(first.id), "available_quantity": 33}])
    assert answer.status_code == 200
    assert answer.json()["variations"][0]["available_quantity"] == 33
    assert [(one.id, one.quantity) for one in item.variations] == [(first.id, 33), *before]
    assert answer.json()["variations"][0]["attributes"]


def test_a_price_holds_for_every_variation_also_for_those_we_did_not_know(
    api: APIClient, box: Sandbox, seller: Account
) -> None:
    """A list without the unknown one would delete it."""
    item = varied(box)
    late = item.variations.pop()
    mirrored(box, seller, item)
    item.variations.append(late)
    box.world.item_changed(item)
    ids = [one.id for one in item.variations]
    answer = change(api, item, price="91.50")
    assert answer.status_code == 200
    assert [one.id for one in item.variations] == ids
    assert {one["price"] for one in answer.json()["variations"]} == {"91.50"}
    assert item.price == 9150


def test_stock_of_a_varied_item_is_asked_by_variation(api: APIClient, box: Sandbox, seller: Account) -> None:
    item = mirrored(box, seller, varied(box))
    answer = change(api, item, available_quantity=5)
    assert (answer.status_code, list(answer.json())) == (400, ["available_quantity"])
    answer = change(api, item, variations=[{"id": "1", "available_quantity": 5}])
    assert (answer.status_code, list(answer.json())) == (400, ["variations"])
    assert not [call for call in box.calls if call.startswith("PUT")]


def test_pausing_and_waking_up(api: APIClient, box: Sandbox, seller: Account) -> None:
    item = mirrored(box, seller, plain(box))
    assert change(api, item, status="paused").json()["status"] == "paused"
    assert Item.objects.get().sub_status == ["paused_by_seller"]
    assert change(api, item, status="active").json()["status"] == "active"
    assert item.status == "active"


def test_no_stock_pauses_by_itself(api: APIClient, box: Sandbox, seller: Account) -> None:
    item = mirrored(box, seller, plain(box))
    told = change(api, item, available_quantity=0).json()
    assert (told["status"], told["sub_status"]) == ("paused", ["out_of_stock"])


@pytest.mark.parametrize("body", [{"status": "active"}, {"price": 10}, {"available_quantity": 1}])
def test_closed_is_final(api: APIClient, box: Sandbox, seller: Account, body: dict[str, Any]) -> None:
    item = mirrored(box, seller, plain(box))
    assert change(api, item, status="closed").json()["status"] == "closed"
    box.calls.clear()
    answer = change(api, item, **body)
    assert (answer.status_code, answer.json()["fields"]) == (409, ["status"])
    assert not [call for call in box.calls if call.startswith("PUT")]


def test_an_item_closed_elsewhere_meanwhile_is_409_and_mirrored(
    api: APIClient, box: Sandbox, seller: Account
) -> None:
    item = mirrored(box, seller, plain(box))
    item.status = "closed"
    box.world.item_changed(item)
    assert change(api, item, price=10).status_code == 409
    assert Item.objects.get().status == "closed"


def test_a_deposit_is_written_with_the_version_just_read(
    api: APIClient, box: Sandbox, connect: Callable[[int], Account]
) -> None:
    account = connect(DEPOSIT_SELLER)
    item = mirrored(box, account, plain(box, DEPOSIT_SELLER))
    answer = change(api, item, available_quantity=21)
    assert (answer.status_code, answer.json()["available_quantity"], item.quantity) == (200, 21, 21)
    assert sum(calls for name, calls in box.calls.items() if name.startswith("PUT")) == 1


def test_each_variation_is_written_to_the_deposit_of_its_own_product(
    api: APIClient, box: Sandbox, connect: Callable[[int], Account]
) -> None:
    """What is written to the item is ignored there, and answered with 200."""
    account = connect(DEPOSIT_SELLER)
    item = plain(box, DEPOSIT_SELLER, user_product_id="")
    for number in (1, 2):
        product, colour = f"MLBU90000007{number}", [["COLOR", "Cor", str(number), f"Azul {number}"]]
        one = Variation(180_000_000_000 + number, colour, 3, 0, "", product, "")
        item.variations.append(one)
        box.world.user_products[product] = [(item, one)]
    twin = next(one for one in box.world.items_of[DEPOSIT_SELLER] if one is not item)
    twin.user_product_id, twin.status, twin.logistic = product, "active", "drop_off"
    box.world.user_products[product].append((twin, None))
    mirrored(box, account, twin)
    mirrored(box, account, item)
    answer = change(api, item, variations=[{"id": "180000000002", "available_quantity": 21}])
    assert answer.status_code == 200
    assert [one["available_quantity"] for one in answer.json()["variations"]] == [3, 21]
    assert [one.quantity for one in item.variations] == [3, 21]
    assert Item.objects.get(meli_id=twin.id).available_quantity == 21


def test_several_deposits_are_named_and_left_alone(
    api: APIClient, box: Sandbox, connect: Callable[[int], Account]
) -> None:
    item = mirrored(box, connect(DEPOSIT_SELLER), plain(box, DEPOSIT_SELLER, elsewhere=4))
    answer = change(api, item, available_quantity=21)
    assert (answer.status_code, list(answer.json())) == (400, ["available_quantity"])
    assert "(70001: 6, 70002: 4)" in answer.json()["available_quantity"][0]
    assert not [call for call in box.calls if call.startswith("PUT")]


@pytest.mark.parametrize(("sales", "status"), [(2, 200), (9, 409)])
def test_sales_between_reading_and_writing_a_deposit_are_reckoned_with(
    api: APIClient,
    box: Sandbox,
    connect: Callable[[int], Account],
    monkeypatch: pytest.MonkeyPatch,
    sales: int,
    status: int,
) -> None:
    account = connect(DEPOSIT_SELLER)
    item = mirrored(box, account, plain(box, DEPOSIT_SELLER))
    check, left = box.box.drills.check_permission, iter(range(sales))

    def sell_before_writing(path: str) -> None:
        check(path)
        if path.endswith("/stock/type/seller_warehouse") and next(left, None) is not None:
            box.world.set_quantity(item, None, item.quantity - 1)

    monkeypatch.setattr(box.box.drills, "check_permission", sell_before_writing)
    assert change(api, item, available_quantity=21).status_code == status
    assert item.quantity == (21 if status == 200 else 6)
    assert Item.objects.get().available_quantity == item.quantity


def test_listings_that_share_the_stock_follow(
    api: APIClient, box: Sandbox, connect: Callable[[int], Account]
) -> None:
    account = connect(DEPOSIT_SELLER)
    item = plain(box, DEPOSIT_SELLER)
    twin = next(one for one in box.world.items_of[DEPOSIT_SELLER] if one is not item)
    twin.user_product_id = item.user_product_id
    twin.status, twin.logistic = "active", "drop_off"
    box.world.user_products[item.user_product_id].append((twin, None))
    mirrored(box, account, twin)
    mirrored(box, account, item)
    assert change(api, item, available_quantity=17).status_code == 200
    assert Item.objects.get(meli_id=twin.id).available_quantity == 17


def test_a_change_stopped_half_way_says_what_was_done(
    api: APIClient, box: Sandbox, connect: Callable[[int], Account]
) -> None:
    account = connect(DEPOSIT_SELLER)
    item = mirrored(box, account, plain(box, DEPOSIT_SELLER))
    answer = change(api, item, available_quantity=21, price="0.50")
    assert (answer.status_code, answer.json()["applied"]) == (502, ["available_quantity"])
    row = Item.objects.get()
    assert (row.available_quantity, row.price) == (21, Decimal(100))


def test_a_refusal_is_502_with_its_causes(api: APIClient, box: Sandbox, seller: Account) -> None:
    item = mirrored(box, seller, plain(box))
    answer = change(api, item, price="0.50")
    assert answer.status_code == 502
    assert answer.json()["causes"][0]["code"] == "item.price.invalid"
    assert Item.objects.get().price == Decimal(100)


def test_an_answer_lost_on_the_way_is_looked_up(
    api: APIClient, box: Sandbox, seller: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = mirrored(box, seller, plain(box))
    drills, calls = box.box.drills, iter([False, True])
    drills.errors, drills.error_rate = ["drop_after"], 0.5
    monkeypatch.setattr(drills, "happens", lambda rate: rate == 0.5 and next(calls, False))
    answer = change(api, item, price="55.00")
    assert (answer.status_code, answer.json()["price"]) == (200, "55.00")
    assert box.calls["PUT /items/{id}"] == 1


def test_mercado_livre_out_of_reach_is_503_and_nothing_changes(
    api: APIClient, box: Sandbox, seller: Account
) -> None:
    item = mirrored(box, seller, plain(box))
    box.stop()
    answer = change(api, item, price=50)
    assert (answer.status_code, bool(answer["Retry-After"])) == (503, True)
    assert Item.objects.get().price == Decimal(100)


def test_a_viewer_may_not_change_an_item(login: Login, vera: User, account: Account) -> None:
    item = make_item(account)
    assert login(vera).patch(f"/api/items/{item.meli_id}", {"price": 10}).status_code == 403


def test_an_item_of_another_organization_is_404(
    api: APIClient, account: Account, other_account: Account
) -> None:
    item = make_item(other_account)
    assert api.patch(f"/api/items/{item.meli_id}", {"price": 10}).status_code == 404
    assert api.put(f"/api/items/{item.meli_id}", {"price": 10}).status_code == 405
