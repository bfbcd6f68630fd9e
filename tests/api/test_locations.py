"""`GET /api/items/{id}/locations` and the page beside it: where the units lie, as Mercado Livre says."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Account, User
from catalog.locations import PRODUCTS_MAX
from catalog.models import Item, Variation
from painelml.sandbox import Sandbox
from tests.factories import make_item
from tests.web.pages import swap, text_of

from .conftest import DEPOSIT_SELLER, SELLER
from .test_change_item import mirrored, plain


@pytest.fixture
def page(ana: User) -> Client:
    page = Client(headers={"accept-language": "en"})
    page.force_login(ana)
    return page


@pytest.fixture
def item(box: Sandbox, connect: Callable[[int], Account]) -> Item:
    """Ten units, four of them in the second deposit."""
    mirrored(box, connect(DEPOSIT_SELLER), plain(box, DEPOSIT_SELLER, elsewhere=4))
    return Item.objects.get()


@pytest.fixture
def divided(box: Sandbox, item: Item, account: Account) -> Callable[..., Item]:
    """Give the item variations of these products, which lie where the item's own units do."""

    def divide(*products: str) -> Item:
        Item.objects.update(user_product_id="")
        for number, product in enumerate(products):
            Variation.objects.create(item=item, meli_id=str(number), position=number, user_product_id=product)
            box.world.user_products[product] = [(box.world.items[item.meli_id], None)]
        return Item.objects.get(pk=item.pk)

    return divide


def located(api: APIClient, item: Item) -> Any:
    return api.get(f"/api/items/{item.meli_id}/locations")


def test_every_deposit_is_told_with_its_units(api: APIClient, item: Item) -> None:
    assert located(api, item).json() == {
        "left_out": 0,
        "locations": [
            {
                "variation_ids": [],
                "type": "seller_warehouse",
                "store_id": store,
                "network_node_id": node,
                "available_quantity": units,
            }
            for store, node, units in [("70001", "BRP000111", 6), ("70002", "BRP000222", 4)]
        ],
    }


def test_what_lies_at_full_has_no_deposit(api: APIClient, box: Sandbox, seller: Account) -> None:
    mirrored(box, seller, plain(box, SELLER, logistic="fulfillment", user_product_id="MLBU900000077"))
    truth = box.world.items[Item.objects.get().meli_id]
    box.world.user_products["MLBU900000077"] = [(truth, None)]
    told = located(api, Item.objects.get()).json()["locations"]
    assert [(one["type"], one["store_id"], one["available_quantity"]) for one in told] == [
        ("meli_facility", None, 10)
    ]


def test_a_product_mercado_livre_does_not_know_lies_nowhere(api: APIClient, item: Item, box: Sandbox) -> None:
    Item.objects.update(user_product_id="MLBU999999999")
    assert located(api, item).json() == {"left_out": 0, "locations": []}


def test_an_item_without_a_product_asks_nothing(api: APIClient, account: Account, box: Sandbox) -> None:
    box.calls.clear()
    assert located(api, make_item(account)).json() == {"left_out": 0, "locations": []}
    assert not box.calls


def test_looking_again_asks_nothing_until_the_item_changes(api: APIClient, item: Item, box: Sandbox) -> None:
    first = located(api, item).json()
    asked = sum(box.calls.values())
    assert located(api, item).json() == first
    assert sum(box.calls.values()) == asked == 1
    Item.objects.update(remote_updated_at=item.remote_updated_at + timedelta(seconds=1))
    located(api, item)
    assert sum(box.calls.values()) == 2


def test_variations_of_one_product_share_its_units(
    api: APIClient, page: Client, divided: Callable[..., Item], box: Sandbox
) -> None:
    item = divided("MLBU900000071", "MLBU900000072", "MLBU900000071")
    told = located(api, item).json()["locations"]
    assert [(one["variation_ids"], one["available_quantity"]) for one in told] == [
        (["0", "2"], 6), (["0", "2"], 4), (["1"], 6), (["1"], 4),
    ]  # fmt: skip
    assert sum(box.calls.values()) == 2
    assert page.get(f"/catalog/{item.meli_id}/locations/").status_code == 200


def test_an_item_of_very_many_products_is_told_in_part(
    api: APIClient, page: Client, divided: Callable[..., Item], box: Sandbox
) -> None:
    item = divided(*(f"MLBU9000001{number:02}" for number in range(PRODUCTS_MAX + 3)))
    told = located(api, item).json()
    assert (len(told["locations"]), told["left_out"]) == (2 * PRODUCTS_MAX, 3)
    assert sum(box.calls.values()) == PRODUCTS_MAX
    assert "3 more products are not shown." in text_of(page.get(f"/catalog/{item.meli_id}/locations/"))


def test_mercado_livre_out_of_reach_is_said_on_the_page(page: Client, item: Item, box: Sandbox) -> None:
    box.stop()
    part = swap(page, f"/catalog/{item.meli_id}/locations/", "locations")
    assert text_of(part) == "Mercado Livre cannot be reached. Try again in a moment. Try again"
    assert f'hx-get="/catalog/{item.meli_id}/locations/" hx-target="#locations"' in part.content.decode()
    assert "Mercado Livre cannot be reached." in text_of(page.get(f"/catalog/{item.meli_id}/locations/"))


def test_the_page_of_an_item_leads_to_its_deposits(page: Client, item: Item, account: Account) -> None:
    address = f"/catalog/{item.meli_id}/locations/"
    assert address in page.get(f"/catalog/{item.meli_id}/").content.decode()
    part = swap(page, address, "")
    assert text_of(part) == "Deposit 70001: 6 units Deposit 70002: 4 units"
    assert "Where the units lie Deposit 70001: 6 units" in text_of(page.get(address))
    plain_item = make_item(account)
    assert "/locations/" not in page.get(f"/catalog/{plain_item.meli_id}/").content.decode()
