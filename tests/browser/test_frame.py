"""The frame around every page in a real browser: searching, the bell, offline, and a session that ended."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Shop, Trouble, Visit
from tests.browser.test_pages import violations


def search_for(page: Page, text: str) -> None:
    page.keyboard.press("/")
    page.keyboard.type(text)
    expect(page.locator("#found")).to_be_visible()


def test_one_key_and_a_few_letters_find_an_item(visit: Visit) -> None:
    page = visit("/team/")
    search_for(page, "caneca")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")

    page.wait_for_url("**/catalog/MLB*/")
    assert "Caneca" in page.locator("h1").inner_text()


def test_escape_closes_what_was_found_and_keeps_the_words(visit: Visit) -> None:
    page = visit("/orders/")
    search_for(page, "caneca")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")

    expect(page.locator("#found")).to_be_hidden()
    expect(page.locator("#search-field")).to_be_focused()
    expect(page.locator("#search-field")).to_have_value("caneca")


def test_enter_opens_all_that_was_found(visit: Visit, shop: Shop) -> None:
    page = visit("/")
    search_for(page, shop.numbers["order"])
    page.keyboard.press("Enter")

    page.wait_for_url("**/search/?q=*")
    expect(page.locator(f'main a[href^="/orders/{shop.numbers["order"]}/"]')).to_be_visible()


def test_the_open_search_can_be_read_by_everyone(visit: Visit, trouble: Trouble) -> None:
    page = visit("/")
    search_for(page, "caneca")

    assert violations(page, trouble) == []


@pytest.mark.parametrize("width", [360, 1280])
def test_the_bell_says_what_waits_and_leads_there(visit: Visit, trouble: Trouble, width: int) -> None:
    page = visit("/team/", width=width)
    page.locator("#attention > button").click()
    assert violations(page, trouble) == []
    page.get_by_role("link", name="fora do prazo").click()

    page.wait_for_url("**/questions/?status=UNANSWERED&sla=breached")


def test_offline_the_panel_says_so_in_its_own_look(visit: Visit, trouble: Trouble) -> None:
    page = visit("/team/")
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("caches.match('/offline/').then(Boolean)")
    page.wait_for_function("Boolean(navigator.serviceWorker.controller)")
    trouble.is_offline = True
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()
    page.goto("/orders/")
    expect(page.locator("h1")).to_have_text("Você está offline")


def test_no_page_with_data_stays_in_the_browser(visit: Visit) -> None:
    page = visit("/orders/")
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("Boolean(navigator.serviceWorker.controller)")
    page.goto("/questions/")
    kept = page.evaluate(
        """async () => {
            const caches_ = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
            const kept = await Promise.all(caches_.map((cache) => cache.keys()));
            return kept.flat().map((request) => new URL(request.url).pathname);
        }"""
    )

    assert kept
    assert {path for path in kept if not path.startswith("/static/")} <= {"/offline/"}


FOCUS = """() => {
    const here = document.activeElement;
    const around = here.closest("dialog");
    return around ? around.id : here === document.body ? "" : "the page behind";
}"""
"""Where the focus is: the id of its dialog, or nothing where the browser's own buttons have it."""


def test_every_dialog_takes_the_focus_keeps_it_and_gives_it_back(visit: Visit, shop: Shop) -> None:
    page = visit("/team/")
    remove = page.locator("form[data-confirm] button").first
    link = page.locator("main a:visible").first
    opened = {"confirm": (remove, "Enter"), "shortcuts": (link, "?")}
    found = page.locator("dialog").evaluate_all("(all) => all.map((one) => one.id)")
    assert sorted(found) == sorted(opened), "say here how a new dialog is opened by keyboard"

    for name, (opener, key) in opened.items():
        opener.focus()
        page.keyboard.press(key)
        expect(page.locator(f"dialog#{name}")).to_be_visible()
        assert page.evaluate(FOCUS) == name
        for step in ["Tab"] * 6 + ["Shift+Tab"] * 6:
            page.keyboard.press(step)
            assert page.evaluate(FOCUS) in (name, "")
        page.keyboard.press("Escape")
        expect(page.locator(f"dialog#{name}")).to_be_hidden()
        expect(opener).to_be_focused()
    assert shop.organization.memberships.count() == 2


def test_every_menu_opens_closes_and_gives_the_focus_back_by_keyboard(visit: Visit) -> None:
    page = visit("/reports/reputation/")
    openers = page.locator("[popovertarget]:visible")
    assert openers.count() > 3
    for opener in openers.all():
        menu = page.locator(f"[id='{opener.get_attribute('popovertarget')}']")
        opener.focus()
        page.keyboard.press("Enter")
        expect(menu).to_be_visible()
        if menu.locator("a, button").count():
            page.keyboard.press("Tab")
        page.keyboard.press("Escape")
        expect(menu).to_be_hidden()
        expect(opener).to_be_focused()


def test_a_form_on_its_way_is_not_sent_twice(visit: Visit, shop: Shop) -> None:
    page = visit("/questions/replies/new/")
    page.get_by_label("Palavra").fill("prazo")
    page.get_by_label("Texto").fill("Chega em dois dias úteis.")
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.is_navigation_request() else None)
    button = page.locator("main form[method=post] .button-primary")
    look = button.evaluate("(button) => { button.click(); button.click(); return button.outerHTML; }")

    assert "htmx-request" in look
    assert 'aria-busy="true"' in look
    page.wait_for_url("**/questions/replies/")
    assert [one.partition("/questions")[2] for one in sent] == ["/replies/new/", "/replies/"]
