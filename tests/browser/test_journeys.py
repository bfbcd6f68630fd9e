"""The ten journeys of a seller, in a browser at the running demo: the panel beside its sandbox, as processes.

None may meet a console error, something the content security policy refuses, or a request to another host
than the panel's. The sandbox is Mercado Livre here: it draws pictures and asks whether the panel may connect.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from painelml import demo as demo_world
from painelml.sandbox.words import SHOPS
from tests.browser.conftest import Trouble
from tests.test_demo import running_demo
from tests.test_embedded import free_port, wait_until

expect.set_options(timeout=30_000)
THIRD, FOURTH = SHOPS[2], SHOPS[3]
"""Shops the demo leaves for somebody to connect: (id, nickname, name, mail)."""
SPACE = "\u00a0"


@dataclass
class Demo:
    """A running demo: the panel's address, the sandbox's, and a browser in which Ana is logged in."""

    panel: str
    sandbox: str
    ana: BrowserContext

    def ask(self, path: str) -> Any:
        """Return what the panel's API tells Ana."""
        answer = self.ana.request.get(f"{self.panel}/api/{path}")
        assert answer.ok, answer.text()
        return answer.json()

    def rows(self, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.ask(path)["results"]
        return rows

    def control(self, **orders: Any) -> dict[str, Any]:
        """Make something happen in the sandbox and return its state."""
        answer = requests.post(f"{self.sandbox}/sandbox/control", json=orders, timeout=30)
        state: dict[str, Any] = answer.json()
        return state

    def truth(self, seller: str, kind: str) -> dict[str, Any]:
        query = {"seller": seller, "kind": kind}
        told: dict[str, Any] = requests.get(f"{self.sandbox}/sandbox/truth", query, timeout=30).json()
        return told

    def is_mirrored(self) -> bool:
        accounts = self.rows("ml-accounts")
        runs = [run for one in accounts for run in self.ask(f"sync/status?account_id={one['id']}")["runs"]]
        return len(accounts) == len(demo_world.SELLERS) and all(run["status"] == "done" for run in runs)


@pytest.fixture(scope="module")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo once both of its sellers are read. Nothing happens there but what a journey does."""
    sandbox = free_port()
    options = ["--sandbox-port", str(sandbox), "--pace", "0"]
    with running_demo(tmp_path_factory.mktemp("demo"), *options) as (_process, panel):
        ana = browser.new_context(base_url=panel, locale="pt-BR", reduced_motion="reduce")
        page = ana.new_page()
        page.set_default_timeout(60_000)
        page.goto("/login/")
        page.locator("[name=login]").fill(demo_world.EMAIL)
        page.get_by_label("Senha").fill(demo_world.PASSWORD)
        page.get_by_role("button", name="Entrar").click()
        page.wait_for_url(f"{panel}/")
        page.close()
        found = Demo(panel, f"http://127.0.0.1:{sandbox}", ana)
        wait_until(found.is_mirrored, patience_s=300)
        yield found
        ana.close()


@pytest.fixture
def page(demo: Demo, trouble: Trouble) -> Iterator[Page]:
    """A new tab of Ana's browser."""
    with_trouble = watched(demo, trouble)
    tab = with_trouble(demo.ana)
    yield tab
    tab.close()


def watched(demo: Demo, trouble: Trouble) -> Callable[[BrowserContext], Page]:
    def open_tab(context: BrowserContext) -> Page:
        tab = context.new_page()
        tab.set_default_timeout(30_000)
        trouble.watch(tab, demo.panel, demo.sandbox)
        return tab

    return open_tab


def connect(page: Page, shop: tuple[Any, ...]) -> None:
    page.goto("/accounts/")
    page.get_by_role("button", name="Conectar uma conta").click()
    page.get_by_role("link", name=f"Permitir como {shop[2]}").click()
    expect(page.get_by_text(f"{shop[1]} está conectada.")).to_be_visible()


def card_of(page: Page, shop: tuple[Any, ...]) -> Locator:
    return page.locator("article.account").filter(has_text=str(shop[0]))


def amount_in(text: str) -> int:
    """Return an amount as people read it, `− R$ 1.234,56`, in cents; what is taken away is below zero."""
    cents = int(re.sub(r"\D", "", text))
    return -cents if "−" in text else cents


def test_01_connect_an_account(demo: Demo, page: Page) -> None:
    connect(page, THIRD)

    expect(page).to_have_url(re.compile("/accounts/"))
    expect(card_of(page, THIRD)).to_contain_text(THIRD[1])
    assert str(THIRD[0]) in {account["ml_user_id"] for account in demo.rows("ml-accounts")}


def test_02_watch_the_backfill(demo: Demo, page: Page) -> None:
    demo.control(drills={"latency_ms": 400})
    connect(page, FOURTH)
    page.goto("/")
    runs = page.locator("#overview-runs")
    expect(runs.get_by_role("heading", name=f"Lendo {FOURTH[1]}")).to_be_visible()
    expect(runs.get_by_role("progressbar").first).to_be_visible()

    held = next(one for one in demo.control(drills={"latency_ms": 0})["sellers"] if one["id"] == FOURTH[0])

    expect(runs).to_be_hidden(timeout=60_000)  # by itself
    page.goto("/accounts/")
    card = card_of(page, FOURTH)
    runs = card.locator(".run")
    expect(runs).to_have_count(4)
    expect(runs.get_by_text("Concluído")).to_have_count(4)
    for name, rows in (("Pedidos", held["orders"]), ("Anúncios", held["items"])):
        expect(runs.filter(has_text=name)).to_contain_text(re.compile(rf"\b{rows}\b"))


def test_03_find_an_order(demo: Demo, page: Page) -> None:
    wanted = demo.rows("orders")[7]
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type(wanted["buyer"]["nickname"].lower())
    expect(page.locator("#found a.found-row").first).to_contain_text(wanted["buyer"]["nickname"])

    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=*")
    page.locator(f'main a[href^="/orders/{wanted["id"]}/"]').click()

    expect(page.get_by_role("heading", level=1)).to_contain_text(wanted["pack_id"] or wanted["id"])


def test_04_understand_its_money(demo: Demo, page: Page) -> None:
    known = next(
        one
        for one in demo.rows("orders?status=paid&page_size=200")
        if not one["pack_id"] and one["net"]["net"] and float(one["net"]["sale_fee"])
    )
    page.goto(f"/orders/{known['id']}/")
    sums = page.locator("dl.sums").first.locator("div")
    rows = [(row.locator("dt").inner_text(), amount_in(row.locator("dd").inner_text())) for row in sums.all()]
    net = next(place for place, (name, _cents) in enumerate(rows) if name.startswith("Líquido"))

    assert sum(cents for _name, cents in rows[:net]) == rows[net][1]
    assert rows[net][1] == round(float(known["net"]["net"]) * 100)
    page.get_by_text("De onde vem cada valor").first.click()
    expect(page.locator("dl.sources").first).to_contain_text("order_items[].sale_fee")
    expect(page.locator("dl.sources").first).to_contain_text("/shipments/{id}/costs")


def test_05_answer_a_question_by_keyboard(demo: Demo, page: Page) -> None:
    seller = demo_world.SELLERS[0]
    demo.control(ask=2, seller=int(seller))
    wait_until(lambda: len(demo.rows("questions?status=UNANSWERED")) >= 2)
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("q")
    page.wait_for_url("**/questions/?status=UNANSWERED*")
    expect(page.locator("a.ask").first).to_be_visible()
    page.keyboard.press("j")
    number = (page.locator("article.question").get_attribute("id") or "").removeprefix("question-")
    page.keyboard.press("r")
    expect(page.locator(f"#answer-{number}")).to_be_focused()

    page.keyboard.type("Bom dia! Serve, sim.")
    page.keyboard.press("Control+Enter")

    expect(page.locator("#toasts").get_by_text("O Mercado Livre recebeu")).to_be_visible()
    told = {id: one for seller in demo_world.SELLERS for id, one in demo.truth(seller, "questions").items()}
    assert "Bom dia! Serve, sim." in str(told[number])


def an_item(demo: Demo, place: int) -> dict[str, Any]:
    """Return an item whose price and stock are the seller's to change."""
    items = demo.rows("items?status=active&page_size=200")
    free = [one for one in items if one["logistic_type"] != "fulfillment" and not one["variations"]]
    return free[place]


def edit(page: Page, item: dict[str, Any]) -> Locator:
    page.goto(f"/catalog/?q={item['id']}")
    page.get_by_role("link", name="Editar", exact=True).click()
    return page.locator("tr[data-editing] form")


def test_06_change_a_price_and_a_stock(demo: Demo, page: Page) -> None:
    item = an_item(demo, 0)
    form = edit(page, item)
    form.get_by_label("Preço").fill("123,40")
    form.get_by_label("Disponível").fill("17")
    form.get_by_role("button", name="Salvar no Mercado Livre").click()

    accepted = page.locator("#toasts").get_by_text("O Mercado Livre aceitou")
    expect(accepted).to_contain_text(f"R${SPACE}123,40, 17 disponíveis")
    accounts = {one["id"]: one["ml_user_id"] for one in demo.rows("ml-accounts")}
    truth = demo.truth(accounts[item["account_id"]], "items")[item["id"]]
    assert (float(truth["price"]), truth["available_quantity"]) == (123.4, 17)


def test_07_handle_a_refusal(demo: Demo, page: Page, trouble: Trouble) -> None:
    form = edit(page, an_item(demo, 1))
    form.get_by_label("Preço").fill("5,00")
    form.get_by_label("Disponível").fill("3")
    trouble.refusals.add(422)
    form.get_by_role("button", name="Salvar no Mercado Livre").click()

    expect(form.get_by_role("alert")).to_contain_text("O Mercado Livre recusou")
    expect(form.get_by_label("Disponível")).to_have_value("3")
    expect(form.get_by_label("Preço")).to_have_value("5,00")
    trouble.refusals.clear()
    form.get_by_label("Preço").fill("89,90")
    form.get_by_role("button", name="Salvar no Mercado Livre").click()
    expect(page.locator("#toasts").get_by_text("O Mercado Livre aceitou")).to_contain_text("89,90")


def printable(demo: Demo) -> list[dict[str, Any]]:
    """Return the parcels whose labels the seller prints: Full sends its own."""
    waiting = demo.rows("shipments?status=ready_to_ship&substatus=ready_to_print&page_size=200")
    return [one for one in waiting if one["logistic_type"] != "fulfillment"]


def test_08_print_labels(demo: Demo, page: Page) -> None:
    demo.control(sell=8, seller=int(demo_world.SELLERS[0]))
    wait_until(lambda: len(printable(demo)) >= 2, patience_s=240)
    page.goto("/shipments/")
    ready = page.locator("tr").filter(has_text="Etiqueta a imprimir").locator('input[name="ids"]')
    for number in range(2):
        ready.nth(number).check()
    expect(page.locator("[data-chosen]")).to_have_text("2")

    with page.expect_download() as download:
        page.get_by_role("button", name="Imprimir etiquetas").click()

    assert download.value.path().read_bytes().startswith(b"%PDF")
    expect(page.get_by_role("heading", name="2 etiquetas prontas")).to_be_visible()
    expect(page.locator("#label-result .status-good")).to_have_count(2)


def test_09_export_a_list(demo: Demo, page: Page) -> None:
    page.goto("/orders/")
    page.get_by_role("combobox", name="Status").select_option("cancelled")
    expect(page).to_have_url(re.compile("status=cancelled"))
    with page.expect_download() as download:
        page.get_by_role("navigation", name="Exportar").get_by_role("link", name="CSV").click()

    text = download.value.path().read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    cancelled = demo.rows("orders?status=cancelled&page_size=200")
    assert {row["Pedido"] for row in rows} == {order["id"] for order in cancelled}
    assert rows


def test_10_invite_a_colleague_who_sees_what_their_role_allows(
    demo: Demo, page: Page, browser: Browser, trouble: Trouble
) -> None:
    page.goto("/team/")
    page.get_by_label("Endereço de e-mail").fill("vera@painel.example")
    page.locator("form").filter(has_text="Convidar").get_by_label("Papel").select_option("viewer")
    page.get_by_role("button", name="Convidar").click()
    invitation = page.get_by_label("Link").input_value()

    veras = browser.new_context(base_url=demo.panel, locale="pt-BR", reduced_motion="reduce")
    vera = watched(demo, trouble)(veras)
    vera.goto(invitation)
    vera.get_by_role("link", name="Criar meu login").click()
    vera.get_by_label("Senha", exact=True).fill("uma senha bem longa")
    repeated = vera.get_by_label("Senha (novamente)")
    if repeated.count():
        repeated.fill("uma senha bem longa")
    vera.get_by_role("button", name="Cadastr").click()
    vera.wait_for_url(f"{demo.panel}/")

    vera.goto("/catalog/")
    expect(vera.locator("#item-table tbody tr").first).to_be_visible()
    expect(vera.get_by_role("link", name="Editar", exact=True)).to_have_count(0)
    vera.goto("/shipments/")
    expect(vera.get_by_role("button", name="Imprimir etiquetas")).to_have_count(0)
    vera.goto("/team/")
    expect(vera.get_by_role("button", name="Convidar")).to_have_count(0)
    vera.goto("/accounts/")
    expect(vera.get_by_role("button", name="Conectar uma conta")).to_have_count(0)
    account = demo.rows("ml-accounts")[0]["id"]
    for forbidden in (f"/accounts/{account}/edit/", "/team/keys/", "/meli/oauth/start"):
        assert vera.request.get(forbidden).status == 403, forbidden
    page.goto("/team/")
    expect(page.get_by_role("row").filter(has_text="vera@painel.example")).to_be_visible()
    veras.close()
