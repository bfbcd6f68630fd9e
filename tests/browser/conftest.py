"""A real browser at the real server: pages, static files and live updates, on the test's database."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
import uvicorn
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from accounts.models import Account, Organization, Role, User
from painelml import asgi, wsgi
from painelml.sync.models import SyncRun
from tests.factories import make_account, make_item, make_order, make_person, make_question, make_shipment

# Playwright keeps an event loop in this thread, which Django would take for an asynchronous view.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

PICTURE = "/static/img/logo.svg"


@pytest.fixture(scope="session")
def base_url(django_db_setup: None) -> Iterator[str]:
    """The panel as `serve` runs it, in a thread."""
    connections.settings["default"]["CONN_MAX_AGE"] = 0  # or the test database stays in use at the end
    with override_settings(WHITENOISE_USE_FINDERS=True):
        wsgi.application.load_middleware()  # anew: any test that imported it before us did without

    server = uvicorn.Server(uvicorn.Config(asgi.application, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(found for name in names if (found := shutil.which(name)))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@dataclass
class Shop:
    organization: Organization
    ana: User
    account: Account
    numbers: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    return open_shop(make_person("Ana"))


def open_shop(ana: User) -> Shop:
    """Open two sellers with a few of everything: late and on time, known and unknown, of many statuses."""
    now = timezone.now()
    organization = ana.organizations.get()
    make_person("Bruno", organization, Role.OPERATOR)
    is_first = not Account.objects.filter(organization=organization).exists()
    account = make_account(organization, is_primary=is_first, account_name="Casa do Pátio", last_sync=now)
    second = make_account(
        organization, account_name="Aurora Eletro", status="expired", last_sync_error="invalid_grant"
    )
    items = [
        make_item(
            account,
            title=title,
            thumbnail=PICTURE,
            permalink="",
            variations=2,
            date_created=now - timedelta(days=day),
            available_quantity=units,
            logistic_type=logistics,
        )
        for day, (title, units, logistics) in enumerate(
            [
                ("Jogo de Panelas Antiaderente 5 Peças com Tampa de Vidro Temperado", 12, "fulfillment"),
                ("Caneca", 3, "self_service"),
                ("Chaleira Elétrica Inox 1,8 L", 0, "xd_drop_off"),
                ("Manta de Microfibra", 40, "hyperloop"),
            ]
        )
    ]
    for number, status in enumerate(
        ["paid", "cancelled", "payment_required", "partially_refunded", "odd_one"]
    ):
        order = make_order(
            account,
            status=status,
            is_sale=status == "paid",
            date_created=now - timedelta(hours=number),
            net=None if number == 0 else Decimal("92.41"),
            shipping_cost=None if number == 0 else Decimal("21.90"),
            pack_id="2000000777" if number < 2 else "",
            item_id=items[0].meli_id,
            payload={"id": number, "tags": ["paid"]},
        )
        order.items.update(title=items[0].title)
        make_shipment(
            account,
            meli_id=order.shipment_id,
            dispatch_by=now + timedelta(hours=4 * number - 5),
            logistic_type="self_service",
            date_created=now - timedelta(hours=number),
        )
        make_question(
            account,
            item_id=items[1].meli_id,
            text=f"Serve em fogão de indução? {number}",
            date_created=now - timedelta(minutes=30 * number),
            due_at=now + timedelta(minutes=60 - 30 * number),
        )
    make_question(
        second,
        status="ANSWERED",
        text="Emite nota?",
        answer_text="Sim, em todas as compras.",
        date_created=now - timedelta(days=1),
        answered_at=now - timedelta(hours=23),
        response_seconds=3600,
        due_at=now - timedelta(hours=22),
    )
    run = SyncRun.objects.create(
        account=account, scope="orders", status="running", total=1200, started_at=now
    )
    run.steps.create(name="window", key="w1", expected=1200, held=300)
    SyncRun.objects.create(
        account=account, scope="items", status="failed", error="Mercado Livre did not answer."
    )
    last = account.orders.order_by("-date_created")[0]
    numbers = {"order": last.meli_id, "shipment": last.shipment_id, "account": str(account.pk)}
    return Shop(organization, ana, account, numbers)


@dataclass
class Trouble:
    """What must not happen while somebody uses a page."""

    seen: list[str] = field(default_factory=list)
    is_over: bool = False
    """From now on somebody else is at work on the page: axe, which styles inline."""
    is_offline: bool = False
    """The network is gone on purpose, and the browser says so."""
    refusals: set[int] = field(default_factory=set)
    """Statuses that are asked for on purpose: the browser complains of each by itself."""

    def watch(self, page: Page, *addresses: str) -> None:
        """Note what goes wrong on a page that may ask these addresses and no others."""
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.seen.append(f"script: {error}"))
        hosts = {urlsplit(address).netloc for address in addresses} | {""}
        page.on(
            "request",
            lambda request: (
                None
                if urlsplit(request.url).netloc in hosts or request.url.startswith("data:")
                else self.seen.append(f"request to {request.url}")
            ),
        )

    def hear(self, message: ConsoleMessage) -> None:
        if self.is_offline and "ERR_INTERNET_DISCONNECTED" in message.text:
            return
        words = [word for status in self.refusals for word in (f"status of {status} ", f"Code {status} from")]
        if any(word in message.text for word in words):  # the browser's and htmx's
            return
        if message.type in ("error", "warning") and not self.is_over:
            self.seen.append(f"{message.type}: {message.text} {message.location['url']}")


Visit = Callable[..., Page]


@pytest.fixture
def trouble() -> Iterator[Trouble]:
    found = Trouble()
    yield found
    assert not found.seen, found.seen


@pytest.fixture
def visit(browser: Browser, base_url: str, trouble: Trouble, shop: Shop) -> Iterator[Visit]:
    """Open a page as Ana: `visit("/orders/", width=360, theme="dark")`; `as_nobody=True` logged out."""
    contexts: list[BrowserContext] = []

    def open_page(path: str, *, width: int = 1280, theme: str = "light", as_nobody: bool = False) -> Page:
        context = browser.new_context(
            base_url=base_url,
            viewport={"width": width, "height": 800},
            color_scheme=theme,
            locale="pt-BR",
            reduced_motion="reduce",  # or axe measures a colour half way to the other theme
        )
        contexts.append(context)
        if not as_nobody:
            context.add_cookies([session_of(shop.ana, base_url)])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.set_default_navigation_timeout(30_000)  # a fresh server on a busy machine
        trouble.watch(page, base_url)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    cache.clear()


def session_of(user: User, base_url: str) -> dict[str, str]:
    """Return the cookie of somebody who is logged in."""
    from django.test import Client

    client = Client()
    client.force_login(user)
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": base_url,
    }
