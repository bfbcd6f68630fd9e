"""Every page, in both themes and three widths: readable by everyone, nothing refused, nothing sideways."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Shop, Trouble, Visit

PAGES = [
    "/",
    "/catalog/",
    "/orders/",
    "/orders/{order}/",
    "/shipments/",
    "/shipments/{shipment}/",
    "/questions/",
    "/accounts/",
    "/team/",
    "/profile/",
    "/webhooks/",
    pytest.param("/2fa/", marks=pytest.mark.ignore_template_errors),  # allauth's own template
    "/password/change/",
    "/orders/?q=nothing-like-this",
]
AXE = Axe()


def violations(page: Page, trouble: Trouble) -> list[str]:
    page.wait_for_load_state("load")
    trouble.is_over = True
    found = AXE.run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_everyone_can_read_it(visit: Visit, shop: Shop, trouble: Trouble, path: str, theme: str) -> None:
    page = visit(path.format(**shop.numbers), theme=theme)

    assert violations(page, trouble) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/login/", "/password/reset/"])
def test_everyone_can_come_in(visit: Visit, trouble: Trouble, path: str, theme: str) -> None:
    page = visit(path, theme=theme, as_nobody=True)

    assert violations(page, trouble) == []


@pytest.mark.parametrize("width", [360, 768])
@pytest.mark.parametrize("path", [*PAGES, "/login/"])
def test_nothing_scrolls_sideways(visit: Visit, shop: Shop, path: str, width: int) -> None:
    page = visit(path.format(**shop.numbers), width=width, as_nobody=path == "/login/")

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_everyone_can_read_it_on_a_phone(visit: Visit, trouble: Trouble) -> None:
    page = visit("/orders/", width=360)
    page.get_by_role("button", name="Mais").click()

    assert page.get_by_role("link", name="Catálogo").is_visible()
    assert violations(page, trouble) == []
