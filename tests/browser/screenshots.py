"""`make screenshots`: every page of the panel as people see it, from a demo of its own, into var/screenshots.

The pages are read from the URLconf, so one that is added tomorrow is taken tomorrow: whatever answers a GET
with a page is taken, and an address that answers with something else must say so in NO_PAGES.
"""

from __future__ import annotations

import base64
import html
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import APIResponse, Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from painelml import demo

if TYPE_CHECKING:
    from django.db.models import Model

ROOT = Path(__file__).resolve().parent.parent.parent
WIDTHS = (360, 820, 1366)
THEMES = ("light", "dark")
LANGUAGES = {"pt-br": "pt-BR", "en": "en-US", "es": "es-AR"}
READY_S = 900
"""How long the demo may take to have read everything."""
HEIGHT_MAX = 6000
"""Of a picture; what lies below it looks like what is above."""
PICTURE = {"format": "jpeg", "quality": 85, "optimizeForSpeed": True, "captureBeyondViewport": False}
"""As Chromium is asked for one: a tenth of the time a PNG takes, and nothing to see of the difference."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

REAUTHENTICATE = "/reauthenticate/?"
"""Where whoever logged in a while ago is sent before something delicate."""

NO_PAGES = {
    "manifest.webmanifest": "what a phone installs the panel by",
    "service-worker.js": "a script",
    "navigation/": "a part of every page",
    "attention/": "a part of every page",
    "healthz": "for machines",
    "readyz": "for machines",
    "metrics": "for machines",
    "meli/webhooks/stats": "JSON",
    "meli/webhooks/pending": "JSON",
    "meli/oauth/start": "leads to Mercado Livre",
    "catalog/sheet/": "a file",
    "catalog/stock-outs/export/": "a file",
    "exports/tray/": "a part of every page",
    "shipments/labels/{token}/": "a file",
    "accounts/{pk}/": "a part of the list of accounts",
    "webhooks/figures/": "a part of the page of the inbox",
    "questions/{meli_id}/replies/": "a part of the form of an answer",
    "meli/oauth/callback": "comes from Mercado Livre",
    "login/code/confirm/": "in the middle of a login",
    "2fa/authenticate/": "in the middle of a login",
    "2fa/reauthenticate/": "in the middle of what asks for it; its page is reauthenticate/",
    "2fa/totp/deactivate/": "for those who have turned it on",
    "2fa/recovery-codes/": "for those who have turned it on",
    "2fa/recovery-codes/generate/": "for those who have turned it on",
    "2fa/recovery-codes/download/": "a file",
    "password/set/": "for those without a password",
    "team/join/{token}/": "taken in MORE, with a real link",
    "alerts/stop/{token}/": "taken in MORE, with a real link",
    "accounts/connect-failed/{reason}/": "taken in MORE",
}
"""By address: why a GET of it is no page."""

MORE = [
    ("orders-nothing-found", "/orders/?q=nothing-like-this"),
    ("catalog-cards", "/catalog/?view=cards"),
    ("questions-open", "/questions/?status=UNANSWERED&question={question}"),
    ("search-found", "/search/?q=kit"),
    ("reports-year", "/reports/?days=365"),
    ("breakdown-state", "/reports/breakdown/?by=state"),
    ("nowhere", "/nowhere/"),
    ("accounts-connect-failed", "/accounts/connect-failed/state_expired/"),
    ("team-join", "/team/join/{invitation}/"),
    ("alerts-stop", "/alerts/stop/{stop}/"),
]
"""States of pages that are not in the URLconf."""

PRESSED = [
    ("overview-attention", "/", ["[popovertarget=attention-menu]"]),
    ("overview-person", "/", ["[popovertarget=user-menu]"]),
    ("overview-accounts", "/", ["[popovertarget=account-switch]"]),
    ("overview-shortcuts", "/", ["[popovertarget=user-menu]", "[data-opens-shortcuts]"]),
    ("overview-numbers", "/", ["details.behind summary"]),
    ("orders-help", "/orders/{order}/", ["[popovertarget^=help]"]),
    ("orders-parts", "/orders/{order}/", [".split .stack + .stack details summary"]),
    ("catalog-editing", "/catalog/?view=table", ["[hx-get$='/edit/']", "[data-editing] input:visible"]),
    ("catalog-chosen", "/catalog/?view=table", ["[data-select] [type=checkbox]"]),
    ("shipments-chosen", "/shipments/", ["[name=ids]"]),
]
"""States that come about by what somebody presses: name, address, and what, one after the other."""


@dataclass(frozen=True)
class Shot:
    """A page to take: the name of its pictures, its address, who opens it, and what is pressed there."""

    name: str
    path: str
    as_nobody: bool = False
    pressed: tuple[str, ...] = ()


@dataclass
class Taken:
    """What was taken, and what was wrong with it."""

    pictures: int = 0
    problems: list[str] = field(default_factory=list)


def main(arguments: list[str] | None = None) -> int:
    asked = read(arguments)
    demo.settle(os.environ, ["--port", str(asked.port), "--sandbox-port", str(asked.sandbox_port),
                             "--folder", str(asked.data)])  # fmt: skip
    os.environ["DJANGO_SETTINGS_MODULE"] = "painelml.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    import django

    django.setup()
    with running_demo(asked):
        wait_for_data(asked.port)
        taken = take_for_readme(asked) if asked.readme else take_all(asked)
    print(f"{taken.pictures} pictures: {ROOT / 'docs' if asked.readme else asked.out / 'index.html'}")
    for problem in taken.problems:
        print(f"! {problem}")
    return 1 if taken.problems else 0


def read(arguments: list[str] | None) -> Namespace:
    parser = ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--port", type=int, default=8020)
    parser.add_argument("--sandbox-port", type=int, default=8021)
    parser.add_argument(
        "--data", type=Path, default=ROOT / "var" / "screenshots-demo", help="the demo's data"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "screenshots")
    parser.add_argument("--only", default="", help="pages whose name contains this")
    parser.add_argument("--widths", default=",".join(str(width) for width in WIDTHS))
    parser.add_argument("--themes", default=",".join(THEMES))
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    parser.add_argument("--readme", action="store_true", help="only the pictures of the README, into docs")
    return parser.parse_args(arguments)


# The demo


@contextmanager
def running_demo(asked: Namespace) -> Iterator[None]:
    """Run the panel with its sandbox as processes of their own, which end with the block."""
    print(f"Starting a demo at http://{demo.HOST}:{asked.port} ...", flush=True)
    command = [sys.executable, str(ROOT / "manage.py"), "demo", "--folder", str(asked.data), "--pace", "0.2"]
    command += ["--port", str(asked.port), "--sandbox-port", str(asked.sandbox_port)]
    asked.data.mkdir(parents=True, exist_ok=True)
    with (asked.data / "panel.log").open("w") as log:
        panel = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=log, preexec_fn=demo.end_with_parent
        )
    try:
        yield
    finally:
        panel.send_signal(signal.SIGINT)
        try:
            panel.wait(30)
        except subprocess.TimeoutExpired:
            panel.kill()


def wait_for_data(port: int) -> None:
    """Wait until both sellers are connected, all of theirs is read, and the busy beginning is over.

    Data of an earlier start may be there before anybody answers.
    """
    from django.db import DatabaseError

    from accounts.models import Account
    from painelml.sync.models import SyncRun

    begun = time.monotonic()
    while time.monotonic() - begun < READY_S:
        time.sleep(1)
        try:
            accounts, runs = Account.objects.count(), SyncRun.objects.active().count()
        except DatabaseError:
            continue  # its tables are being made
        waited = time.monotonic() - begun
        print(f"\r{accounts} accounts, {runs} runs still reading, {waited:.0f} s ", end="", flush=True)
        if accounts == len(demo.SELLERS) and not runs and waited > demo.BURST_S + 5 and answers(port):
            print()
            return
    sys.exit(f"The demo has not read everything after {READY_S} s.")


def answers(port: int) -> bool:
    with socket.socket() as line:
        line.settimeout(1)
        return line.connect_ex((demo.HOST, port)) == 0


# What is on the pages


class Demo:
    """What the sweep's addresses ask for (tests/sweep/addresses.py), of Ana's organization in the demo."""

    def __init__(self) -> None:
        from accounts.models import Account, Invitation, User
        from catalog.models import Item
        from orders.models import Order
        from painelml.sync.models import SyncRun
        from questions.models import Question
        from shipments.models import Shipment
        from webhooks.models import Notification

        self.person = User.objects.get(email=demo.EMAIL)
        self.organization = self.person.organizations.get()
        mine = Account.objects.of(self.organization)
        self.account = mine.get(meli_user_id=demo.SELLERS[0])
        sold = Order.objects.filter(account=self.account, status="paid", shipment_id__gt="")
        sent = Shipment.objects.filter(account=self.account, status="shipped")
        self.order = sold.order_by("-date_created").first()
        self.shipment = sent.order_by("-date_created").first()
        line = sold.order_by("-date_created")[5].items.first()
        self.item = Item.objects.get(account=self.account, meli_id=line.item_id)
        self.question = Question.objects.filter(account__in=mine).unanswered().order_by("-due_at").first()
        self.run = SyncRun.objects.filter(account=self.account).first()
        self.notification = Notification.objects.first()
        self.membership = self.person.memberships.get()
        self.invitation = self.first(Invitation)

    @property
    def session(self) -> Any:
        from allauth.usersessions.models import UserSession

        return UserSession.objects.filter(user=self.person).first()

    def first(self, model: type[Model]) -> Any:
        """Return the newest row of a model that is this organization's."""
        from tests.sweep.world import way_home

        rows = model._default_manager.filter(**{way_home(model): self.organization.pk})
        return rows.order_by("-pk").first()

    @property
    def stop(self) -> str:
        """The link at the end of an alert."""
        from accounts.alerts import token_of
        from accounts.models import Alerts

        alerts, _made = Alerts.objects.get_or_create(membership=self.membership)
        return token_of(alerts)

    @property
    def numbers(self) -> dict[str, Any]:
        """Return what the addresses below are filled with."""
        return {
            "account": self.account.pk,
            "order": self.order.meli_id,
            "sku": self.item.sku or self.item.meli_id,
            "question": self.question.meli_id,
            "invitation": self.invitation.token if self.invitation else "",
            "stop": self.stop,
        }


ROWS: list[tuple[str, dict[str, Any]]] = [
    ("/team/invite/", {"email": "bruno@painel.example", "role": "operator"}),
    ("/team/keys/", {"name": "ERP", "scopes": "read", "lifetime": "365"}),
    ("/questions/replies/new/", {"word": "envio", "text": "Olá! Enviamos no mesmo dia útil até as 13 h."}),
    ("/filters/orders/keep/", {"name": "Pagos", "query": "status=paid"}),
    ("/filters/questions/keep/", {"name": "Em risco", "query": "status=UNANSWERED&sla=at_risk"}),
    ("/accounts/{account}/costs/", {"sku": "{sku}", "amount": "41,90", "starts_on": ""}),
    (
        "/accounts/{account}/costs/sale/",
        {"sale-tax_percent": "6", "sale-per_order": "1,50", "sale-starts_on": ""},
    ),
    ("/catalog/bulk/new/?stock=low", {"action": "price_up_percent", "amount": "5", "ending": ""}),
    ("/exports/start/order-export/?format=xlsx", {}),
]
"""What the demo does not make by itself and pages show: each form, sent once as Ana would."""


def fill_up(context: BrowserContext, world: Demo) -> list[str]:
    """Send the forms of ROWS unless that was done at an earlier start; return what was refused."""
    if world.invitation:
        return []
    wrong = []
    token = next(one["value"] for one in context.cookies() if one["name"] == "csrftoken")
    for path, values in ROWS:
        form = {name: value.format(**world.numbers) for name, value in values.items()}
        answer = context.request.post(
            path.format(**world.numbers), form={**form, "csrfmiddlewaretoken": token}, max_redirects=0
        )
        if answer.status not in (200, 302):
            wrong.append(f"{path} was refused with {answer.status}")
    return wrong


def pages_of(context: BrowserContext, stranger: BrowserContext, world: Demo) -> tuple[list[Shot], list[str]]:
    """Return what to take: every address that answers a GET with a page, and the states of MORE.

    And what is wrong: an address that answers with something else and is not in NO_PAGES.
    """
    from tests.sweep.addresses import addresses

    shots, wrong = [], []
    for address in addresses():
        if address.is_admin or address.text in NO_PAGES or (address.is_api and address.text != "api/docs"):
            continue
        try:
            path = address.of(world)  # type: ignore[arg-type]
        except AttributeError:  # the demo has no such row
            path = "/" + re.sub(r"{\w+}", "1", address.text)
        answer = context.request.get(path, max_redirects=0)
        if answer.status == 405:
            continue  # it changes something
        if is_page(answer) or asks_for_password(answer):
            shots.append(Shot(name_of(address.text), path))
        elif is_page(stranger.request.get(path, max_redirects=0)):
            shots.append(Shot(name_of(address.text), path, as_nobody=True))
        else:
            wrong.append(f"{address} answers {answer.status}: take it, or say in NO_PAGES why it is no page")
    shots += [Shot(name, path.format(**world.numbers)) for name, path in MORE]
    shots += [Shot(name, path.format(**world.numbers), pressed=tuple(what)) for name, path, what in PRESSED]
    return shots, wrong


def is_page(answer: APIResponse) -> bool:
    kind = answer.headers.get("content-type", "")
    return answer.status == 200 and kind.startswith("text/html") and "<html" in answer.text()


def asks_for_password(answer: APIResponse) -> bool:
    return answer.status == 302 and answer.headers["location"].startswith(REAUTHENTICATE)


def name_of(address: str) -> str:
    """Return the name of an address's pictures: `catalog-meli_id-edit`; `overview` for the first page."""
    return "-".join(re.findall(r"\w+", address)) or "overview"


# The pictures


@contextmanager
def running_browser() -> Iterator[Browser]:
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        sys.exit("There is no Chromium (on Debian: sudo apt install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def take_all(asked: Namespace) -> Taken:
    languages = [name for name in asked.languages.split(",") if name in LANGUAGES]
    home = f"http://{demo.HOST}:{asked.port}"
    with running_browser() as browser:
        state = log_in(browser, home)
        known = open_context(browser, home, languages[0], state)
        stranger = open_context(browser, home, languages[0])
        problems = fill_up(known, Demo())
        shots, wrong = pages_of(known, stranger, Demo())
    shots = [shot for shot in shots if asked.only in shot.name]
    if not asked.only:
        shutil.rmtree(asked.out, ignore_errors=True)
    asked.out.mkdir(parents=True, exist_ok=True)
    progress = Progress(len(shots) * len(languages))

    def take_language(language: str) -> Taken:
        taken = Taken()
        with running_browser() as browser:
            known = Camera(open_context(browser, home, language, state), language, asked, taken)
            stranger = Camera(open_context(browser, home, language), language, asked, taken)
            for shot in shots:
                try:
                    (stranger if shot.as_nobody else known).take(shot)
                except PlaywrightError as broken:
                    taken.problems.append(f"{shot.name} ({language}): {broken.message.splitlines()[0]}")
                progress.show(f"{shot.name} {language}")
        return taken

    # A browser to a language: while one waits for the panel, another draws.
    with ThreadPoolExecutor(len(languages)) as pool:
        each = list(pool.map(take_language, languages))
    print()
    write_sheet(asked.out)
    problems += wrong + [problem for one in each for problem in one.problems]
    return Taken(sum(one.pictures for one in each), problems)


class Progress:
    """One line that says how far all are."""

    def __init__(self, total: int) -> None:
        self.done, self.total = 0, total
        self.lock = threading.Lock()

    def show(self, what: str) -> None:
        with self.lock:
            self.done += 1
            print(f"\r{self.done} of {self.total}: {what}".ljust(72), end="", flush=True)


README = [
    ("overview", "/", "light", {"width": 1280, "height": 820}, 1),
    ("phone", "/", "dark", {"width": 360, "height": 640}, 1.5),
]
"""The README's pictures: name, address, theme, window, and pixels of a picture to one of the window."""


def take_for_readme(asked: Namespace) -> Taken:
    home = f"http://{demo.HOST}:{asked.port}"
    with running_browser() as browser:
        state = log_in(browser, home)
        for name, path, theme, window, scale in README:
            context = open_context(
                browser, home, "en", state, viewport=window, device_scale_factor=scale, color_scheme=theme
            )
            page = context.new_page()
            page.goto(path)
            show_pictures(page)
            page.wait_for_selector("#live-state[data-state=live]")
            page.screenshot(path=ROOT / "docs" / f"{name}.png", animations="disabled")
            context.close()
    return Taken(len(README))


def log_in(browser: Browser, home: str) -> Any:
    """Return the cookies of Ana's session."""
    context = browser.new_context(base_url=home)
    page = context.new_page()
    page.goto("/login/")
    page.fill("[name=login]", demo.EMAIL)
    page.fill("[name=password]", demo.PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_selector("#navigation")
    state = context.storage_state()
    context.close()
    return state


def open_context(
    browser: Browser, home: str, language: str, state: Any = None, **options: Any
) -> BrowserContext:
    from django.conf import settings

    context = browser.new_context(
        base_url=home,
        locale=LANGUAGES[language],
        timezone_id="America/Sao_Paulo",
        storage_state=state,
        reduced_motion="reduce",
        service_workers="block",
        extra_http_headers={"Referer": f"{home}/"},
        **options,
    )
    context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": home}])
    return context


class Camera:
    """A tab that goes from page to page."""

    def __init__(self, context: BrowserContext, language: str, asked: Namespace, taken: Taken) -> None:
        self.language, self.asked, self.taken = language, asked, taken
        self.heard: set[str] = set()
        self.page = context.new_page()
        self.page.set_default_timeout(30_000)
        self.page.on("pageerror", lambda error: self.heard.add(str(error)))
        self.page.on("console", self.hear)
        self.chromium = context.new_cdp_session(self.page)

    def hear(self, message: ConsoleMessage) -> None:
        if "Content Security" in message.text:
            self.heard.add(message.text)

    def take(self, shot: Shot) -> None:
        """Take a page in each width and theme. It is opened once: both change without the server."""
        page = self.page
        answer = page.goto(shot.path, wait_until="load")
        if REAUTHENTICATE in page.url:
            page.fill("[name=password]", demo.PASSWORD)
            page.press("[name=password]", "Enter")
            page.wait_for_url(f"**{shot.path}")
        elif answer and answer.status >= 500:
            self.heard.add(f"answers {answer.status}")
        for what in shot.pressed:
            page.locator(what).first.click()
        for width in (int(one) for one in self.asked.widths.split(",")):
            # As high as the page, or what stands at the bottom of a window would stand in the middle of it.
            page.set_viewport_size({"width": width, "height": 640 if width < 600 else 900})
            show_pictures(page)
            height, needed = page.evaluate(
                "(({scrollHeight, scrollWidth}) => [scrollHeight, scrollWidth])(document.documentElement)"
            )
            if needed > width:
                self.heard.add(f"scrolls sideways at {width}")
            page.set_viewport_size({"width": width, "height": min(height, HEIGHT_MAX)})
            for theme in self.asked.themes.split(","):
                page.emulate_media(color_scheme=theme)
                name = f"{shot.name}~{width}~{theme}~{self.language}.jpg"
                picture = self.chromium.send("Page.captureScreenshot", PICTURE)
                (self.asked.out / name).write_bytes(base64.b64decode(picture["data"]))
                self.taken.pictures += 1
        self.taken.problems += [f"{shot.name} ({self.language}): {one}" for one in sorted(self.heard)]
        self.heard.clear()


def show_pictures(page: Page) -> None:
    """Let pictures that wait to be scrolled to come now."""
    page.evaluate(
        """() => Promise.all([...document.images].map((one) => {
            one.loading = "eager";
            return one.decode().catch(() => {});
        }))"""
    )


def write_sheet(out: Path) -> None:
    """Write index.html: all pictures that are there, by page."""
    pages: dict[str, list[tuple[str, str, str, Path]]] = {}
    for picture in sorted(out.glob("*~*.jpg")):
        name, width, theme, language = picture.stem.split("~")
        pages.setdefault(name, []).append((language, theme, width, picture))
    parts = [SHEET_HEAD, "<nav>", *(f'<a href="#{name}">{name}</a> ' for name in pages), "</nav>"]
    for name, pictures in pages.items():
        parts.append(f'<h2 id="{name}">{html.escape(name)}</h2><div>')
        for language, theme, width, picture in sorted(
            pictures, key=lambda one: (one[0], one[1], int(one[2]))
        ):
            file = html.escape(picture.name)
            said = f"{language} {theme} {width}"
            parts.append(f'<figure><a href="{file}"><img src="{file}" alt="{said}" loading="lazy"></a>'
                         f"<figcaption>{said}</figcaption></figure>")  # fmt: skip
        parts.append("</div>")
    (out / "index.html").write_text("\n".join(parts) + "\n")


SHEET_HEAD = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Every page of Painel ML</title>
<style>
body { margin: 2rem; font: 14px/1.5 system-ui, sans-serif; background: #eceef3; color: #151821 }
nav { columns: 14rem } nav a { display: block }
div { display: flex; gap: 1rem; overflow-x: auto; align-items: start }
figure { margin: 0; flex: none } img { height: 22rem; width: auto; border: 1px solid #c3c9d6 }
</style>
<h1>Every page of Painel ML</h1>"""


if __name__ == "__main__":
    sys.exit(main())
