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
    "/shipments/all/",
    "/shipments/performance/",
    "/shipments/{shipment}/",
    "/questions/",
    "/reports/",
    "/reports/reputation/",
    "/accounts/",
    "/accounts/{account}/costs/",
    "/accounts/{account}/service-level/",
    "/team/",
    "/profile/",
    "/webhooks/",
    pytest.param("/2fa/", marks=pytest.mark.ignore_template_errors),  # allauth's own template
    "/password/change/",
    "/orders/?q=nothing-like-this",
]
AXE = Axe()


def scrolls_sideways(page: Page) -> list[int]:
    """Return the widths at which there is more to the right."""
    wrong = []
    for width in (360, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(width)
    return wrong


def violations(page: Page, trouble: Trouble) -> list[str]:
    """Return what axe finds in the light and in the dark theme."""
    page.wait_for_load_state("load")
    trouble.is_over = True
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for one in AXE.run(page).response["violations"]:
            found += [f"{theme}: {one['id']}: {node['html'][:160]}" for node in one["nodes"]]
    return found


@pytest.mark.parametrize("path", PAGES)
def test_everyone_can_read_it(visit: Visit, shop: Shop, trouble: Trouble, path: str) -> None:
    page = visit(path.format(**shop.numbers))

    assert scrolls_sideways(page) == []
    assert violations(page, trouble) == []


@pytest.mark.parametrize("path", ["/login/", "/password/reset/", "/nowhere/"])
def test_everyone_can_come_in(visit: Visit, trouble: Trouble, path: str) -> None:
    trouble.is_over = path == "/nowhere/"  # the browser complains of a 404 by itself
    page = visit(path, as_nobody=True)

    assert scrolls_sideways(page) == []
    assert violations(page, trouble) == []


def test_everyone_can_read_it_on_a_phone(visit: Visit, trouble: Trouble) -> None:
    page = visit("/orders/", width=360)
    page.get_by_role("button", name="Mais").click()

    assert page.get_by_role("link", name="Catálogo").is_visible()
    assert page.get_by_role("link", name="Operação").is_visible()
    assert violations(page, trouble) == []


def test_the_lines_of_an_order_are_whole_on_a_phone(visit: Visit, shop: Shop) -> None:
    page = visit(f"/orders/{shop.numbers['order']}/", width=360)
    line = page.locator(".rows-lines > li").first
    main, end = (line.locator(part).bounding_box() for part in (".rows-main", ".rows-end"))
    title = line.locator(".cell-title")

    assert main
    assert end
    assert main["y"] + main["height"] <= end["y"]
    assert title.evaluate("title => title.scrollHeight <= title.clientHeight")
    assert line.locator(".cell-more").evaluate("more => more.scrollWidth <= more.clientWidth")


def test_a_role_can_be_read_on_a_phone(visit: Visit) -> None:
    page = visit("/team/", width=360)

    widths = [
        select.evaluate("select => select.offsetWidth") for select in page.locator("select[name=role]").all()
    ]
    members = page.get_by_label("Papel de").count()
    assert members >= 1
    assert len(widths) == members + 1, "every member's and the invitation's"
    assert min(widths) >= 120
