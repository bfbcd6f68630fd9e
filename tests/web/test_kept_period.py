"""The account and the period somebody chose stay in the address from one section to the next."""

import re
from html import unescape

import pytest
from django.test import Client, RequestFactory

from accounts.models import Account
from painelml.web.context import Panel
from tests.factories import make_item, make_order
from tests.web.pages import swap


def links(response: object) -> set[str]:
    """Return the addresses the navigation leads to."""
    html = response.content.decode()
    sidebar = re.search(r'<div class="nav" id="navigation".*?</div>', html, re.DOTALL)
    return set(re.findall(r'href="([^"]+)"', unescape(sidebar.group())))


def test_a_number_of_days_goes_along_as_each_section_takes_it(account: Account, page: Client) -> None:
    found = links(page.get("/reports/?days=90"))

    assert {"/?days=90", "/catalog/?days=90", "/shipments/?days=90", "/reports/?days=90"} <= found
    assert {"/accounts/?days=90", "/team/?days=90", "/webhooks/?days=90"} <= found
    assert "/orders/?date_from=2026-08-24&date_to=2026-11-21" in found
    assert "/questions/?days=90&status=UNANSWERED" in found


def test_dates_until_today_are_the_days_they_came_from(account: Account, page: Client) -> None:
    found = links(page.get("/orders/?date_from=2026-10-23&date_to=2026-11-21"))

    assert "/reports/?days=30" in found


def test_other_dates_go_along_but_hide_no_question_that_waits(account: Account, page: Client) -> None:
    found = links(page.get("/reports/?date_from=2026-10-01&date_to=2026-10-31"))

    assert "/orders/?date_from=2026-10-01&date_to=2026-10-31" in found
    assert "/shipments/?date_from=2026-10-01&date_to=2026-10-31" in found
    assert "/questions/?status=UNANSWERED" in found


@pytest.mark.parametrize(
    "period", ["days=0", "days=9999", "days=x", "date_from=soon", "date_from=2026-02-31"]
)
def test_what_is_no_period_goes_nowhere(account: Account, page: Client, period: str) -> None:
    assert "/orders/" in links(page.get(f"/catalog/?{period}"))


def test_a_period_too_long_for_a_report_is_left_behind(account: Account, page: Client) -> None:
    found = links(page.get("/orders/?date_from=2020-01-01"))

    assert "/reports/" in found
    assert "/orders/?date_from=2020-01-01" in found


def test_the_account_goes_along_through_sections_that_are_about_all(
    account: Account, second_account: Account, page: Client
) -> None:
    chosen = f"account_id={second_account.pk}"
    for address in ("/accounts/", "/team/", "/webhooks/"):
        assert f"/reports/?{chosen}&days=7" in links(page.get(f"{address}?{chosen}&days=7"))


def test_a_row_and_the_way_back_keep_both(account: Account, second_account: Account, page: Client) -> None:
    order, item = make_order(second_account), make_item(second_account)
    chosen = f"?account_id={second_account.pk}&days=7"
    rows = [("/orders/", order.meli_id), ("/catalog/", item.meli_id)]

    for address, number in rows:
        assert f'href="{address}{number}/{chosen}"' in unescape(page.get(address + chosen).content.decode())
        inside = page.get(f"{address}{number}/{chosen}")
        assert f"/reports/{chosen}" in links(inside)
    assert f'class="back" href="/catalog/{chosen}"' in unescape(inside.content.decode())


@pytest.mark.parametrize(
    ("number", "path"),
    [("2000000000000001", "/orders/2000000000000001/"), ("a/b?c=ã", "/orders/a%2Fb%3Fc%3D%C3%A3/")],
)
def test_rows_lead_to_the_page_about_their_id(
    account: Account, rf: RequestFactory, number: str, path: str
) -> None:
    asked = rf.get(f"/orders/?account_id={account.pk}&days=30")
    asked.organization = account.organization
    panel = Panel(asked)

    assert panel.addresses("orders:detail", keeps=False)(number) == path
    assert panel.addresses("orders:detail")(number) == f"{path}?account_id={account.pk}&days=30"


def test_filtering_a_list_without_a_period_does_not_lose_it(account: Account, page: Client) -> None:
    def filters(address: str) -> str:
        return (
            page.get(address).content.decode().partition('<form class="filters"')[2].partition("</form>")[0]
        )

    assert '<input type="hidden" name="days" value="7">' in filters("/catalog/?days=7")
    assert 'name="days"' not in filters("/reports/?days=7")


def test_the_navigation_is_drawn_anew_with_the_bar_of_a_phone(account: Account, page: Client) -> None:
    part = swap(page, "/navigation/?section=reports&days=30&whole=1", "navigation")

    assert "/reports/?days=30" in links(part)
    bar = part.content.decode().partition('id="tabbar"')[2]
    assert 'hx-swap-oob="true"' in bar
    assert "/reports/?days=30" in bar
    assert (
        'id="tabbar"' not in swap(page, "/navigation/?section=reports&days=30", "navigation").content.decode()
    )


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("/catalog/?days=7&status=paused", "/catalog/?days=7"),
        ("/shipments/all/?date_from=2026-11-01&status=delivered", "/shipments/all/?date_from=2026-11-01"),
        ("/questions/?days=7&sla=breached", "/questions/?days=7"),
        ("/orders/?status=paid&date_from=2026-11-01", "/orders/"),
    ],
)
def test_clearing_the_filters_keeps_a_period_that_is_none_of_them(
    account: Account, page: Client, address: str, whole: str
) -> None:
    html = unescape(page.get(address).content.decode())

    assert f'href="{whole}">Clear</a>' in html
    assert f'href="{whole}">Clear the filters</a>' in html


def test_a_period_alone_leaves_the_first_tab_lit(account: Account, page: Client) -> None:
    def lit(address: str) -> list[str]:
        return re.findall(r'class="tab"[^>]*aria-current="page">([^<]+)', page.get(address).content.decode())

    assert lit("/orders/?date_from=2026-11-01") == ["All"]
    assert lit("/orders/?date_from=2026-11-01&status=paid") == ["Paid"]
    assert lit("/orders/?date_from=nonsense") == []


def test_what_is_done_leads_back_with_both(account: Account, second_account: Account, page: Client) -> None:
    make_item(second_account)
    chosen = f"?account_id={second_account.pk}&days=7"

    def leads_to(address: str, **fields: str) -> str:
        return page.post(address + chosen, fields).headers["Location"]

    change = leads_to("/catalog/bulk/new/", action="pause", ending="")
    assert re.fullmatch(r"/catalog/bulk/\d+/" + re.escape(chosen), change)
    preview = unescape(page.get(change).content.decode())
    forms = re.findall(r'<form method="post" action="(/catalog/[^"]+)"', preview)
    assert {address.partition("?")[2] for address in forms} == {chosen[1:]}
    assert leads_to(f"{change.partition('?')[0]}discard/") == f"/catalog/{chosen}"
    assert leads_to("/questions/replies/new/", word="oi", text="Oi!") == f"/questions/replies/{chosen}"
