import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, User
from orders.queries import sales_overview
from painelml.sync.models import SyncRun
from tests.factories import make_account, make_item, make_order, make_question, make_shipment
from tests.web.conftest import NOW, Login
from tests.web.pages import swap, text_of


def test_todays_sales_are_those_of_the_accounts_own_day(account: Account) -> None:
    just_before_midnight = datetime(2026, 11, 21, 2, 59, tzinfo=UTC)  # 23:59 of the 20th in São Paulo
    just_after_midnight = datetime(2026, 11, 21, 3, 1, tzinfo=UTC)
    make_order(account, date_created=just_before_midnight, gross=Decimal("10.00"))
    make_order(account, date_created=just_after_midnight, gross=Decimal("40.00"))

    [block] = sales_overview([account], NOW)

    assert (block.today.sales.orders, block.today.sales.gross) == (1, Decimal("40.00"))
    assert block.week.sales.gross == Decimal("50.00")
    assert [sold.gross for _, sold in block.days[-2:]] == [Decimal("10.00"), Decimal("40.00")]


def test_today_is_compared_with_the_same_weekday_until_this_hour(account: Account) -> None:
    make_order(account, date_created=NOW - timedelta(hours=1), gross=Decimal("150.00"))
    make_order(account, date_created=NOW - timedelta(days=7, hours=1), gross=Decimal("100.00"))
    make_order(account, date_created=NOW - timedelta(days=7) + timedelta(hours=1), gross=Decimal("900.00"))

    [block] = sales_overview([account], NOW)

    assert block.today.before.gross == Decimal("100.00")
    assert block.today.change == 50


def test_what_was_not_paid_or_was_cancelled_is_no_sale(account: Account) -> None:
    make_order(account, date_created=NOW, status="cancelled", is_sale=False)

    assert sales_overview([account], NOW) == []


def test_an_unknown_net_is_counted_as_unknown_and_never_as_zero(account: Account) -> None:
    make_order(account, date_created=NOW, net=Decimal("92.41"))
    make_order(account, date_created=NOW, net=None, sale_fee=None)

    [block] = sales_overview([account], NOW)

    assert (block.today.sales.net, block.today.sales.net_unknown) == (Decimal("92.41"), 1)


def test_currencies_are_never_added_up(account: Account, page: Client) -> None:
    argentina = make_account(account.organization, site_id="MLA")
    make_order(account, date_created=NOW, gross=Decimal("100.00"), currency_id="BRL")
    make_order(argentina, date_created=NOW, gross=Decimal("7000.00"), currency_id="ARS")

    words = text_of(page.get("/"))

    assert "Sales in BRL" in words
    assert "Sales in ARS" in words
    assert "R$ 100.00" in words
    assert "AR$ 7,000.00" in words
    assert "7,100" not in words


def test_it_shows_what_waits_and_leads_there(account: Account, page: Client) -> None:
    make_question(account, text="Tem na cor verde?", due_at=NOW - timedelta(minutes=5))
    make_shipment(account, dispatch_by=NOW - timedelta(hours=3))
    make_shipment(account, dispatch_by=NOW + timedelta(hours=2))
    make_item(account, title="Chaleira", status="paused", is_out_of_stock=True, available_quantity=0)

    response = page.get("/")

    words = text_of(response)
    assert "Questions to answer 1 1 past its time" in words
    assert "Late shipments 1" in words
    assert "To dispatch today 1" in words
    assert "Out of stock 1" in words
    assert "Tem na cor verde?" in words
    assert "Chaleira" in words
    assert 'href="/shipments/all/?dispatch=late"' in response.content.decode()


def test_a_shipment_due_after_midnight_of_the_account_is_not_todays(account: Account, page: Client) -> None:
    make_shipment(account, dispatch_by=datetime(2026, 11, 22, 2, 59, tzinfo=UTC))
    make_shipment(account, dispatch_by=datetime(2026, 11, 22, 3, 0, tzinfo=UTC))

    assert "To dispatch today 1 1 more in the next days" in text_of(page.get("/"))


def test_without_an_account_it_leads_to_the_first_connection(page: Client) -> None:
    words = text_of(page.get("/"))

    assert "Welcome to Painel ML" in words
    assert "Connect an account" in words


def test_it_shows_how_far_a_backfill_is(account: Account, page: Client) -> None:
    run = SyncRun.objects.create(
        account=account, scope="orders", status="running", total=1200, done=300, started_at=timezone.now()
    )
    run.steps.create(name="window", key="w1", expected=1200, held=300)

    words = text_of(page.get("/"))

    assert "Reading" in words
    assert "300 of 1,200" in words


ALL_IS_WELL = (
    "everything answered",
    "nothing is late",
    "No question is waiting.",
    "Nothing waits for dispatch.",
    "Everything on sale is in stock.",
)


def begin_to_read(account: Account, *scopes: str) -> None:
    for scope in scopes:
        SyncRun.objects.create(account=account, scope=scope, kind="backfill", status="running")


def test_it_does_not_state_what_it_has_not_read(
    account: Account, second_account: Account, page: Client
) -> None:
    """One account's first run is enough: until it ended well, nothing is known to be well."""
    scopes = ("items", "orders", "shipments", "questions")
    for scope in scopes:
        SyncRun.objects.create(account=account, scope=scope, kind="backfill", status="done")
    begin_to_read(second_account, *scopes)
    make_order(account, date_created=NOW - timedelta(days=1), gross=Decimal("150.00"))
    make_order(account, date_created=NOW - timedelta(days=8), gross=Decimal("100.00"))
    make_shipment(account, dispatch_by=NOW + timedelta(hours=2))

    words = text_of(page.get("/"))
    assert not [said for said in ALL_IS_WELL if said in words]
    assert "Questions to answer – not all read yet Late shipments – not all read yet" in words
    assert "To dispatch today 1 not all read yet Out of stock – not all read yet" in words
    assert words.count("Not all of it has been read yet.") == 2
    assert "against the 7 days before" not in words
    assert "Older orders are still being read" in words
    alone = text_of(page.get(f"/?account_id={account.pk}"))
    assert "50 % against the 7 days before" in alone
    assert "read yet" not in alone


def test_what_was_read_once_is_known_while_it_is_read_again(account: Account, page: Client) -> None:
    SyncRun.objects.create(account=account, scope="shipments", kind="backfill", status="done")
    begin_to_read(account, "shipments", "items")

    words = text_of(page.get("/"))

    assert "nothing is late" in words
    assert "Everything on sale is in stock." not in words


def test_an_expired_account_is_told_on_every_page(account: Account, page: Client) -> None:
    Account.objects.filter(pk=account.pk).update(status="expired")

    for address in ("/", "/orders/", "/catalog/"):
        assert "no longer lets us read" in text_of(page.get(address))


@pytest.mark.parametrize("part", ["overview-now", "overview-runs", "overview-sales"])
def test_each_part_replaces_itself_alone(account: Account, page: Client, part: str) -> None:
    answer = swap(page, "/", part).content.decode()

    assert answer.count(f'id="{part}"') == 1
    assert "<html" not in answer


def test_a_restored_history_entry_is_a_whole_page(account: Account, page: Client) -> None:
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true", "HX-Target": "overview-now"}

    assert "<html" in page.get("/", headers=headers).content.decode()


def test_the_account_in_the_address_narrows_everything(
    account: Account, second_account: Account, page: Client
) -> None:
    make_order(account, date_created=NOW, gross=Decimal("100.00"))
    make_order(second_account, date_created=NOW, gross=Decimal("30.00"))

    assert "R$ 130.00" in text_of(page.get("/"))
    assert "R$ 30.00" in text_of(page.get(f"/?account_id={second_account.pk}"))
    assert "R$ 130.00" not in text_of(page.get(f"/?account_id={second_account.pk}"))


def test_carlas_numbers_are_not_anas(account: Account, other_account: Account, page: Client) -> None:
    make_order(other_account, date_created=NOW, gross=Decimal("777.00"))
    make_question(other_account, text="Segredo?")

    words = text_of(page.get("/"))

    assert "777" not in words
    assert "Segredo?" not in words
    assert page.get(f"/?account_id={other_account.pk}").status_code == 404


def test_its_queries_do_not_depend_on_the_rows(account: Account, page: Client) -> None:
    def seed(rows: int) -> None:
        for _ in range(rows):
            order = make_order(account, date_created=NOW)
            make_shipment(account, meli_id=order.shipment_id)
            make_question(account)
            make_item(account, available_quantity=0)

    seed(2)
    with CaptureQueriesContext(connection) as few:
        page.get("/")
    seed(18)
    with CaptureQueriesContext(connection) as many:
        page.get("/")

    assert len(many) == len(few)


def test_nobody_sees_it_without_logging_in(client: Client, db: None) -> None:
    assert client.get("/").headers["Location"] == "/login/?next=/"


def test_every_role_may_look(account: Account, vera: User, login: Login) -> None:
    assert login(vera).get("/").status_code == 200


def test_what_is_left_of_the_month_adds_up_to_the_cent_and_names_what_is_left_out(
    account: Account, page: Client
) -> None:
    known = {"gross": 100, "sale_fee": "12.35", "shipping_cost": "7.65", "discounts": 0, "net": 80}
    make_order(account, date_created=NOW, **{name: Decimal(value) for name, value in known.items()})
    make_order(account, date_created=NOW, gross=Decimal("50.00"), sale_fee=None, shipping_cost=None, net=None)

    said = text_of(page.get("/"))

    assert (
        "Gross R$ 100.00 Sale fee − R$ 12.35 Shipping cost − R$ 7.65 Discounts R$ 0.00 Net R$ 80.00" in said
    )
    assert (
        "1 sale of R$ 50.00 is left out: a part of it is not known yet. Sale fee: 1. Shipping cost: 1."
        in said
    )
    assert "Profit unknown Margin unknown" in said


def test_the_money_of_a_period_opens_its_report_and_its_sales_their_list(
    account: Account, page: Client
) -> None:
    for days in (0, 5, 20):
        make_order(account, date_created=NOW - timedelta(days=days))
        make_order(account, date_created=NOW - timedelta(days=days), is_sale=False, status="cancelled")
    html = unescape(page.get("/").content.decode())

    for days, sales in ((1, 1), (7, 2), (30, 3)):
        first = (NOW.astimezone(account.time_zone).date() - timedelta(days=days - 1)).isoformat()
        query = f"date_from={first}&date_to=2026-11-21"
        assert f'href="/reports/?{query}"' in html
        assert f'href="/orders/?is_sale=true&{query}&currency_id=BRL">{sales} sale' in html
        for address in (f"/orders/?is_sale=true&{query}", f"/api/orders?is_sale=true&{query}"):
            assert len(set(re.findall(r"20000000000\d{5}", page.get(address).content.decode()))) == sales


def test_best_sellers_and_accounts_lead_to_what_they_sold(
    account: Account, second_account: Account, page: Client
) -> None:
    order = make_order(account, date_created=NOW)
    line = order.items.get()
    make_order(second_account, date_created=NOW)

    html = page.get("/").content.decode()

    assert f"item_id={line.item_id}&amp;date_from=" in html
    assert f'href="/?account_id={account.pk}">{account}</a>' in html
    assert f'href="/?account_id={second_account.pk}">{second_account}</a>' in html


def test_the_five_best_sellers_of_the_month_come_greatest_first(account: Account, page: Client) -> None:
    sold = [make_order(account, date_created=NOW, gross=Decimal(gross)) for gross in (3, 6, 1, 5, 2, 4)]
    make_order(account, date_created=NOW - timedelta(days=31), gross=Decimal(9))
    make_order(account, date_created=NOW, gross=Decimal(8), lines=0)
    html = page.get("/").content.decode()
    assert "item_id=&" not in html
    by_gross = sorted(sold, key=lambda order: -order.gross)
    assert re.findall(r"item_id=(\w+)&", html) == [order.items.get().item_id for order in by_gross[:5]]


@pytest.mark.parametrize("page_of", ["/", "/reports/", "/reports/breakdown/"])
def test_what_is_left_out_is_one_click_away(account: Account, page: Client, page_of: str) -> None:
    """Each count of sales with something unknown opens the list of those sales, and of no others."""
    make_order(account, date_created=NOW, profit=Decimal("5.00"))
    without_cost = make_order(account, date_created=NOW)
    without_fee = make_order(account, date_created=NOW, net=None)
    make_order(account, date_created=NOW, net=None, is_sale=False, status="cancelled")
    make_order(account, date_created=NOW - timedelta(days=300), net=None)
    expected = {"net": {without_fee}, "profit": {without_fee, without_cost}}
    html = unescape(page.get(page_of).content.decode())

    links = {part: set(re.findall(rf'"(/orders/\?unknown={part}&[^"]+)"', html)) for part in expected}
    assert links["profit"]
    assert (page_of == "/") == bool(links["net"])
    for part, orders in expected.items():
        for link in links[part]:
            html = page.get(link).content.decode()
            assert {order.meli_id for order in orders} == set(re.findall(r'"/orders/(\d+)/', html))


@pytest.mark.parametrize("page_of", ["/", "/reports/", "/reports/breakdown/"])
def test_a_count_of_one_currency_lists_no_sale_of_another(
    account: Account, page: Client, page_of: str
) -> None:
    abroad = make_account(account.organization, site_id="MLA")
    sold = {
        currency: make_order(owner, date_created=NOW, net=None, currency_id=currency, item_id="MLB1")
        for owner, currency in ((account, "BRL"), (abroad, "ARS"))
    }
    html = unescape(page.get(page_of).content.decode())

    links = set(re.findall(r'"(/orders/\?(?:is_sale|unknown)=[^"]+)"', html))
    kinds = {re.sub(r"=.*", "", link.partition("?")[2]) for link in links}
    assert kinds == {"is_sale", "unknown"}
    found = {currency: [link for link in links if f"currency_id={currency}" in link] for currency in sold}
    assert sorted(links) == sorted(found["BRL"] + found["ARS"])
    for currency, order in sold.items():
        assert found[currency]
        for link in found[currency]:
            for address in (link, f"/api{link.replace('/?', '?')}"):
                said = page.get(address).content.decode()
                assert {order.meli_id} == set(re.findall(r"20000000000\d{5}", said)), address
