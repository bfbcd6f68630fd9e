"""`/api/costs` and `/api/sale-costs`: the seller's own costs, for scripts."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook
from rest_framework.test import APIClient

from accounts.models import Account, User
from catalog.costs import BEGINNING, CostTable
from catalog.models import ProductCost, SaleCost
from orders.models import Order, OrderItem
from painelml.audit.models import Entry
from tests.factories import NOON, make_order
from tests.people import mara  # noqa: F401

from .conftest import Login

D = Decimal
COSTS, SALE_COSTS, IMPORT = "/api/costs", "/api/sale-costs", "/api/costs/import"


@pytest.fixture
def api(login: Login, mara: User) -> APIClient:  # noqa: F811
    """Mara's calls: she manages the shop."""
    return login(mara)


def product(account: Account, amount: str, starts_on: date = BEGINNING, sku: str = "GARRAFA") -> ProductCost:
    return ProductCost.objects.create(account=account, sku=sku, amount=D(amount), starts_on=starts_on)


def upload(api: APIClient, account: Account, content: bytes | str, **query: str) -> Any:
    data = content.encode() if isinstance(content, str) else content
    address = f"{IMPORT}?" + "&".join(
        f"{name}={value}" for name, value in {"account_id": account.pk, **query}.items()
    )
    return api.post(address, {"file": SimpleUploadedFile("costs", data)}, format="multipart")


def test_a_cost_is_added_and_says_from_when_until_when_it_counts(api: APIClient, account: Account) -> None:
    first = api.post(COSTS, {"account_id": account.pk, "sku": "GARRAFA", "amount": "12.5"})
    assert first.status_code == 201
    assert first.json() == {
        "id": ProductCost.objects.get().pk,
        "account_id": account.pk,
        "currency_id": "BRL",
        "starts_on": None,
        "ends_on": None,
        "sku": "GARRAFA",
        "amount": "12.50",
    }
    later = {"account_id": account.pk, "sku": "GARRAFA", "amount": 14, "starts_on": "2026-11-10"}
    second = api.post(COSTS, later).json()
    assert (second["amount"], second["starts_on"], second["ends_on"]) == ("14.00", "2026-11-10", None)
    assert api.get(f"{COSTS}/{first.json()['id']}").json()["ends_on"] == "2026-11-09"
    table = CostTable(account)
    assert [table.unit_cost("GARRAFA", date(2026, 11, day)) for day in (9, 10)] == [D("12.50"), D("14.00")]


def test_a_cost_of_the_same_day_is_replaced(api: APIClient, account: Account) -> None:
    cost = product(account, "10.00", date(2026, 11, 1))
    body = {"account_id": account.pk, "sku": "GARRAFA", "amount": "11.00", "starts_on": "2026-11-01"}
    assert api.post(COSTS, body).json()["id"] == cost.pk
    assert ProductCost.objects.get().amount == D("11.00")


def test_an_amount_is_changed_and_a_cost_forgotten(api: APIClient, account: Account) -> None:
    old, new = product(account, "10.00"), product(account, "20.00", date(2026, 11, 1))
    assert api.patch(f"{COSTS}/{new.pk}", {"amount": "21.00"}).json()["amount"] == "21.00"
    assert api.delete(f"{COSTS}/{new.pk}").status_code == 204
    assert CostTable(account).unit_cost("GARRAFA", date(2026, 11, 20)) == D("10.00")
    assert api.get(f"{COSTS}/{old.pk}").json()["ends_on"] is None
    assert api.get(f"{COSTS}/{new.pk}").status_code == 404


def test_costs_of_a_sale_are_kept_the_same_way(api: APIClient, account: Account) -> None:
    added = api.post(SALE_COSTS, {"account_id": account.pk, "tax_percent": "6.00", "per_order": "1.25"})
    assert added.status_code == 201
    assert added.json() == {
        "id": SaleCost.objects.get().pk,
        "account_id": account.pk,
        "currency_id": "BRL",
        "starts_on": None,
        "ends_on": None,
        "tax_percent": "6.00",
        "per_order": "1.25",
    }
    address = f"{SALE_COSTS}/{added.json()['id']}"
    later = {"account_id": account.pk, "tax_percent": 7, "per_order": 0, "starts_on": "2027-01-01"}
    api.post(SALE_COSTS, later)
    assert api.get(address).json()["ends_on"] == "2026-12-31"
    changed = api.patch(address, {"tax_percent": "6.5"}).json()
    assert (changed["tax_percent"], changed["per_order"]) == ("6.50", "1.25")
    assert api.delete(address).status_code == 204
    assert SaleCost.objects.get().tax_percent == D(7)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("tasks_run_at_once")
def test_every_change_reckons_the_sales_again(api: APIClient, account: Account) -> None:
    order = make_order(account, gross=D(100), net=D(70), refunded=D(0), date_created=NOON, shipment_id="")
    OrderItem.objects.filter(order=order).update(sku="GARRAFA", quantity=2)

    def profit() -> Decimal | None:
        return Order.objects.get().profit

    body = {"account_id": account.pk, "sku": "GARRAFA", "amount": "20.00"}
    cost = api.post(COSTS, body).json()
    api.post(SALE_COSTS, {"account_id": account.pk, "tax_percent": "10", "per_order": "1.00"})
    assert profit() == D("19.00")  # 70 - 2 × 20 - 10 % of 100 - 1
    api.patch(f"{COSTS}/{cost['id']}", {"amount": "25.00"})
    assert profit() == D("9.00")
    api.delete(f"{COSTS}/{cost['id']}")
    assert profit() is None
    upload(api, account, "sku;custo\nGARRAFA;5,00\n")
    assert profit() == D("49.00")


def test_the_list_is_narrowed_by_account_and_sku(
    api: APIClient, account: Account, second_account: Account, other_account: Account
) -> None:
    mine = product(account, "1.00")
    second = product(second_account, "2.00")
    product(second_account, "3.00", sku="COPO")
    product(other_account, "4.00")

    def listed(query: str) -> set[int]:
        return {row["id"] for row in api.get(f"{COSTS}{query}").json()["results"]}

    assert len(listed("")) == 3
    assert listed("?sku=GARRAFA") == {mine.pk, second.pk}
    assert listed(f"?sku=GARRAFA&account_id={account.pk}") == {mine.pk}
    assert api.get(f"{COSTS}?account_id={other_account.pk}").status_code == 404
    assert [row["amount"] for row in api.get(f"{COSTS}?ordering=sku&page_size=1").json()["results"]] == [
        "3.00"
    ]


def test_the_list_costs_as_much_with_two_rows_as_with_twenty(
    api: APIClient, account: Account, django_assert_num_queries: Any
) -> None:
    for number in range(2):
        product(account, "1.00", sku=f"A-{number}")
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        api.get(COSTS)
    for number in range(18):
        product(account, "1.00", sku=f"B-{number}")
    with django_assert_num_queries(len(few)):
        assert len(api.get(COSTS).json()["results"]) == 20


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"amount": "-0.01"}, "amount"),
        ({"amount": "1.001"}, "amount"),
        ({"amount": "12,50"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": None}, "amount"),
        ({"amount": "9999999999999"}, "amount"),
        ({"sku": ""}, "sku"),
        ({"sku": "x" * 121}, "sku"),
        ({"sku": "a\tb"}, "sku"),
        ({"sku": ["a"]}, "sku"),
        ({"starts_on": "21/11/2026"}, "starts_on"),
        ({"starts_on": "0001-01-01"}, "starts_on"),
        ({"account_id": "mine"}, "account_id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_cost_is_refused_by_name(
    api: APIClient, account: Account, change: dict[str, Any], name: str
) -> None:
    body = {"account_id": account.pk, "sku": "GARRAFA", "amount": "1.00", **change}
    answer = api.post(COSTS, body, format="json")
    assert (answer.status_code, list(answer.json())) == (400, [name])
    assert not ProductCost.objects.exists()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"tax_percent": "100.01"}, "tax_percent"),
        ({"tax_percent": "-1"}, "tax_percent"),
        ({"tax_percent": None}, "tax_percent"),
        ({"per_order": "-1"}, "per_order"),
        ({"per_order": "1.234"}, "per_order"),
        ({"starts_on": "soon"}, "starts_on"),
        ({"sku": "GARRAFA"}, "sku"),
    ],
)
def test_a_wrong_cost_of_a_sale_is_refused_by_name(
    api: APIClient, account: Account, change: dict[str, Any], name: str
) -> None:
    body = {"account_id": account.pk, "tax_percent": "6.00", "per_order": "1.00", **change}
    answer = api.post(SALE_COSTS, body, format="json")
    assert (answer.status_code, list(answer.json())) == (400, [name])


# Files

FILE = "SKU;Custo;Desde\nGARRAFA;12,50;\nCOPO;abc;\n;3,00;\nCOPO;4,00;21/11/2026\n"


def test_a_file_is_told_before_it_is_stored(api: APIClient, account: Account) -> None:
    answer = upload(api, account, FILE, dry_run="true")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["found"], told["stored"], told["wrong"]) == (2, 0, 2)
    assert told["rows"] == [
        {"row": 2, "sku": "GARRAFA", "amount": "12.50", "starts_on": None},
        {"row": 5, "sku": "COPO", "amount": "4.00", "starts_on": "2026-11-21"},
    ]
    assert [(row["row"], row["sku"], len(row["errors"])) for row in told["errors"]] == [
        (3, "COPO", 1),
        (4, "", 1),
    ]
    assert not ProductCost.objects.exists()
    assert not Entry.objects.filter(action="other").exists(), "a trial is no action"


def test_a_files_good_rows_are_stored_and_the_others_said(api: APIClient, account: Account) -> None:
    told = upload(api, account, FILE).json()
    assert (told["found"], told["stored"], told["wrong"]) == (2, 2, 2)
    assert set(ProductCost.objects.values_list("sku", "amount")) == {("GARRAFA", D("12.50")), ("COPO", D(4))}


def test_a_workbook_is_read_too(api: APIClient, account: Account) -> None:
    book, content = Workbook(), io.BytesIO()
    book.active.append(["sku", "cost"])
    book.active.append(["GARRAFA", 12.5])
    book.save(content)
    assert upload(api, account, content.getvalue()).json()["stored"] == 1


@pytest.mark.parametrize("content", ["", "nome;valor\nx;1\n", b"PK\x03\x04nothing", b"x" * (5 * 1024**2 + 1)])
def test_a_file_of_something_else_is_refused_in_words(
    api: APIClient, account: Account, content: bytes | str
) -> None:
    answer = upload(api, account, content)
    assert (answer.status_code, list(answer.json())) == (400, ["file"])


def test_a_file_needs_an_account_and_has_to_be_one(api: APIClient, account: Account) -> None:
    assert list(api.post(IMPORT, {}, format="multipart").json()) == ["account_id"]
    nothing = api.post(f"{IMPORT}?account_id={account.pk}", {}, format="multipart")
    assert (nothing.status_code, list(nothing.json())) == (400, ["file"])
    as_json = api.post(f"{IMPORT}?account_id={account.pk}", {"file": "sku"}, format="json")
    assert (as_json.status_code, list(as_json.json())) == (415, ["detail"])


# Whose


@pytest.mark.parametrize("role", ["bruno", "vera"])
def test_costs_are_the_managers_business(
    login: Login, account: Account, request: pytest.FixtureRequest, role: str
) -> None:
    api, cost = login(request.getfixturevalue(role)), product(account, "1.00")
    body = {"account_id": account.pk, "sku": "X", "amount": "1.00"}
    assert api.get(COSTS).status_code == api.get(SALE_COSTS).status_code == 403
    assert api.post(COSTS, body).status_code == api.delete(f"{COSTS}/{cost.pk}").status_code == 403
    assert upload(api, account, FILE).status_code == 403
    assert list(ProductCost.objects.values_list("pk", flat=True)) == [cost.pk]


def test_costs_of_another_organization_are_404(api: APIClient, other_account: Account) -> None:
    cost = product(other_account, "1.00")
    sale = SaleCost.objects.create(account=other_account, starts_on=BEGINNING, tax_percent=6)
    assert api.get(COSTS).json()["results"] == api.get(SALE_COSTS).json()["results"] == []
    for address in (f"{COSTS}/{cost.pk}", f"{SALE_COSTS}/{sale.pk}"):
        assert api.get(address).status_code == api.delete(address).status_code == 404
        assert api.patch(address, {"amount": "2.00"}).status_code == 404
    body = {"account_id": other_account.pk, "sku": "X", "amount": "1.00"}
    assert api.post(COSTS, body).status_code == 404
    body = {"account_id": other_account.pk, "tax_percent": "1.00", "per_order": "1.00"}
    assert api.post(SALE_COSTS, body).status_code == 404
    assert upload(api, other_account, FILE).status_code == 404
    assert (ProductCost.objects.count(), SaleCost.objects.count()) == (1, 1)
