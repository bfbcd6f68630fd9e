"""Every page of the URLconf, for everyone: nothing that axe finds in either theme, on a desk or on a phone;
nothing sideways; everything reached by keyboard and seen when it is; and light enough for a first visit.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.core.management import call_command
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from accounts.alerts import token_of
from accounts.models import Alerts, Role, User
from accounts.views import FAILURES
from catalog.models import Item
from questions.models import QuickReply
from tests.browser.conftest import Shop, Trouble, open_shop, session_of
from tests.sweep.addresses import Address, addresses
from tests.sweep.world import World

pytestmark = pytest.mark.django_db  # the rows are the module's and stay; see `house`

AXE = Axe()
WIDTHS = (360, 768, 1280)
THEMES = ("light", "dark")
FIRST_LOAD = 250 * 1024
"""Bytes of a page with its styles and scripts, without pictures, before a proxy makes them smaller."""

NO_PAGES = {
    "it is only for doing something": (
        "accounts/{pk}/costs/confirm/ accounts/{pk}/costs/file/ accounts/{pk}/costs/sale/ "
        "accounts/{pk}/pause/ accounts/{pk}/primary/ accounts/{pk}/resume/ accounts/{pk}/sync/ "
        "catalog/bulk/{pk}/discard/ catalog/bulk/{pk}/start/ catalog/bulk/{pk}/stop/ "
        "catalog/bulk/{pk}/undo/ exports/start/{route}/ exports/{pk}/cancel/ exports/{pk}/delete/ "
        "exports/{pk}/put-away/ filters/{name}/keep/ filters/{name}/{pk}/remove/ "
        "filters/{name}/{pk}/rename/ language/ questions/replies/preview/ questions/replies/{pk}/delete/ "
        "questions/{meli_id}/answer/ questions/{meli_id}/beat/ sessions/end-others/ "
        "sessions/log-out-everywhere/ sessions/{pk}/end/ shipments/labels/ "
        "team/invitations/{pk}/withdraw/ team/invite/ team/keys/{pk}/revoke/ team/members/{pk}/remove/ "
        "team/members/{pk}/role/ team/rename/ team/switch/{pk}/ team/two-factor/ webhooks/try-again/ "
        "webhooks/{pk}/try-again/"
    ),
    "it is a part of a page": (
        "accounts/{pk}/ attention/ exports/tray/ navigation/ questions/{meli_id}/replies/ webhooks/figures/"
    ),
    "it is a file": (
        "2fa/recovery-codes/download/ catalog/sheet/ catalog/stock-outs/export/ manifest.webmanifest "
        "service-worker.js shipments/labels/{token}/"
    ),
    "it is for programs": "healthz metrics readyz",
    "it leads to another page": "2fa/reauthenticate/ password/set/",
    "it is there in the middle of logging in": "2fa/authenticate/ login/code/confirm/",
    "its link is a secret: it is among the variants": (
        "accounts/connect-failed/{reason}/ alerts/stop/{token}/ team/join/{token}/"
    ),
}
"""Addresses of the URLconf at which Ana finds no page, by the reason."""
LEFT_OUT = {text for texts in NO_PAGES.values() for text in texts.split()}
FOR_NOBODY = {"login/", "signup/"}
"""Pages that only people see who are not logged in."""
FOR_MARA = {"2fa/totp/deactivate/", "2fa/recovery-codes/"}
"""Pages that need a second factor."""
VARIANTS = [
    "/orders/?q=nothing-like-this",
    "/orders/?date_from=2026-11-20&date_to=2026-11-19",
    "/catalog/?view=cards",
    "/questions/?question={question}",
    "/questions/?status=UNANSWERED",
    "/reports/breakdown/?by=state",
    "/reports/breakdown/?by=account",
    "/search/?q=caneca",
    "/orders/{order}/",
    "/shipments/{shipment}/",
    "/catalog/{item}/",
    "/accounts/connect-failed/{reason}/",
    "/alerts/stop/{stop}/",
    "/team/join/{invitation}/",
]
"""Pages that look different with a query, or for a row of the shop; and those with a secret address."""

RAN = """async (options) => (await axe.run(options)).violations
    .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 160)}`))"""

UNREACHABLE = """() => {
    const isShown = (one) => one.checkVisibility({ checkVisibilityCSS: true }) && one.getClientRects().length;
    const isNative = (one) => one.matches("a[href], button, input, select, textarea, summary, label, option");
    const reached = "a[href], button, label, summary, input, select, textarea, [tabindex]";
    const isReached = (one) => one.closest(reached);
    const clicked = [...document.querySelectorAll("[hx-get], [hx-post], [role=button], [data-insert]")]
        .filter((one) => !one.matches("form") && !one.hasAttribute("hx-trigger") && !isNative(one));
    const pointed = [...document.querySelectorAll("main *, header *, nav *")]
        .filter((one) => isShown(one) && getComputedStyle(one).cursor === "pointer" && !isReached(one));
    const jumping = [...document.querySelectorAll("[tabindex]")].filter((one) => one.tabIndex > 0);
    return [...clicked, ...pointed, ...jumping].map((one) => one.outerHTML.slice(0, 160));
}"""
"""Finds what a mouse can use and a keyboard cannot, and what takes the focus out of its order."""

UNSEEN = """() => {
    const features = ["outlineStyle", "outlineWidth", "boxShadow", "borderColor", "backgroundColor"];
    const look = (one) => features.map((name) => getComputedStyle(one)[name]).join();
    const reached = "a[href], button, input, select, textarea, summary, [tabindex='0']";
    const kinds = new Set(), unseen = [];
    document.activeElement.blur();
    for (const one of document.querySelectorAll(reached)) {
        const kind = `${one.tagName} ${one.type ?? ""} ${one.className} ${one.parentElement.className}`;
        if (kinds.has(kind) || one.disabled || !one.checkVisibility({ checkVisibilityCSS: true })) continue;
        kinds.add(kind);
        const around = one.closest(".search, label") ?? one;
        const before = look(one) + look(around);
        one.focus({ preventScroll: true });
        const isSame = document.activeElement === one && look(one) + look(around) === before;
        if (isSame) unseen.push(one.outerHTML.slice(0, 160));
        one.blur();
    }
    return unseen;
}"""
"""Finds what looks the same with the focus on it."""

WEIGHT = """() => ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
    .filter((one) => !/\\.(svg|png|jpe?g|webp)$/.test(new URL(one.name).pathname))
    .reduce((sum, one) => sum + one.encodedBodySize, 0)"""


def scrolls_sideways(page: Page) -> list[int]:
    """Return the widths at which there is more to the right."""
    wrong = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(width)
    return wrong


def violations(page: Page, trouble: Trouble, themes: Sequence[str] = THEMES) -> list[str]:
    """Return what axe finds in these themes, at the page's own width."""
    page.wait_for_load_state("load")
    trouble.is_over = True
    page.evaluate(AXE.axe_script)
    found = []
    for theme in themes:
        page.emulate_media(color_scheme=theme)
        # The themes differ in colours alone.
        options = {} if theme == THEMES[0] else {"runOnly": ["color-contrast"]}
        found += [f"{theme}: {one}" for one in page.evaluate(RAN, {"resultTypes": ["violations"], **options})]
    return found


@dataclass(frozen=True)
class House:
    """A shop with a row of everything, and the browsers of three people, open all the time."""

    world: World
    shop: Shop
    anas: BrowserContext
    maras: BrowserContext
    nobodys: BrowserContext

    def path_of(self, address: Address) -> str:
        return address.of(self.world)

    def browser_for(self, address: Address) -> BrowserContext:
        if address.text in FOR_NOBODY:
            return self.nobodys
        return self.maras if address.text in FOR_MARA else self.anas


@pytest.fixture(scope="module")
def house(
    django_db_setup: None, django_db_blocker: pytest.FixtureRequest, base_url: str, browser: Browser
) -> Iterator[House]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        world = World("Ana")
        Item.objects.update(thumbnail="", permalink="")  # pictures of another host
        shop = open_shop(world.person)
        QuickReply.objects.create(organization=shop.organization, word="prazo", text="Chega em 2 dias.")
        mara = world.members[Role.MANAGER]
        TOTP.activate(mara, "JBSWY3DPEHPK3PXP")
        RecoveryCodes.activate(mara)
        anas, maras, nobodys = (
            browser.new_context(
                base_url=base_url,
                locale="pt-BR",
                reduced_motion="reduce",  # or axe measures a colour half way to the other theme
            )
            for _ in range(3)
        )
        anas.add_cookies([fresh_session_of(world.person, base_url)])
        maras.add_cookies([fresh_session_of(mara, base_url)])
        yield House(world, shop, anas, maras, nobodys)
        for context in (anas, maras, nobodys):
            context.close()
        cache.clear()
        call_command("flush", verbosity=0, interactive=False)


def fresh_session_of(user: User, base_url: str) -> dict[str, str]:
    """Return the cookie of somebody who has just said their password: some pages ask for it again."""
    cookie = session_of(user, base_url)
    session = SessionStore(cookie["value"])
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time()}]
    session.save()
    return cookie


SWEPT = [one for one in addresses() if not (one.is_admin or one.is_api or one.text.startswith("meli/"))]
PAGES = [one for one in SWEPT if one.text not in LEFT_OUT]


def check(page: Page, path: str, base_url: str, trouble: Trouble) -> None:
    """Look at a page in every way."""
    trouble.watch(page, base_url)
    page.set_viewport_size({"width": 1280, "height": 800})
    answer = page.goto(path)
    assert answer
    assert answer.status == 200
    page.wait_for_load_state("load")
    weight = page.evaluate(WEIGHT)
    assert weight <= FIRST_LOAD, f"{weight / 1024:.0f} KiB"
    page.keyboard.press("Tab")
    assert page.evaluate(UNREACHABLE) == []
    assert page.evaluate(UNSEEN) == []
    found = {"1280": violations(page, trouble)}
    page.emulate_media(color_scheme="light")
    assert scrolls_sideways(page) == []
    page.set_viewport_size({"width": 360, "height": 800})
    found["360"] = violations(page, trouble, THEMES[:1])  # no colour depends on the width
    assert found == {"1280": [], "360": []}


@pytest.mark.ignore_template_errors  # what allauth leaves out is its own
@pytest.mark.parametrize("address", PAGES, ids=str)
def test_everyone_can_use_it(house: House, base_url: str, trouble: Trouble, address: Address) -> None:
    page = house.browser_for(address).new_page()
    try:
        check(page, house.path_of(address), base_url, trouble)
    finally:
        page.close()


@pytest.mark.parametrize("path", VARIANTS)
def test_everyone_can_use_it_filled(house: House, base_url: str, trouble: Trouble, path: str) -> None:
    shop = house.shop
    named = {
        **shop.numbers,
        "item": shop.account.items.latest("pk").meli_id,
        "question": shop.account.questions.latest("pk").meli_id,
        "reason": next(iter(FAILURES)),
        "stop": token_of(Alerts.objects.latest("pk")),
        "invitation": house.world.invitation.token,
    }
    page = (house.nobodys if "/join/" in path else house.anas).new_page()
    try:
        check(page, path.format(**named), base_url, trouble)
    finally:
        page.close()


@pytest.mark.ignore_template_errors
def test_what_is_left_out_is_no_page(house: House) -> None:
    client = Client()
    client.force_login(house.world.person)
    found = []
    for address in SWEPT:
        if address.text in LEFT_OUT:
            answer = client.get(house.path_of(address))
            if answer.status_code == 200 and b"<html" in b"".join(answer):
                found.append(str(address))
    assert found == []


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
def test_everyone_can_read_what_went_wrong(
    house: House, base_url: str, trouble: Trouble, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """Each as it comes about; a page that nobody can ask for by its address is drawn in place of another."""
    raises: dict[int, Exception] = {500: RuntimeError("broken"), 503: OperationalError("gone")}

    def go_wrong(request: HttpRequest, *_args: object) -> HttpResponse:
        if status in raises:
            raise raises[status]
        return render(request, f"{status}.html", status=status)

    monkeypatch.setattr("painelml.web.views.page_or_partial", go_wrong)
    trouble.refusals.add(status)
    page = (house.maras if status == 403 else house.anas).new_page()
    try:
        trouble.watch(page, base_url)
        path = {403: f"/accounts/{house.world.account.pk}/disconnect/", 404: "/orders/1/"}.get(status, "/")
        answer = page.goto(path)
        assert answer
        assert answer.status == status
        assert page.locator("h1").count() == 1
        assert scrolls_sideways(page) == []
        assert violations(page, trouble) == []
    finally:
        page.close()
