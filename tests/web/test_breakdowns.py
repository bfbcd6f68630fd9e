"""What sold how much in a period, by item, state or account, worked out by hand."""

import random
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from orders import breakdowns
from orders.forms import BreakdownForm
from orders.models import Order, OrderItem
from orders.profit import Earned
from tests.factories import NOON, make_account, make_shipment
from tests.web.pages import swap, text_of
from tests.web.test_reports import sell

BEFORE = NOON - timedelta(days=8)


def sell_to(account: Account, state: str, **fields: Any) -> None:
    order = sell(account, **fields)
    make_shipment(account, meli_id=order.shipment_id, receiver_state=state)


def rows(page: Client, query: str) -> list[tuple[str, int, Decimal, int | None]]:
    response = page.get(f"/reports/breakdown/?days=7&{query}")
    return [
        (row.label, row.earned.orders, row.earned.gross, row.change)
        for block in response.context["blocks"]
        for row in block.rows
    ]


def test_items_stand_by_what_they_sold_against_the_period_before(account: Account, page: Client) -> None:
    sell(account, sku="CANECA")
    sell(account, sku="GARRAFA")
    sell(account, sku="GARRAFA")
    sell(account, sku="CANECA", date_created=BEFORE, gross=Decimal("50.00"))

    assert rows(page, "by=item") == [
        ("Item GARRAFA", 2, Decimal("200.00"), None),
        ("Item CANECA", 1, Decimal("100.00"), 100),
    ]


@pytest.mark.parametrize("by", ["item", "state", "account"])
def test_a_page_shows_the_first_of_what_a_file_has(
    account: Account, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.setattr(breakdowns, "SHOWN", 3)
    abroad = make_account(account.organization, account_name="Tienda", site_id="MLA")
    chance = random.Random(7)
    for number in range(60):
        seller, currency = chance.choice([(account, "BRL"), (account, "BRL"), (abroad, "ARS")])
        sell_to(
            seller,
            chance.choice(["", "Bahia", "Ceará", "Pará", "Acre"]),
            sku=chance.choice("ABCDEFGH"),
            currency_id=currency,
            gross=chance.choice([None, Decimal(0), Decimal(10), Decimal(20)]),
            is_sale=number % 9 != 0,
            date_created=chance.choice([NOON, BEFORE]),
        )
    OrderItem.objects.filter(order=Order.objects.sales().first()).delete()
    form = BreakdownForm({"by": by, "days": "7"}, organization=account.organization)
    assert form.is_valid()
    filed = breakdowns.rows_of(form, NOON)

    shown = breakdowns.breakdown(form, NOON)

    assert {block.currency_id for block in shown} == {row.currency_id for row in filed}
    for block in shown:
        rows = [row for row in filed if row.currency_id == block.currency_id]
        assert block.rows == rows[:3]
        assert block.rest == max(0, len(rows) - 3)
        assert block.total == sum((row.earned for row in rows), Earned())


def test_a_sale_is_of_the_state_its_parcel_went_to(account: Account, page: Client) -> None:
    sell_to(account, "Bahia")
    sell_to(account, "Bahia", date_created=BEFORE)
    sell(account)
    sell(account)

    assert rows(page, "by=state") == [
        ("unknown", 2, Decimal("200.00"), None),
        ("Bahia", 1, Decimal("100.00"), 0),
    ]


def test_accounts_stand_beside_each_other_and_currencies_apart(account: Account, page: Client) -> None:
    sell(account)
    other = make_account(account.organization, account_name="Tienda", site_id="MLA")
    sell(other, currency_id="ARS", gross=Decimal("7000.00"))

    words = text_of(page.get("/reports/breakdown/?by=account"))

    assert "Sales in BRL R$ 100.00" in words
    assert "Sales in ARS AR$ 7,000.00" in words
    assert "Tienda 1 1 AR$ 7,000.00 new" in words
    assert "7,100.00" not in words


def test_an_unknown_profit_says_so_and_what_is_left_out(account: Account, page: Client) -> None:
    sell(account, None, sku="CANECA")

    words = text_of(page.get("/reports/breakdown/?by=item"))

    assert "Item CANECA 1 1 R$ 100.00 new unknown" in words
    assert "The profit leaves out 1 sale whose costs or fees are unknown." in words


@pytest.mark.parametrize("by", ["item", "state", "account"])
def test_each_is_exported_as_it_is_shown(account: Account, page: Client, by: str) -> None:
    sell_to(account, "Bahia", sku="GARRAFA")
    html = page.get(f"/reports/breakdown/?days=7&by={by}").content.decode()
    link = "/api/report-breakdowns/export?format=csv&reader=person"
    link += f"&date_from=2026-11-15&date_to=2026-11-21&by={by}"

    assert link.replace("&", "&amp;") in html
    exported = b"".join(page.get(link).streaming_content).decode()
    assert {"item": "Item GARRAFA", "state": "Bahia", "account": str(account)}[by] in exported
    assert "100.00" in exported


def test_nobody_sees_what_others_sold(account: Account, other_account: Account, page: Client) -> None:
    sell(other_account, sku="SEGREDO")

    assert "SEGREDO" not in text_of(page.get("/reports/breakdown/?by=item"))
    assert page.get(f"/reports/breakdown/?account_id={other_account.pk}").status_code == 404


def test_the_period_stays_from_report_to_report(account: Account, page: Client) -> None:
    html = page.get("/reports/?days=7").content.decode()

    assert "/reports/breakdown/?days=7&amp;by=state" in html
    part = swap(page, "/reports/breakdown/?days=7&by=state", "report").content.decode()
    assert 'href="/reports/?days=7"' in part
    assert "<html" not in part


@pytest.mark.parametrize("by", ["item", "state", "account"])
def test_queries_do_not_grow_with_the_sales(account: Account, page: Client, by: str) -> None:
    def queries(number: int) -> int:
        for one in range(number):
            sell_to(account, f"State {number} {one}", sku=f"SKU-{number}-{one}")
        with CaptureQueriesContext(connection) as asked:
            page.get(f"/reports/breakdown/?by={by}")
        return len(asked)

    assert queries(2) == queries(12)


@pytest.mark.parametrize("period", ["", "days=7", "date_from=2026-11-01&date_to=2026-11-20"])
def test_an_item_opens_its_sales_of_the_same_period(account: Account, page: Client, period: str) -> None:
    sell(account)
    sell(account, is_sale=False, status="cancelled")
    sell(account, date_created=NOON - timedelta(days=300))
    for address in ("/reports/breakdown/", "/reports/"):
        html = unescape(page.get(f"{address}?{period}").content.decode())
        (link,) = set(re.findall(r'"(/orders/\?is_sale=true&item_id=[^"]+)"', html))
        assert len(page.get(link).context["rows"]) == 1
