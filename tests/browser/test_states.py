"""What the panel shows when there is nothing yet, when something is wrong, and when the login is over."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils.crypto import get_random_string
from playwright.sync_api import Page, expect

from accounts.models import Account, User
from tests.browser.conftest import Shop, Trouble, Visit
from tests.factories import make_account, make_order, make_person

expect.set_options(timeout=30_000)


def log_in_again(page: Page, person: User) -> None:
    page.wait_for_url("**/login/**")
    page.locator("[name=login]").fill(person.email)
    page.get_by_label("Senha").fill("correct horse")
    page.get_by_role("button", name="Entrar").click()


def test_a_form_sent_after_the_session_ended_is_filled_in_again_after_the_login(
    visit: Visit, shop: Shop
) -> None:
    page = visit("/questions/replies/new/")
    page.get_by_label("Palavra").fill("prazo")
    page.get_by_label("Texto").fill("Chega em dois dias úteis.")
    Session.objects.all().delete()
    page.locator("main form[method=post] .button-primary").click()

    log_in_again(page, shop.ana)

    page.wait_for_url("**/questions/replies/new/")
    expect(page.get_by_label("Palavra")).to_have_value("prazo")
    expect(page.get_by_label("Texto")).to_have_value("Chega em dois dias úteis.")
    expect(page.get_by_text("O que você tinha digitado está aqui de novo.")).to_be_visible()


def test_a_row_that_was_being_edited_is_open_and_filled_in_again_after_the_login(
    visit: Visit, shop: Shop
) -> None:
    page = visit("/catalog/")
    page.get_by_label("Busca", exact=True).fill("caneca")
    page.wait_for_url("**/catalog/?q=caneca")
    expect(page.locator("#item-table tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Editar").click()
    price = page.locator("[data-editing] [name=price]")
    price.fill("77,50")
    Session.objects.all().delete()
    page.get_by_role("button", name="Salvar no Mercado Livre").click()
    page.get_by_role("link", name="Entrar de novo").click()

    log_in_again(page, shop.ana)

    page.wait_for_url("**/catalog/?q=caneca")
    expect(price).to_have_value("77,50")
    expect(page.get_by_text("O que você tinha digitado está aqui de novo.")).to_have_count(1)


def test_forms_still_go_out_after_a_login_in_another_tab(visit: Visit, shop: Shop, base_url: str) -> None:
    page = visit("/questions/replies/new/")
    page.get_by_label("Palavra").fill("prazo")
    page.get_by_label("Texto").fill("Chega em dois dias úteis.")
    other = page.context.new_page()
    other.goto("/questions/?status=UNANSWERED")
    question = shop.account.questions.filter(status="UNANSWERED").latest("pk")
    token = {"name": "csrftoken", "value": get_random_string(32), "url": base_url}
    page.context.add_cookies([token])  # as a login does

    page.locator("main form[method=post] .button-primary").click()
    page.wait_for_url("**/questions/replies/")
    with other.expect_response(f"**/questions/{question.meli_id}/beat/") as beat:
        other.locator(f"a.ask[href*='{question.meli_id}']").click()
    assert beat.value.status == 200


def test_a_new_shop_is_led_to_its_first_account(visit: Visit, shop: Shop) -> None:
    Account.objects.all().delete()
    page = visit("/")
    expect(page.get_by_role("heading", name="Bem-vindo ao Painel ML")).to_be_visible()

    page.locator("main").get_by_role("link", name="Conectar uma conta").click()

    expect(page.get_by_role("heading", name="Nenhuma conta conectada ainda")).to_be_visible()
    expect(page.get_by_role("button", name="Conectar uma conta")).to_be_visible()


@pytest.mark.parametrize("path", ["/orders/", "/catalog/", "/shipments/", "/shipments/all/", "/questions/"])
def test_an_empty_list_says_so(visit: Visit, shop: Shop, path: str) -> None:
    Account.objects.all().delete()
    make_account(shop.organization)
    page = visit(path)

    expect(page.locator("main .empty").first).to_be_visible()
    expect(page.locator("main table")).to_have_count(0)


def test_what_belongs_to_somebody_else_is_not_there(visit: Visit, shop: Shop, trouble: Trouble) -> None:
    carla = make_person("Carla")
    theirs = make_order(make_account(carla.organizations.get()))
    trouble.refusals.add(404)
    page = visit(f"/orders/{theirs.meli_id}/")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("main a[href='/']")).to_be_visible()
    expect(page.get_by_text(theirs.buyer_nickname)).to_have_count(0)


def test_an_update_that_fails_is_told_and_leaves_the_list_as_it_is(
    visit: Visit, shop: Shop, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit("/orders/")
    rows = page.locator("#order-table tbody tr")
    before = rows.count()
    raised: list[Exception] = []

    def break_down(*_args: object, **_named: object) -> HttpResponse:
        raise raised[-1]

    monkeypatch.setattr("orders.views.page_or_partial", break_down)
    for status, error, words in (
        (500, RuntimeError("broken"), "Algo deu errado"),
        (404, Http404(), "já não está aqui"),
        (403, PermissionDenied(), "Você não pode fazer isso"),
    ):
        raised.append(error)
        trouble.refusals.add(status)
        page.get_by_label("Busca", exact=True).fill(f"garrafa {status}")
        expect(page.locator("#toasts .toast-error").last).to_contain_text(words)
    assert rows.count() == before


def test_a_list_that_loads_says_so(visit: Visit, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    page = visit("/orders/")
    page.route("**/orders/?q=**", lambda route: page.wait_for_timeout(700) or route.continue_())
    bar = page.locator("#order-table-loading")
    expect(bar).not_to_have_class(re.compile("htmx-request"))

    page.get_by_label("Busca", exact=True).fill("garrafa")

    expect(bar).to_have_class(re.compile("htmx-request"))
    expect(bar).not_to_have_class(re.compile("htmx-request"))
