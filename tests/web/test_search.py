"""One field finds an order, a pack, a buyer, an item, a SKU, a parcel or a question."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, User
from painelml import trigrams
from painelml.web import search
from tests.factories import make_item, make_order, make_question, make_shipment
from tests.web.conftest import Login
from tests.web.pages import swap, text_of


def found(page: Client, q: str, **more: Any) -> str:
    return text_of(page.get("/search/", {"q": q, **more})).partition("Search Search ")[2]


@pytest.mark.parametrize("q", ["2000009999", "#2000009999", " 2000 009 999 "])
def test_a_sale_is_found_by_its_number_as_people_paste_it(account: Account, page: Client, q: str) -> None:
    make_order(account, meli_id="2000009999", buyer_nickname="TORRES")

    assert "TORRES" in found(page, q)


def test_every_order_of_a_pack_is_found_by_it(account: Account, page: Client) -> None:
    orders = [make_order(account, pack_id="2000000777") for _ in range(2)]

    html = page.get("/search/?q=2000000777").content.decode()

    assert all(f"/orders/{order.meli_id}/" in html for order in orders)


def test_an_order_is_found_by_its_buyer_whatever_the_case_and_accents(account: Account, page: Client) -> None:
    order = make_order(account, buyer_nickname="João.Torres")

    assert f"/orders/{order.meli_id}/" in page.get("/search/?q=JOAO").content.decode()


@pytest.mark.parametrize("q", ["MLB1234567", "mlb-1234567", "CAN-AZ", "caneca"])
def test_an_item_is_found_by_its_id_its_sku_and_its_title(account: Account, page: Client, q: str) -> None:
    make_item(account, meli_id="MLB1234567", sku="CAN-AZ", title="Caneca azul")

    assert "Caneca azul" in found(page, q)


def test_an_item_is_found_by_the_sku_of_a_variation(account: Account, page: Client) -> None:
    item = make_item(account, title="Caneca azul", variations=1, search_text="caneca azul\nvar-9")
    item.variations.update(sku="VAR-9")

    assert "Caneca azul" in found(page, "VAR-9")


def test_a_parcel_is_found_by_its_tracking_number(account: Account, page: Client) -> None:
    shipment = make_shipment(account, tracking_number="BR123XY", search_text="br123xy")

    assert f"/shipments/{shipment.meli_id}/" in page.get("/search/?q=BR123XY").content.decode()


def test_a_question_is_found_by_its_words_and_opens_in_the_inbox(account: Account, page: Client) -> None:
    question = make_question(account, text="Serve em fogão de indução?")

    html = page.get("/search/?q=inducao").content.decode()

    assert f"question={question.meli_id}" in html
    assert page.get(f"/questions/?q={question.meli_id}&question={question.meli_id}").status_code == 200


def test_an_id_finds_what_has_it_and_not_what_mentions_it(account: Account, page: Client) -> None:
    order = make_order(account, meli_id="2000009999")
    make_question(account, text="E o pedido 2000009999?")

    html = page.get("/search/?q=2000009999").content.decode()

    assert f"/orders/{order.meli_id}/" in html
    assert "E o pedido" not in html


def test_an_id_that_nothing_has_is_looked_for_in_words(account: Account, page: Client) -> None:
    make_question(account, text="E o pedido 2000009999?")

    assert "E o pedido" in found(page, "2000009999")


def test_with_indexed_words_every_row_is_searched(
    account: Account, page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not trigrams.is_indexed(search.INDEX):
        pytest.skip("this server has no pg_trgm")
    monkeypatch.setattr(search, "NEWEST", 1)
    make_order(account, meli_id="2000000001", buyer_nickname="TORRES")
    make_order(account, meli_id="2000000002", buyer_nickname="OUTRA")

    assert "TORRES" in found(page, "torres")
    assert "The lists search everything" not in found(page, "outra")


@pytest.mark.parametrize("q", ["AA123456789BR", " aa 123 456 789 br", "40123456789"])
def test_a_parcel_is_found_by_its_tracking_number_as_people_paste_it(
    account: Account, page: Client, q: str
) -> None:
    number = "40123456789" if q[0] == "4" else "AA123456789BR"
    shipment = make_shipment(account, tracking_number=number, search_text="")

    assert f"/shipments/{shipment.meli_id}/" in page.get("/search/", {"q": q}).content.decode()


def test_only_the_newest_rows_are_searched_for_words_and_the_page_says_so(
    account: Account, page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "NEWEST", 1)
    monkeypatch.setattr(trigrams, "is_indexed", lambda name: False)
    make_order(account, meli_id="2000000001", buyer_nickname="TORRES")
    make_order(account, meli_id="2000000002", buyer_nickname="OUTRA")

    assert "Nothing here has “torres”" in found(page, "torres")
    assert "The lists search everything" in found(page, "outra")
    assert "TORRES" in found(page, "2000000001"), "ids are found however old"


def test_each_kind_leads_to_its_list_with_the_same_words(account: Account, page: Client) -> None:
    make_order(account, buyer_nickname="TORRES")

    html = page.get("/search/?q=torres").content.decode()

    assert 'href="/orders/?q=torres"' in html
    assert "TORRES" in text_of(page.get("/orders/?q=torres"))


def test_nobody_finds_what_belongs_to_another_organization(
    other_account: Account, account: Account, page: Client
) -> None:
    order = make_order(other_account, buyer_nickname="SECRETO")
    make_item(other_account, title="Secreto")
    make_question(other_account, text="Secreto?")
    make_shipment(other_account, search_text="secreto")

    for q in ("secreto", order.meli_id):
        assert "Nothing here has" in found(page, q)
    assert page.get(f"/search/?q=secreto&account_id={other_account.pk}").status_code == 404


def test_the_chosen_account_narrows_what_is_found(
    account: Account, second_account: Account, page: Client
) -> None:
    make_item(account, title="Caneca azul")

    assert "Caneca azul" in found(page, "caneca", account_id=account.pk)
    assert "Nothing here has" in found(page, "caneca", account_id=second_account.pk)


def test_below_the_field_five_of_a_kind_are_shown_and_the_way_to_all(account: Account, page: Client) -> None:
    for number in range(7):
        make_item(account, title=f"Caneca {number}")

    response = swap(page, "/search/?q=caneca", "found")

    assert "<html" not in response.content.decode()
    assert response.content.decode().count('class="found-row"') == 5
    assert 'href="/search/?q=caneca"' in response.content.decode()


@pytest.mark.parametrize("q", ["", "a", " ", "\x00", "%", "'", "<script>alert(1)</script>", "x" * 5000])
def test_nothing_that_is_typed_breaks_it(account: Account, page: Client, q: str) -> None:
    response = page.get("/search/", {"q": q})

    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()


def test_a_percent_sign_is_a_percent_sign(account: Account, page: Client) -> None:
    make_item(account, title="Caneca azul")

    assert "Nothing here has" in found(page, "ca%ca")


def test_more_rows_ask_no_more_queries(account: Account, page: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page.get("/search/?q=caneca")
        return len(asked)

    def add() -> None:
        make_item(account, title="Caneca")
        make_question(account, text="caneca?")
        order = make_order(account)
        order.search_text = "caneca"
        order.save()

    add()
    few = queries()
    for _ in range(10):
        add()

    assert queries() == few


def test_logged_out_people_find_the_login(client: Client, db: None) -> None:
    assert client.get("/search/?q=a").headers["Location"].startswith("/login/")


def test_viewers_search_too(account: Account, vera: User, login: Login) -> None:
    make_item(account, title="Caneca azul")

    assert "Caneca azul" in found(login(vera), "caneca")
