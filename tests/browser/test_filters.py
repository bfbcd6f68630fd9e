"""The filters of a list, as people use them."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Shop, Visit
from tests.factories import make_order


def lists_asked_for(page: Page) -> list[str]:
    """Return a list that grows with every request for the orders."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/orders/?" in request.url else None)
    return asked


def test_enter_and_leaving_the_search_ask_once(visit: Visit, shop: Shop) -> None:
    make_order(shop.account, buyer_nickname="ZULEICA")
    page = visit("/orders/")
    asked = lists_asked_for(page)
    entries = page.evaluate("history.length")

    page.get_by_label("Busca", exact=True).click()
    page.keyboard.type("zuleica")
    page.keyboard.press("Enter")
    expect(page.locator("#order-table tbody tr")).to_have_count(1)
    page.keyboard.press("Tab")
    page.get_by_role("combobox", name="Status").select_option("paid")
    expect(page).to_have_url(re.compile("q=zuleica&status=paid$"))

    assert [url.split("?")[1] for url in asked] == ["q=zuleica", "q=zuleica&status=paid"]
    assert page.evaluate("history.length") == entries + 2


def test_the_lit_tab_and_the_way_back_follow_the_filters(visit: Visit) -> None:
    page = visit("/orders/")
    tabs = page.locator("#tabs")
    clear = page.get_by_role("link", name="Limpar", exact=True)
    expect(tabs.get_by_role("link", name="Todos")).to_have_attribute("aria-current", "page")
    expect(clear).to_have_count(0)

    page.get_by_role("combobox", name="Status").select_option("paid")

    expect(tabs.get_by_role("link", name="Pago")).to_have_attribute("aria-current", "page")
    expect(tabs.locator("[aria-current]")).to_have_count(1)
    clear.click()
    expect(page).to_have_url(re.compile("/orders/$"))


def test_back_undoes_a_filter_and_forward_does_it_again(visit: Visit) -> None:
    page = visit("/orders/")  # five orders, two of them one pack
    rows = page.locator("#order-table tbody tr")
    expect(rows).to_have_count(4)
    page.get_by_role("combobox", name="Status").select_option("paid")
    expect(rows).to_have_count(1)

    page.go_back()
    expect(rows).to_have_count(4)
    expect(page.get_by_role("combobox", name="Status")).to_have_value("")
    page.go_forward()
    expect(rows).to_have_count(1)

    expect(page.get_by_role("combobox", name="Status")).to_have_value("paid")


def test_days_the_wrong_way_round_are_told_and_list_nothing(visit: Visit) -> None:
    page = visit("/orders/?date_from=2026-11-20")

    page.get_by_label("Até").fill("2026-11-19")

    expect(page.get_by_role("alert").filter(has_text="Até:")).to_be_visible()
    expect(page.locator("#order-table tbody tr")).to_have_count(0)


def test_the_frame_follows_the_filters(visit: Visit, shop: Shop) -> None:
    page = visit("/orders/?status=cancelled")
    page.get_by_label("De", exact=True).fill("2026-01-05")
    page.get_by_role("combobox", name="Status").select_option("paid")
    expect(page).to_have_url(re.compile("date_from=2026-01-05"))
    expect(page).to_have_url(re.compile("status=paid"))

    page.locator("#search-field").press_sequentially(shop.numbers["order"])
    found = page.locator("#found a.found-row").first
    expect(found).to_have_attribute("href", re.compile("date_from=2026-01-05"))
    page.get_by_role("button", name="Todas as contas").click()
    page.get_by_role("link", name="Casa do Pátio").click()

    expect(page).to_have_url(re.compile(f"account_id={shop.account.pk}"))
    assert "status=paid" in page.url
    assert "date_from=2026-01-05" in page.url


SHOWS = """(tab) => {
  const row = tab.parentElement.getBoundingClientRect();
  const { left, right } = tab.getBoundingClientRect();
  return tab.parentElement.scrollLeft > 0 && left >= row.left - 1 && right <= row.right + 1;
}"""


def refresh(page: Page, region: str) -> None:
    """Let a list ask for itself, as it does when something changed, and wait for the new one."""
    page.locator(region).evaluate(
        "(old) => { old.dataset.old = ''; old.dispatchEvent(new CustomEvent('live')); }"
    )
    expect(page.locator(f"{region}[data-old]")).to_have_count(0)


def test_a_refresh_leaves_what_stands_beside_the_list_as_it_is(visit: Visit) -> None:
    page = visit("/questions/?status=ANSWERED", width=360)
    tab = page.locator("#tabs [aria-current]")
    assert tab.evaluate(SHOWS)
    page.locator("#saved-filters summary").click()
    name = page.locator("#saved-filters input[name=name]")
    name.fill("Resp")

    refresh(page, "#question-list")

    expect(name).to_be_focused()
    expect(name).to_have_value("Resp")
    page.wait_for_function(SHOWS, arg=tab.element_handle())
    tab.focus()
    refresh(page, "#question-list")
    expect(tab).to_be_focused()
