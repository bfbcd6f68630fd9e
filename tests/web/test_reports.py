"""What the reports page tells about a period, worked out by hand."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from accounts.models import Account, User
from orders.forms import ReportForm
from orders.models import Order, OrderItem, Refund
from tests.factories import NOON, make_account, make_order, make_question, make_shipment
from tests.web.conftest import NOW, Login
from tests.web.pages import swap, text_of
from tests.web.test_export_links import links

DAY = timedelta(days=1)


def sell(account: Account, profit: str | None = "25.00", sku: str = "GARRAFA", **fields: Any) -> Order:
    """Sell for 100.00; without a profit, the cost of the product is what is missing."""
    values = {
        "gross": Decimal("100.00"),
        "date_created": NOON,
        "goods_cost": Decimal("40.00") if profit else None,
        "profit": Decimal(profit) if profit else None,
        "missing_cost": "" if profit else sku,
        "item_id": f"MLB-{sku}",
    }
    order = make_order(account, **{**values, **fields})
    OrderItem.objects.filter(order=order).update(sku=sku, title=f"Item {sku}")
    return order


def refund(order: Order, amount: str, refunded_at: datetime) -> None:
    Refund.objects.create(
        order=order, payment_id="1", total=Decimal(amount), amount=Decimal(amount), refunded_at=refunded_at
    )


def test_the_report_tells_gross_profit_and_margin(account: Account, page: Client) -> None:
    sell(account, "25.00")
    sell(account, "10.00")

    words = text_of(page.get("/reports/"))

    assert "Gross R$ 200.00" in words
    assert "Profit R$ 35.00 Margin 17.5 %" in words
    assert "11/20/2026 2 R$ 200.00 R$ 35.00 R$ 0.00 R$ 0.00" in words
    assert "Item GARRAFA 2 R$ 200.00 R$ 35.00 17.5 %" in words


def test_a_sale_without_its_costs_is_said_and_never_counted_as_profit(account: Account, page: Client) -> None:
    sell(account, "25.00")
    sell(account, None, "CANECA")

    words = text_of(page.get("/reports/"))

    assert "11/20/2026 2 R$ 200.00 R$ 25.00 (without 1) R$ 0.00 R$ 0.00" in words
    assert "Items that earned most" in words
    assert "Profit R$ 25.00 Margin 25.0 % without 1 sale whose costs or fees are unknown" in words
    assert "Item CANECA 1 R$ 100.00 unknown" in words
    assert "Products without a cost" in words
    assert "Item CANECA CANECA 1 1 11/20/2026 noon" in words


def test_a_profit_nobody_can_know_is_unknown_and_not_zero(account: Account, page: Client) -> None:
    sell(account, None)

    words = text_of(page.get("/reports/"))

    assert "Profit unknown" in words
    assert "Profit R$ 0.00" not in words
    assert "Items that sold for most" in words


def test_refunds_stand_on_the_day_they_were_made(account: Account, page: Client) -> None:
    refund(sell(account, date_created=NOON - 100 * DAY), "30.00", NOON)
    refund(sell(account, date_created=NOON - DAY, is_sale=False, status="cancelled"), "100.00", NOON - DAY)

    words = text_of(page.get("/reports/"))

    assert "11/20/2026 0 R$ 0.00 R$ 0.00 R$ 30.00 R$ 0.00" in words
    assert "11/19/2026 0 R$ 0.00 R$ 0.00 R$ 0.00 R$ 100.00" in words
    assert "and R$ 100.00 of cancelled sales" in words


def test_currencies_are_never_added_up(account: Account, page: Client) -> None:
    sell(account)
    sell(make_account(account.organization, site_id="MLA"), currency_id="ARS", gross=Decimal("7000.00"))

    words = text_of(page.get("/reports/"))

    assert "Sales in BRL Gross R$ 100.00" in words
    assert "Sales in ARS Gross AR$ 7,000.00" in words
    assert "7,100.00" not in words


@pytest.mark.parametrize(
    ("query", "gross"),
    [
        ("", "R$ 300.00"),
        ("days=7", "R$ 100.00"),
        ("days=90", "R$ 700.00"),
        ("date_from=2026-10-31&date_to=2026-11-02", "R$ 200.00"),
        ("date_to=2026-11-02", "R$ 600.00"),
    ],
)
def test_a_period_is_chosen_in_the_address(account: Account, page: Client, query: str, gross: str) -> None:
    sell(account, date_created=NOON)
    sell(account, date_created=datetime(2026, 11, 2, 12, tzinfo=UTC), gross=Decimal("200.00"))
    sell(account, date_created=datetime(2026, 10, 12, 12, tzinfo=UTC), gross=Decimal("400.00"))

    assert f"Gross {gross}" in text_of(page.get(f"/reports/?{query}"))


def test_the_period_before_is_compared_with(account: Account, page: Client) -> None:
    sell(account, gross=Decimal("150.00"), date_created=NOW - DAY)
    sell(account, gross=Decimal("100.00"), date_created=NOW - 8 * DAY)

    assert "Gross R$ 150.00 50 % against as many days before" in text_of(page.get("/reports/?days=7"))


@pytest.mark.parametrize("path", ["/reports/", "/reports/breakdown/", "/questions/performance/"])
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("date_from=2024-01-01", "From: Choose at most one year."),
        ("days=1000", "How many days, until today: Ensure this value is less than or equal to 366."),
        ("days=soon", "How many days, until today: Enter a whole number."),
        ("date_from=soon", "From: Enter a date such as 11/21/2026."),
        ("date_from=1900-01-01", "From: Choose a year from 1990 to 2100."),
    ],
)
def test_a_wrong_period_says_so_and_shows_no_figures(
    account: Account, page: Client, path: str, query: str, said: str
) -> None:
    sell(account)
    make_question(account)

    response = page.get(f"{path}?{query}")

    assert response.status_code == 200
    assert f"A filter is wrong {said}" in text_of(response)
    assert "R$" not in text_of(response)
    assert "Waiting now" not in text_of(response)
    assert 'class="type" href' in response.content.decode()
    assert not re.search('class="type"[^>]*aria-current', response.content.decode())


def test_a_period_until_an_instant_begins_on_a_day_of_the_seller(account: Account) -> None:
    night = ReportForm({"date_to": "2026-11-20T01:00:00Z"}, organization=account.organization)

    first, last = night.bounds(night.today, night.zone)

    assert (str(first), str(last)) == ("2026-10-21", "2026-11-20 01:00:00+00:00")


def test_a_year_is_read_by_week(account: Account, page: Client) -> None:
    monday = datetime(2026, 11, 9, 12, tzinfo=UTC)
    refund(sell(account, "25.00", date_created=monday), "10.00", monday + DAY)
    sell(account, "10.00", date_created=monday + 6 * DAY)
    sell(account, "5.00", date_created=monday + 7 * DAY)

    words = text_of(page.get("/reports/?days=365"))

    assert "Sales and profit per week" in words
    assert "11/16/2026 – 11/21/2026 1 R$ 100.00 R$ 5.00 R$ 0.00 R$ 0.00" in words
    assert "11/09/2026 – 11/15/2026 2 R$ 200.00 R$ 35.00 R$ 10.00 R$ 0.00" in words
    assert "Gross R$ 300.00" in words


def test_losses_are_drawn_below_zero(account: Account, page: Client) -> None:
    sell(account, "-50.00")

    drawing = page.get("/reports/?days=7").content.decode()

    assert "−R$ 50" in text_of(page.get("/reports/?days=7"))
    assert 'y="0.00" width="7" height="66.67"' in drawing
    assert "55.0,100.00" in drawing


def test_the_export_has_the_same_filters(account: Account, page: Client) -> None:
    sell(account, date_created=NOON, meli_id="2000000000000001")
    sell(account, date_created=NOON - 20 * DAY, meli_id="2000000000000002")
    html = page.get(f"/reports/?days=7&account_id={account.pk}").content.decode()
    days = "date_from=2026-11-15&date_to=2026-11-21"
    link = f"/api/orders/export?format=csv&reader=person&account_id={account.pk}&{days}"

    assert link.replace("&", "&amp;") in html
    exported = b"".join(page.get(link).streaming_content).decode()
    assert "2000000000000001" in exported
    assert "2000000000000002" not in exported


def test_the_reports_file_has_amounts_to_the_cent(account: Account, page: Client) -> None:
    sell(account, "25.10", date_created=NOON)
    sell(account, "10.20", date_created=NOON)

    lines = b"".join(page.get("/api/reports/export?days=7").streaming_content).decode().splitlines()

    assert "2026-11-20,BRL,2,200.00,35.30,0.1765,0,0.00,0.00" in lines
    assert "2026-11-21,BRL,0,0.00,0.00,,0,0.00,0.00" in lines


def test_htmx_gets_the_report_alone(account: Account, page: Client) -> None:
    sell(account)

    response = swap(page, "/reports/?days=7", "report")

    assert "<html" not in response.content.decode()
    assert "Gross R$ 100.00" in text_of(response)


def test_an_organization_without_sales_is_told_so(account: Account, page: Client) -> None:
    assert "No sales in this period" in text_of(page.get("/reports/"))


def test_an_organization_without_accounts_is_led_to_connect_one(page: Client) -> None:
    assert "Connect an account" in text_of(page.get("/reports/"))


def test_nobody_sees_another_organizations_sales(
    account: Account, other_account: Account, page: Client
) -> None:
    sell(other_account, None, "SEGREDO")

    assert "SEGREDO" not in text_of(page.get("/reports/"))
    assert page.get(f"/reports/?account_id={other_account.pk}").status_code == 404


def test_whoever_may_look_sees_the_report_and_others_log_in(
    account: Account, vera: User, login: Login, client: Client
) -> None:
    sell(account)

    assert "Gross R$ 100.00" in text_of(login(vera).get("/reports/"))
    assert client.get("/reports/").status_code == 302


def test_queries_are_the_same_for_two_sales_and_for_twenty(account: Account, page: Client) -> None:
    def queries(rows: int) -> int:
        for number in range(rows):
            sell(account, None, f"SKU-{rows}-{number}", date_created=NOON - number * DAY)
        with CaptureQueriesContext(connection) as asked:
            page.get("/reports/")
        return len(asked)

    assert queries(2) == queries(18)


def test_sales_profit_and_refunds_are_compared_with_the_period_before(account: Account, page: Client) -> None:
    sold = [sell(account, "30.00"), sell(account, "30.00")]
    before = sell(account, "50.00", date_created=NOON - 8 * DAY)
    refund(sold[0], "10.00", NOON)
    refund(before, "40.00", NOON - 8 * DAY)

    words = text_of(page.get("/reports/?days=7"))

    assert "2 sales · 100 %" in words
    assert "R$ 60.00 Margin 30.0 % 20 % against as many days before" in words
    assert "Refunds R$ 10.00 − 75 % against as many days before" in words


@pytest.mark.parametrize(("before", "colour"), [("40.00", "up"), ("5.00", "down")], ids=["fell", "rose"])
def test_refunds_are_green_when_they_fall_and_red_when_they_rise(
    account: Account, page: Client, before: str, colour: str
) -> None:
    refund(sell(account), "10.00", NOON)
    refund(sell(account, date_created=NOON - 8 * DAY), before, NOON - 8 * DAY)

    refunds = page.get("/reports/?days=7").content.decode().split("Refunds</span>")[1]

    assert re.search(r'class="change change-(\w+)"', refunds)[1] == colour


def test_items_whose_profit_is_unknown_come_by_what_they_sold_for(account: Account, page: Client) -> None:
    for sku, gross in (("A", "10.00"), ("B", "30.00"), ("C", "20.00")):
        sell(account, None, sku, gross=Decimal(gross))
    sell(account, "1.00", "D", gross=Decimal("5.00"))

    html = page.get("/reports/").content.decode()

    assert re.findall(r'cell-title"[^>]*>Item (\w)<', html) == ["D", "B", "C", "A"]


def test_the_workbook_holds_the_period_before_beside_this_one(account: Account, page: Client) -> None:
    sell(account, "30.00")
    sell(account, "50.00", date_created=NOON - 8 * DAY)

    book = load_workbook(
        BytesIO(b"".join(page.get("/api/reports/export?format=xlsx&days=7").streaming_content))
    )

    rows = list(book["Against the period before"].values)[1:]
    assert [(row[0], row[2], row[4]) for row in rows] == [
        ("This period", 1, 30),
        ("The period before", 1, 50),
    ]


@pytest.mark.parametrize("path", ["/questions/performance/", "/shipments/performance/"])
def test_the_other_reports_are_compared_and_exported_too(account: Account, page: Client, path: str) -> None:
    for moment in (NOON, NOON, NOON - 8 * DAY):
        late = moment + timedelta(days=3)
        make_question(
            account,
            date_created=moment,
            answered_at=moment,
            response_seconds=60,
            due_at=late,
            status="ANSWERED",
        )
        make_shipment(
            account, date_created=moment, date_shipped=moment, dispatch_by=late, receiver_state="Bahia"
        )
    link = next(one for one in links(page.get(f"{path}?days=7").content.decode()) if "format=csv" in one)

    exported = b"".join(page.get(link.replace("&reader=person", "")).streaming_content).decode()

    if path.startswith("/questions"):
        assert "2026-11-20,2,2,2,1.0" in exported
    else:
        assert "Bahia 2 100 % 100.0 %" in text_of(page.get(f"{path}?days=7"))
        assert "1 in the period before" in text_of(page.get(f"{path}?days=7"))
        assert "Bahia,2,1,2,2,1.0,1.0" in exported
