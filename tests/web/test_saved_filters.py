"""Filters people keep under a name, each person their own."""

import pytest
from django.test import Client

from accounts.models import Account, User
from painelml.models import SavedFilter
from tests.factories import make_item
from tests.web.conftest import Login
from tests.web.pages import swap, text_of

SECTIONS = {
    "items": "item-table",
    "orders": "order-table",
    "shipments": "shipment-table",
    "questions": "question-list",
}


def keep(page: Client, name: str, query: str, of: str = "items") -> str:
    return page.post(f"/filters/{of}/keep/", {"name": name, "query": query})["Location"]


def test_filters_in_use_become_a_chip_that_brings_them_back(account: Account, page: Client) -> None:
    make_item(account, title="Caneca")
    assert "Save these filters" in text_of(page.get("/catalog/?status=active"))
    assert keep(page, "On sale", "status=active&ordering=price&after=x") == "/catalog/?status=active"
    html = page.get("/catalog/?status=active").content.decode()
    assert 'href="/catalog/?status=active" aria-current="true">On sale</a>' in html
    assert "Save these filters" not in html


def test_the_same_name_again_gets_the_new_filters(account: Account, page: Client) -> None:
    keep(page, "Mine", "status=active")
    keep(page, "Mine", "stock=out")
    assert SavedFilter.objects.get().query == "stock=out"


@pytest.mark.parametrize(
    ("name", "query"),
    [("", "status=active"), ("x" * 41, "status=active"), ("Mine", ""), ("Mine", "stock=odd"),
     ("Mine", "account_id=999999&status=active"), ("Mine", "evil=1")],
)  # fmt: skip
def test_what_is_no_filter_is_not_kept(account: Account, page: Client, name: str, query: str) -> None:
    keep(page, name, query)
    assert not SavedFilter.objects.exists()


def test_a_person_keeps_at_most_a_dozen_of_a_list(account: Account, page: Client) -> None:
    for number in range(SavedFilter.MOST + 1):
        keep(page, f"Filter {number}", "status=active")
    assert SavedFilter.objects.count() == SavedFilter.MOST
    keep(page, "Orders", "status=paid", of="orders")
    assert SavedFilter.objects.filter(list="orders").exists()


def test_kept_filters_are_renamed_and_removed(account: Account, page: Client) -> None:
    keep(page, "One", "status=active")
    keep(page, "Two", "status=paused")
    one = SavedFilter.objects.get(name="One")
    page.post(f"/filters/items/{one.pk}/rename/", {"name": "Two"})
    assert SavedFilter.objects.filter(name="One").exists()
    page.post(f"/filters/items/{one.pk}/rename/", {"name": "Uno"})
    assert SavedFilter.objects.filter(name="Uno").exists()
    page.post(f"/filters/items/{one.pk}/remove/")
    assert "Uno" not in text_of(page.get("/filters/items/"))


def test_nobody_sees_or_touches_those_of_somebody_else(
    login: Login, account: Account, page: Client, bruno: User
) -> None:
    keep(page, "Anas", "status=active")
    kept = SavedFilter.objects.get()
    colleague = login(bruno)
    assert "Anas" not in text_of(colleague.get("/catalog/"))
    assert colleague.post(f"/filters/items/{kept.pk}/remove/").status_code == 404
    assert colleague.post(f"/filters/items/{kept.pk}/rename/", {"name": "x"}).status_code == 404
    assert page.post(f"/filters/orders/{kept.pk}/remove/").status_code == 404
    assert page.get("/filters/nothing/").status_code == 404


@pytest.mark.parametrize(
    ("of", "address", "query"),
    [
        ("items", "/catalog/", "status=active"),
        ("orders", "/orders/", "status=paid"),
        ("shipments", "/shipments/all/", "status=shipped"),
        ("questions", "/questions/", "status=ANSWERED"),
    ],
)
def test_every_list_offers_to_keep_its_filters(
    account: Account, page: Client, of: str, address: str, query: str
) -> None:
    assert "Save these filters" in text_of(page.get(f"{address}?{query}"))
    keep(page, "Mine", query, of)
    html = page.get(f"{address}?{query}").content.decode()
    assert f'href="{address}?{query}" aria-current="true">Mine</a>' in html
    part = swap(page, f"{address}?{query}", SECTIONS[of])
    assert 'id="saved-filters" hx-swap-oob="true"' in part.content.decode()
    live = {"HX-Request": "true", "HX-Target": SECTIONS[of], "Painel-Live": "1"}
    part = page.get(f"{address}?{query}", headers=live)
    assert 'id="tabs"' in part.content.decode()
    assert "saved-filters" not in part.content.decode(), "a name may be half typed there"
