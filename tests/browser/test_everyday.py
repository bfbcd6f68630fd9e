"""What people do all day, by mouse and by keyboard."""

import re

from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from orders.models import Order
from painelml import live
from tests.browser.conftest import Shop, Trouble, Visit
from tests.factories import make_order


def test_ana_logs_in_and_sees_her_shop(visit: Visit, shop: Shop) -> None:
    page = visit("/orders/", as_nobody=True)
    expect(page).to_have_url(re.compile("/login/"))

    page.locator("[name=login]").fill(shop.ana.email)
    page.get_by_label("Senha").fill("correct horse")
    page.get_by_role("button", name="Entrar").click()

    expect(page.get_by_role("heading", name="Pedidos")).to_be_visible()


def test_typing_finds_an_order_without_loading_the_page_anew(visit: Visit, shop: Shop) -> None:
    wanted = make_order(shop.account, buyer_nickname="ZULEICA")
    page = visit("/orders/")
    page.evaluate("document.body.dataset.kept = 'yes'")

    page.get_by_label("Busca", exact=True).focus()
    page.keyboard.type("zuleica")

    expect(page.locator("#order-table tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/orders/\?q=zuleica$"))
    assert page.evaluate("document.body.dataset.kept") == "yes"
    page.locator("#order-table a.cell-title").click()
    expect(page.get_by_text(wanted.meli_id, exact=True)).to_be_visible()


def test_the_next_page_arrives_in_place_and_back_returns(visit: Visit, shop: Shop) -> None:
    for _ in range(60):
        make_order(shop.account)
    page = visit("/orders/")
    first = page.locator("#order-table a.cell-title").first.get_attribute("href")

    page.get_by_role("link", name="Próxima").click()
    expect(page).to_have_url(re.compile("after="))
    # 65 orders are 64 sales, for two of them are one pack; the first page shows 50.
    expect(page.locator("#order-table tbody tr")).to_have_count(14)
    page.go_back()

    expect(page.locator("#order-table a.cell-title").first).to_have_attribute("href", first or "")
    expect(page.get_by_role("navigation", name="Seções").first).to_be_visible()


def test_a_sale_appears_by_itself(visit: Visit, shop: Shop) -> None:
    page = visit("/orders/")
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")

    make_order(
        shop.account, pack_id="2000000999", date_created=Order.objects.latest("date_created").date_created
    )
    live.publish(shop.organization.pk, "orders")

    expect(page.get_by_text("#2000000999")).to_be_visible()


def test_a_search_field_in_use_is_left_alone_by_live_updates(visit: Visit, shop: Shop) -> None:
    page = visit("/orders/")
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    page.get_by_label("Busca", exact=True).fill("garrafa")
    expect(page).to_have_url(re.compile("q=garrafa"))

    make_order(shop.account, pack_id="2000000999")
    live.publish(shop.organization.pk, "orders")

    expect(page.get_by_text("#2000000999")).to_be_visible()
    expect(page.get_by_label("Busca", exact=True)).to_have_value("garrafa")
    expect(page.get_by_label("Busca", exact=True)).to_be_focused()


def test_a_wrong_price_is_said_at_its_field_and_no_row_falls_apart(visit: Visit, trouble: Trouble) -> None:
    page = visit("/catalog/")
    page.get_by_role("link", name="Editar", exact=True).first.click()
    form = page.locator("tr[data-editing] form")
    price, status = form.get_by_label("Preço"), form.get_by_label("Status")
    height = status.bounding_box()["height"]
    price.evaluate("(field) => { field.style.color = 'red'; }")  # as password managers do
    price.fill("abc")
    trouble.refusals.add(422)
    form.get_by_role("button", name="Salvar no Mercado Livre").click()

    error = form.locator(".field-error")
    expect(error).to_have_text("Digite assim: 1.234,56.")
    assert status.bounding_box()["height"] == height
    price.fill("1.234,56")
    expect(error).to_have_count(0)


def test_the_theme_is_chosen_once_and_kept(visit: Visit) -> None:
    page = visit("/")
    page.get_by_role("button", name="Seu menu").click()
    page.get_by_role("button", name="Escuro").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")

    page.goto("/orders/")

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_language_is_chosen_once_and_kept(visit: Visit) -> None:
    page = visit("/orders/")
    page.get_by_role("button", name="Seu menu").click()
    page.get_by_role("button", name="Español").click()

    expect(page.get_by_role("heading", name="Pedidos")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "es")


def test_the_keyboard_goes_everywhere(visit: Visit) -> None:
    page = visit("/")
    page.keyboard.press("g")
    page.keyboard.press("e")
    page.wait_for_url("**/shipments/")  # and until its scripts have run
    expect(page.get_by_role("heading", name="Envios")).to_be_visible()

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Atalhos do teclado")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Atalhos do teclado")).to_be_hidden()


def test_the_first_tab_stop_skips_to_the_content(visit: Visit) -> None:
    page = visit("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Ir para o conteúdo")).to_be_focused()

    page.keyboard.press("Enter")

    expect(page.locator("#content")).to_be_focused()


def test_the_account_switch_narrows_the_page_and_stays(visit: Visit, shop: Shop) -> None:
    page = visit("/orders/")
    page.get_by_role("button", name="Todas as contas").click()
    page.get_by_role("link", name="Casa do Pátio").click()
    page.get_by_role("navigation", name="Seções").get_by_role("link", name="Catálogo").click()

    expect(page).to_have_url(re.compile(rf"/catalog/\?account_id={shop.account.pk}$"))
    expect(page.get_by_role("button", name="Casa do Pátio")).to_be_visible()


def test_removing_a_person_asks_first(visit: Visit, shop: Shop) -> None:
    page = visit("/team/")
    remove = page.get_by_role("row", name="Bruno").get_by_role("button", name="Remover")

    remove.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancelar").click()
    assert shop.organization.memberships.count() == 2
    remove.click()
    page.get_by_role("dialog").get_by_role("button", name="Remover").click()

    expect(page.get_by_role("row", name="Bruno")).to_have_count(0)
    assert shop.organization.memberships.count() == 1


def test_an_ended_session_is_told_and_leaves_the_page_as_it_is(
    visit: Visit, shop: Shop, trouble: Trouble
) -> None:
    page = visit("/orders/")
    trouble.refusals.add(401)  # the stream of news may ask once more
    rows = page.locator("#order-table tbody tr").count()

    Session.objects.all().delete()
    page.get_by_label("Busca", exact=True).fill("garrafa")

    expect(page.get_by_text("Sua sessão terminou.")).to_be_visible()
    assert page.locator("#order-table tbody tr").count() == rows
    assert page.locator("input[name=password]").count() == 0


def test_being_offline_is_told(visit: Visit, trouble: Trouble) -> None:
    page = visit("/")
    trouble.is_offline = True
    page.context.set_offline(True)
    expect(page.get_by_text("Você está sem conexão.")).to_be_visible()

    page.context.set_offline(False)

    expect(page.get_by_text("Você está sem conexão.")).to_be_hidden()
