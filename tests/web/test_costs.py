"""The page on which managers say what products and sales cost."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, User
from catalog.costs import BEGINNING
from catalog.models import ProductCost, SaleCost
from orders.models import OrderItem
from tests.factories import make_order
from tests.web.conftest import Login
from tests.web.pages import text_of

CSV = b"SKU;Custo;A partir de\nGARRAFA;12,50;\nCANECA;7,00;2026-11-01\n;3,00;\nPRATO;caro;\n"


def path(account: Account, rest: str = "") -> str:
    return f"/accounts/{account.pk}/costs/{rest}"


def upload(page: Client, account: Account, content: bytes) -> Any:
    return page.post(path(account, "file/"), {"file": SimpleUploadedFile("costs.csv", content)})


def token_in(response: Any) -> str:
    return re.search(r'name="token" value="([^"]+)"', response.content.decode())[1]  # type: ignore[index]


def stored() -> list[tuple[str, date, Decimal]]:
    return list(ProductCost.objects.order_by("sku").values_list("sku", "starts_on", "amount"))


def test_a_cost_is_typed_the_way_people_write_it(account: Account, page: Client) -> None:
    response = page.post(
        path(account), {"sku": "GARRAFA", "amount": "1.234,50", "starts_on": ""}, follow=True
    )

    assert stored() == [("GARRAFA", BEGINNING, Decimal("1234.50"))]
    assert "GARRAFA always R$ 1,234.50" in text_of(response)
    assert "1 cost saved." in text_of(response)


def test_a_cost_of_the_same_day_is_replaced(account: Account, page: Client) -> None:
    for amount in ("10,00", "12,00"):
        page.post(path(account), {"sku": "GARRAFA", "amount": amount, "starts_on": "2026-11-01"})

    assert stored() == [("GARRAFA", date(2026, 11, 1), Decimal("12.00"))]


@pytest.mark.parametrize(
    "typed",
    [
        {"sku": "", "amount": "1"},
        {"sku": "A", "amount": "-1"},
        {"sku": "A", "amount": "1", "starts_on": "soon"},
    ],
)
def test_a_wrong_cost_is_refused_with_what_was_typed(
    account: Account, page: Client, typed: dict[str, str]
) -> None:
    response = page.post(path(account), typed)

    assert response.status_code == 422
    assert 'class="errorlist"' in response.content.decode()
    assert stored() == []


def test_a_file_is_shown_before_anything_is_stored(account: Account, page: Client) -> None:
    response = upload(page, account, CSV)

    words = text_of(response)
    assert "2 rows can be saved. 2 rows are wrong and stay out." in words
    assert "4 – The SKU is missing" in words
    assert "5 PRATO The cost has to be an amount" in words
    assert "GARRAFA always R$ 12.50" in words
    assert stored() == []


def test_a_yes_stores_the_good_rows_once(account: Account, page: Client) -> None:
    token = token_in(upload(page, account, CSV))

    page.post(path(account, "confirm/"), {"token": token})
    again = page.post(path(account, "confirm/"), {"token": token}, follow=True)

    assert stored() == [
        ("CANECA", date(2026, 11, 1), Decimal("7.00")),
        ("GARRAFA", BEGINNING, Decimal("12.50")),
    ]
    assert "no longer there" in text_of(again)


def test_a_preview_is_its_readers_own(account: Account, page: Client, mara: User, login: Login) -> None:
    token = token_in(upload(page, account, CSV))

    login(mara).post(path(account, "confirm/"), {"token": token})

    assert stored() == []


@pytest.mark.parametrize("content", [b"name;size\nA;1\n", b"PK\x03\x04broken"])
def test_a_file_that_is_no_list_of_costs_says_why(account: Account, page: Client, content: bytes) -> None:
    response = upload(page, account, content)

    assert response.status_code == 422
    assert 'class="errorlist"' in response.content.decode()


def test_taxes_and_cost_per_order_are_kept_from_a_day_on(account: Account, page: Client) -> None:
    typed = {"sale-tax_percent": "6,5", "sale-per_order": "1,25", "sale-starts_on": "2026-01-01"}

    page.post(path(account, "sale/"), typed)

    [cost] = SaleCost.objects.all()
    assert (cost.account, cost.tax_percent, cost.per_order) == (account, Decimal("6.50"), Decimal("1.25"))
    assert cost.starts_on == date(2026, 1, 1)


def test_taxes_above_everything_are_refused(account: Account, page: Client) -> None:
    response = page.post(path(account, "sale/"), {"sale-tax_percent": "101", "sale-per_order": "0"})

    assert response.status_code == 422
    assert not SaleCost.objects.exists()


def test_costs_make_the_profit_of_the_report_known(
    account: Account, page: Client, tasks_run_at_once: None, django_capture_on_commit_callbacks: Any
) -> None:
    order = make_order(
        account,
        gross=Decimal("100.00"),
        net=Decimal("70.00"),
        refunded=Decimal(0),
        date_created=timezone.now(),
    )
    OrderItem.objects.filter(order=order).update(sku="GARRAFA")
    before = text_of(page.get("/reports/"))

    with django_capture_on_commit_callbacks(execute=True):
        page.post(path(account, "sale/"), {"sale-tax_percent": "6", "sale-per_order": "1"})
        page.post(path(account), {"sku": "GARRAFA", "amount": "20"})

    assert "Nobody has said the taxes" in before
    assert "Profit unknown" in before
    after = text_of(page.get("/reports/"))
    assert "Nobody has said the taxes" not in after
    assert "Profit R$ 43.00" in after


def test_the_report_leads_managers_to_the_cost_that_is_missing(
    account: Account, page: Client, bruno: User, login: Login
) -> None:
    sold_today = make_order(account, date_created=timezone.now(), missing_cost="A&B 1")
    OrderItem.objects.filter(order=sold_today).update(sku="A&B 1")

    link = f"{path(account)}?sku=A%26B%201"

    assert link in page.get("/reports/").content.decode()
    assert 'value="A&amp;B 1"' in page.get(link).content.decode()
    assert path(account) not in login(bruno).get("/reports/").content.decode()


POSTS = ("", "sale/", "file/", "confirm/")


def test_below_a_manager_nobody_sees_or_changes_costs(account: Account, bruno: User, login: Login) -> None:
    browser = login(bruno)

    assert browser.get(path(account)).status_code == 403
    assert {browser.post(path(account, rest)).status_code for rest in POSTS} == {403}


def test_a_manager_may(account: Account, mara: User, login: Login) -> None:
    assert login(mara).post(path(account), {"sku": "A", "amount": "1"}).status_code == 302


def test_another_organizations_costs_do_not_exist(other_account: Account, page: Client) -> None:
    assert page.get(path(other_account)).status_code == 404
    assert {page.post(path(other_account, rest)).status_code for rest in POSTS} == {404}


def test_without_a_cost_the_page_says_so(account: Account, page: Client) -> None:
    assert "No product has a cost yet" in text_of(page.get(path(account)))


def test_queries_are_the_same_for_two_costs_and_for_twenty(account: Account, page: Client) -> None:
    def queries(rows: int) -> int:
        for number in range(rows):
            ProductCost.objects.create(
                account=account, sku=f"{rows}-{number}", amount=Decimal(1), starts_on=BEGINNING
            )
        with CaptureQueriesContext(connection) as asked:
            page.get(path(account))
        return len(asked)

    assert queries(2) == queries(18)
