import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, Organization, Role
from tests.factories import make_item, make_person
from tests.web.conftest import Login
from tests.web.pages import swap, text_of


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Camiseta", "Caneca", "Chaleira"]),
        ("q=chaleira", ["Chaleira"]),
        ("q=termica", ["Chaleira"]),
        ("sku=CAN-1", ["Caneca"]),
        ("stock=out", ["Chaleira"]),
        ("stock=low", ["Caneca"]),
        ("stock=in", ["Camiseta", "Caneca"]),
        ("status=paused", ["Chaleira"]),
        ("logistic_type=fulfillment", ["Camiseta"]),
        ("listing_type_id=gold_pro", ["Caneca"]),
    ],
)
def test_filters_narrow_the_catalog(account: Account, page: Client, query: str, found: list[str]) -> None:
    make_item(account, title="Camiseta", logistic_type="fulfillment")
    make_item(account, title="Caneca", sku="CAN-1", available_quantity=2, listing_type_id="gold_pro")
    make_item(account, title="Chaleira térmica", status="paused", is_out_of_stock=True, available_quantity=0)

    words = text_of(page.get(f"/catalog/?{query}"))

    assert [name for name in ("Camiseta", "Caneca", "Chaleira") if name in words] == found


def test_the_sku_of_a_variation_finds_its_item(account: Account, page: Client) -> None:
    item = make_item(account, title="Camiseta", sku="CAM", variations=2)

    assert item.meli_id in text_of(page.get("/catalog/?sku=CAM-1"))


def test_a_row_tells_price_stock_and_variations(account: Account, page: Client) -> None:
    make_item(account, title="Camiseta", sku="CAM-9", variations=2)

    words = text_of(page.get("/catalog/"))

    assert "CAM-9 · 2 variations" in words
    assert "Active" in words
    assert "R$ 129.90 12 units 3 sold" in words


def test_an_unknown_price_is_a_dash_and_not_zero(account: Account, page: Client) -> None:
    make_item(account, price=None, available_quantity=None)

    words = text_of(page.get("/catalog/"))

    assert "R$ 0" not in words
    assert "– – 3 sold" in words


def test_htmx_gets_the_table_alone(account: Account, page: Client) -> None:
    html = swap(page, "/catalog/", "item-table").content.decode()

    assert html.count('id="item-table"') == 1
    assert "<html" not in html


def test_carlas_items_are_not_anas(account: Account, other_account: Account, page: Client) -> None:
    make_item(other_account, title="Segredo")

    assert "Segredo" not in text_of(page.get("/catalog/"))


def test_queries_are_the_same_for_two_rows_and_for_twenty(account: Account, page: Client) -> None:
    def queries(rows: int) -> int:
        for _ in range(rows):
            make_item(account, variations=2)
        with CaptureQueriesContext(connection) as asked:
            page.get("/catalog/")
        return len(asked)

    assert queries(2) == queries(18)


def test_only_who_may_change_an_item_is_offered_to(
    account: Account, shop: Organization, page: Client, login: Login
) -> None:
    make_item(account, title="Camiseta")
    viewer = login(make_person("Vera", shop, Role.VIEWER))

    assert "Edit" in text_of(page.get("/catalog/"))
    assert "Camiseta" in text_of(viewer.get("/catalog/"))
    assert "Edit" not in text_of(viewer.get("/catalog/"))
