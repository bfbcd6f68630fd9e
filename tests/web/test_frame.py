"""What every page has around its content."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client

from accounts.models import Account, User
from tests.factories import make_question
from tests.web.conftest import Login
from tests.web.pages import text_of

PAGES = ["/", "/catalog/", "/orders/", "/shipments/", "/questions/", "/accounts/", "/team/", "/webhooks/"]


@pytest.mark.parametrize("address", PAGES)
def test_every_section_opens_and_marks_itself(account: Account, page: Client, address: str) -> None:
    response = page.get(address)

    assert response.status_code == 200
    sidebar = response.content.decode().partition('class="topbar"')[0]
    assert sidebar.count('aria-current="page"') == 1


@pytest.mark.parametrize("address", PAGES)
def test_nothing_inline_needs_a_hole_in_the_content_policy(
    account: Account, page: Client, address: str
) -> None:
    response = page.get(address)

    html = response.content.decode()
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", html)
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)
    assert "<style" not in html
    assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_portuguese_is_spoken_where_nobody_asked_for_another_language(client: Client, db: None) -> None:
    assert '<html lang="pt-br"' in client.get("/login/").content.decode()


def test_a_chosen_language_stays_in_the_browser(client: Client, db: None) -> None:
    response = client.post("/language/", {"language": "es", "next": "/login/"})

    assert response.headers["Location"] == "/login/"
    assert '<html lang="es"' in client.get("/login/").content.decode()


def test_a_persons_language_follows_them_to_another_browser(ana: User, login: Login) -> None:
    login(ana).post("/language/", {"language": "es", "next": "/"})

    assert '<html lang="es"' in login(ana).get("/").content.decode()


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_choosing_a_language_leads_nowhere_else(page: Client, address: str) -> None:
    assert page.post("/language/", {"language": "en", "next": address}).headers["Location"] == "/"


def test_an_unknown_language_changes_nothing(page: Client) -> None:
    assert settings.LANGUAGE_COOKIE_NAME not in page.post("/language/", {"language": "xx"}).cookies


def test_the_theme_is_drawn_by_the_server(page: Client) -> None:
    page.cookies["theme"] = "dark"
    assert 'data-theme="dark"' in page.get("/").content.decode()

    page.cookies["theme"] = '"><script>'
    assert 'data-theme=""' in page.get("/").content.decode()


def test_the_navigation_counts_what_waits(account: Account, page: Client) -> None:
    make_question(account)

    assert "Questions 1" in text_of(page.get("/catalog/"))


def test_the_counts_of_the_navigation_keep_themselves_true(
    account: Account, second_account: Account, page: Client
) -> None:
    address = f"/navigation/?account_id={account.pk}&section=orders"
    assert address.replace("&", "&amp;") in page.get(f"/orders/?account_id={account.pk}").content.decode()

    make_question(account)
    make_question(second_account)
    response = page.get(address)

    assert "Questions 1" in text_of(response)
    assert response.content.decode().count('aria-current="page"') == 1
    assert "<html" not in response.content.decode()


def test_one_account_needs_no_switch(account: Account, page: Client) -> None:
    assert "All accounts" not in text_of(page.get("/orders/"))


def test_the_switch_names_every_account_and_keeps_the_filters(
    account: Account, second_account: Account, page: Client
) -> None:
    html = page.get("/orders/?status=paid&after=x").content.decode()

    assert f'href="?status=paid&amp;account_id={second_account.pk}"' in html


def test_links_keep_the_chosen_account(account: Account, second_account: Account, page: Client) -> None:
    html = page.get(f"/orders/?account_id={second_account.pk}").content.decode()

    assert f'href="/shipments/?account_id={second_account.pk}"' in html


def test_a_wrong_address_is_told_in_the_panels_own_look(page: Client) -> None:
    response = page.get("/nowhere/")

    assert response.status_code == 404
    assert "There is nothing here" in text_of(response)


@pytest.mark.parametrize("template", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_an_error_page_needs_nothing_but_itself(template: str) -> None:
    assert "<html" in render_to_string(template)


def test_the_htmx_on_the_page_evaluates_nothing(client: Client, db: None) -> None:
    html = client.get("/login/").content.decode()

    for switch in ('"includeIndicatorStyles":false', '"allowEval":false', '"allowScriptTags":false'):
        assert switch in html


def test_colours_are_said_once_as_palette_and_used_as_roles() -> None:
    sheets = Path(settings.BASE_DIR, "static/css").rglob("*.css")

    for sheet in sheets:
        text = sheet.read_text()
        if sheet.name != "tokens.css":
            assert not re.search(r"#[0-9a-f]{3,8}\b|--(grey|blue|green|amber|red)-", text), sheet.name


def test_every_key_that_opens_a_section_is_in_the_list_of_shortcuts(account: Account, page: Client) -> None:
    html = page.get("/").content.decode()

    assert re.findall(r"<kbd>g</kbd> <kbd>(\w)</kbd>", html) == re.findall(r'data-key="(\w)"', html)
