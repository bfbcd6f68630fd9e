"""The orders whose money was worked out by hand (`sales.json`), in the files people take away."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override
from openpyxl import load_workbook

from accounts.models import User
from orders.models import Order
from orders.report_exports import DAYS
from painelml.web.show import NBSP, count, money
from tests.orders.test_sales import (  # noqa: F401
    SALES,
    Row,
    accounts,
    amounts,
    expected,
    order_id,
    reckoned,
    sales,
)
from tests.pdf import lines_of

D = Decimal
pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, ana: User) -> Client:
    client.force_login(ana)
    return client


def take(browser: Client, address: str, language: str = "en") -> bytes:
    answer: Any = browser.get(address, headers={"accept-language": language})
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def by_currency() -> dict[str, list[Row]]:
    """Return what is expected of every sale, by currency."""
    found = defaultdict(list)
    for row in SALES:
        if expected(row)["is_sale"]:
            found[row.get("currency", "BRL")].append(expected(row))
    return found


def test_every_amount_in_a_csv_for_programs(sales: list[Order], browser: Client) -> None:  # noqa: F811
    text = take(browser, "/api/orders/export?format=csv").decode()
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(text))}
    assert len(rows) == len(SALES)
    for number, row in enumerate(SALES):
        told = rows[order_id(number)]
        for name, amount in amounts(row).items():
            assert told[name] == ("" if amount is None else f"{amount:.2f}"), (row["name"], name)
        assert told["unknown"] == ", ".join(expected(row)["incomplete"]), row["name"]
        assert told["currency_id"] == row.get("currency", "BRL")


def test_what_is_earned_in_a_csv(reckoned: list[Order], browser: Client) -> None:  # noqa: F811
    text = take(browser, "/api/orders/export?format=csv").decode()
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(text))}
    for number, row in enumerate(SALES):
        for name, amount in row["expect"].get("own", {}).items():
            assert rows[order_id(number)][name] == (amount or ""), (row["name"], name)


def test_every_amount_in_a_csv_for_people(sales: list[Order], browser: Client) -> None:  # noqa: F811
    content = take(browser, "/api/orders/export?format=csv&reader=person", "pt-br")
    lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")
    rows = {row["Pedido"]: row for row in lines}
    for number, row in enumerate(SALES):
        net = amounts(row)["net"]
        shown = "" if net is None else f"{net:.2f}".replace(".", ",")
        assert rows[order_id(number)]["Líquido"] == shown, row["name"]


def test_every_amount_in_a_workbook(sales: list[Order], browser: Client) -> None:  # noqa: F811
    book = load_workbook(io.BytesIO(take(browser, "/api/orders/export?format=xlsx")))
    head, *lines = book.active.iter_rows(values_only=True)
    places = {
        "gross": "Gross",
        "sale_fee": "Sale fee",
        "shipping_cost": "Shipping cost",
        "discounts": "Discounts",
        "net": "Net",
        "refunded": "Refunded",
        "left": "Left after refunds",
    }
    rows = {line[0]: dict(zip(head, line, strict=True)) for line in lines}
    for number, row in enumerate(SALES):
        for name, amount in amounts(row).items():
            told = rows[order_id(number)][places[name]]
            assert (None if told is None else D(str(told))) == amount, (row["name"], name)


def test_the_totals_of_the_summary(sales: list[Order], browser: Client) -> None:  # noqa: F811
    lines = lines_of(take(browser, "/api/orders/export?format=pdf"))
    with override("en"):
        for currency, rows in by_currency().items():
            at = lines.index(f"Sales in {currency}")
            assert lines[at + 1 : at + 8 : 2] == [
                count(len(rows)),
                count(sum(row["units"] for row in rows)),
                money(sum(D(row["gross"]) for row in rows), currency).replace(NBSP, " "),
                money(sum(D(row["net"] or 0) for row in rows), currency).replace(NBSP, " "),
            ]


@pytest.mark.parametrize("site", ["MLB", "MLA"])
def test_the_report_of_the_month(
    sales: list[Order],  # noqa: F811
    accounts: dict[str, Any],  # noqa: F811
    browser: Client,
    site: str,
) -> None:
    query = f"account_id={accounts[site].pk}&date_from=2026-11-01&date_to=2026-11-30"
    text = take(browser, f"/api/reports/export?format=csv&{query}").decode()
    gross: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in SALES:
        want = expected(row)
        if want["is_sale"] and row.get("site", "MLB") == site and "2026-11-01" <= want["day"] <= "2026-11-30":
            gross[want["day"], row.get("currency", "BRL")] += D(want["gross"])
    told = {
        (row["date"], row["currency_id"]): D(row["gross"])
        for row in csv.DictReader(io.StringIO(text))
        if row["orders"] != "0"
    }
    assert told == gross


def test_the_report_names_its_columns_for_programs(sales: list[Order], browser: Client) -> None:  # noqa: F811
    text = take(browser, "/api/reports/export?format=csv&date_from=2026-11-01&date_to=2026-11-02").decode()
    assert text.splitlines()[0] == ",".join(column.name for column in DAYS)
