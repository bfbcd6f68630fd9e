"""Editing price, stock and status in the catalog, with what Mercado Livre made of it."""

import json
import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import translation

from accounts.models import Account, User
from catalog.forms import Amount
from catalog.models import Item
from painelml.sandbox import Sandbox
from painelml.sync.engine import apply
from tests.api.conftest import SELLER
from tests.factories import make_item
from tests.web.pages import text_of

from .conftest import HTMX, Login


@pytest.fixture
def item(box: Sandbox, seller: Account) -> Item:
    """An active listing at 100.00 with 10 units."""
    truth = next(one for one in box.world.items_of[SELLER] if not one.variations)
    truth.status, truth.sub_status, truth.quantity, truth.logistic = "active", [], 10, "drop_off"
    truth.price, truth.original_price, truth.price_field, truth.automated_price = 10000, 0, "present", False
    apply(seller, "items", [truth.id])
    box.calls.clear()
    return Item.objects.get()


def fields_of(html: str) -> dict[str, str]:
    """Return what a browser would send of the form it was shown."""
    sent = {}
    for tag in re.findall(r"<input[^>]*>", html):
        values = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        sent[values["name"]] = unescape(values.get("value", ""))
    for name, options in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', html, re.DOTALL):
        sent[name] = re.search(r'value="(\w+)" selected', options)[1]
    return sent


def open_form(page: Client, item: Item) -> dict[str, str]:
    answer = page.get(f"/catalog/{item.meli_id}/edit/", headers=HTMX)
    assert answer.status_code == 200
    return fields_of(answer.content.decode())


def save(page: Client, item: Item, sent: dict[str, str], htmx: bool = True) -> Any:
    return page.post(f"/catalog/{item.meli_id}/edit/", sent, headers=HTMX if htmx else {})


def test_what_was_accepted_is_said_in_the_corner_and_the_row_drawn_anew(
    page: Client, box: Sandbox, item: Item
) -> None:
    answer = save(page, item, {**open_form(page, item), "price": "129.90", "available_quantity": "4"})
    assert answer.status_code == 200
    said = json.loads(answer.headers["HX-Trigger"])["painel:say"]
    words = said["text"].replace("\u00a0", " ")
    assert (words, said["kind"]) == (
        "Mercado Livre accepted it: R$ 129.90, 4 available, Active.",
        "success",
    )
    assert "R$ 129.90" in text_of(answer)
    assert answer.content.decode().count("<tr") == 1
    truth = box.world.items[item.meli_id]
    assert (truth.price, truth.quantity) == (12990, 4)


def test_prices_are_typed_as_the_reader_writes_them(bruno: User, box: Sandbox, item: Item) -> None:
    page = Client(headers={"accept-language": "pt-br"})
    page.force_login(bruno)
    sent = open_form(page, item)
    assert sent["price"] == "100,00"
    assert save(page, item, {**sent, "price": "1.129,90"}).status_code == 200
    assert box.world.items[item.meli_id].price == 112990
    asked = save(page, item, {**sent, "price": "1.129"})
    assert asked.status_code == 422
    assert "Digite assim: 1.234,56." in text_of(asked)


@pytest.mark.parametrize(
    ("language", "typed", "example"),
    [
        ("en", "1.234,56", "1,234.56"), ("en", "179,90", "1,234.56"), ("en", "abc", "1,234.56"),
        ("pt-br", "1.234", "1.234,56"), ("pt-br", "1.500", "1.234,56"), ("pt-br", "1,234.56", "1.234,56"),
        ("es", "1.234", "1\u00a0234,56"), ("es", "1.234.56", "1\u00a0234,56"),
    ],
)  # fmt: skip
def test_an_amount_in_another_style_is_answered_with_the_readers(
    language: str, typed: str, example: str
) -> None:
    with translation.override(language), pytest.raises(ValidationError) as refused:
        Amount(max_digits=14, localize=True).clean(typed)
    assert example in refused.value.messages[0]


@pytest.mark.parametrize("typed", ["1.234,56", "1 234,56", "1\u00a0234,56", "1234,56", "1234.56"])
def test_in_spanish_thousands_may_be_apart_by_point_or_space(typed: str) -> None:
    with translation.override("es"):
        assert Amount(max_digits=14, localize=True).clean(typed) == Decimal("1234.56")


def test_only_what_was_changed_is_sent(page: Client, box: Sandbox, item: Item) -> None:
    """A sale between opening and saving the form is not undone."""
    sent = open_form(page, item)
    box.world.set_quantity(box.world.items[item.meli_id], None, 7)
    apply(item.account, "items", [item.meli_id])
    assert save(page, item, {**sent, "price": "50.00"}).status_code == 200
    assert box.world.items[item.meli_id].quantity == 7


def test_saving_nothing_asks_nobody(page: Client, box: Sandbox, item: Item) -> None:
    assert save(page, item, open_form(page, item)).status_code == 200
    assert not box.calls


def test_pausing(page: Client, box: Sandbox, item: Item) -> None:
    answer = save(page, item, {**open_form(page, item), "status": "paused"})
    assert "Paused" in text_of(answer)
    assert box.world.items[item.meli_id].status == "paused"


def test_a_refusal_keeps_what_was_typed_and_says_why(page: Client, box: Sandbox, item: Item) -> None:
    box.world.items[item.meli_id].automated_price = True
    answer = save(page, item, {**open_form(page, item), "price": "77.00"})
    assert answer.status_code == 422
    assert 'value="77.00"' in answer.content.decode()
    assert "automation" in text_of(answer)


def test_an_ignored_price_is_named_although_the_rest_was_done(page: Client, box: Sandbox, item: Item) -> None:
    box.world.items[item.meli_id].automated_price = True
    sent = {**open_form(page, item), "price": "77.00", "available_quantity": "3"}
    answer = save(page, item, sent)
    assert answer.status_code == 422
    assert "Mercado Livre left this as it was: Price." in text_of(answer)
    assert (Item.objects.get().price, Item.objects.get().available_quantity) == (Decimal(100), 3)


def test_an_unreachable_mercado_livre_changes_nothing(page: Client, box: Sandbox, item: Item) -> None:
    sent = {**open_form(page, item), "price": "77.00"}
    box.stop()
    answer = save(page, item, sent)
    assert answer.status_code == 422
    assert "cannot be reached" in text_of(answer)
    assert Item.objects.get().price == Decimal(100)


@pytest.mark.parametrize(
    ("name", "value"),
    [("price", "-1"), ("price", ""), ("price", "x"), ("price", "1.999"), ("available_quantity", "-1"),
     ("available_quantity", "1.5"), ("available_quantity", "1.000"), ("available_quantity", ""),
     ("status", "closed"), ("status", "")],
)  # fmt: skip
def test_what_is_no_value_is_said_at_its_field(
    page: Client, box: Sandbox, item: Item, name: str, value: str
) -> None:
    answer = save(page, item, {**open_form(page, item), name: value})
    assert answer.status_code == 422
    assert 'class="field-error"' in answer.content.decode()
    assert not box.calls


def test_opened_by_its_address_the_form_is_a_page_and_leads_to_the_item(
    page: Client, box: Sandbox, item: Item
) -> None:
    whole = page.get(f"/catalog/{item.meli_id}/edit/").content.decode()
    assert "<html" in whole
    assert f'hx-post="/catalog/{item.meli_id}/edit/"' not in whole
    sent = {**open_form(page, item), "price": "55.00"}
    answer = page.post(f"/catalog/{item.meli_id}/edit/", sent, follow=True)
    assert answer.redirect_chain == [(f"/catalog/{item.meli_id}/", 302)]
    assert "Mercado Livre accepted it: R$ 55.00" in text_of(answer)


def test_each_variation_has_its_stock_and_all_have_one_price(
    page: Client, box: Sandbox, seller: Account
) -> None:
    truth = next(one for one in box.world.items_of[SELLER] if one.variations)
    truth.status, truth.sub_status, truth.automated_price, truth.logistic = "active", [], False, "drop_off"
    truth.price_field = "present"
    apply(seller, "items", [truth.id])
    item = Item.objects.get()
    first = truth.variations[0]
    ids = [one.id for one in truth.variations]
    sent = {**open_form(page, item), f"units_{first.id}": "33", "price": "91.50"}
    assert save(page, item, sent).status_code == 200
    assert (first.quantity, truth.price, [one.id for one in truth.variations]) == (33, 9150, ids)


def test_stock_at_full_is_not_offered(page: Client, account: Account) -> None:
    item = make_item(account, logistic_type="fulfillment")
    assert "available_quantity" not in open_form(page, item)
    assert "lies at Full" in text_of(page.get(f"/catalog/{item.meli_id}/edit/"))


def test_a_row_can_be_had_back(page: Client, account: Account) -> None:
    item = make_item(account, title="Chaleira")
    answer = page.get(f"/catalog/{item.meli_id}/", headers=HTMX)
    assert "Chaleira" in text_of(answer)
    assert "<html" not in answer.content.decode()
    assert "<html" in page.get(f"/catalog/{item.meli_id}/").content.decode()


def test_operators_are_offered_to_edit_what_can_be_edited(
    login: Login, page: Client, vera: User, account: Account
) -> None:
    make_item(account)
    make_item(account, status="closed")
    assert page.get("/catalog/").content.decode().count("/edit/") == 2  # href and hx-get of one link
    assert "/edit/" not in login(vera).get("/catalog/").content.decode()


def test_a_viewer_may_not_edit(login: Login, vera: User, account: Account) -> None:
    item, viewer = make_item(account), login(vera)
    assert viewer.get(f"/catalog/{item.meli_id}/edit/").status_code == 403
    assert save(viewer, item, {"price": "1"}).status_code == 403
    assert viewer.get(f"/catalog/{item.meli_id}/", headers=HTMX).status_code == 200


def test_an_item_of_another_organization_is_404(
    page: Client, account: Account, other_account: Account
) -> None:
    item = make_item(other_account)
    assert page.get(f"/catalog/{item.meli_id}/").status_code == 404
    assert page.get(f"/catalog/{item.meli_id}/edit/").status_code == 404
    assert save(page, item, {"price": "1"}).status_code == 404
