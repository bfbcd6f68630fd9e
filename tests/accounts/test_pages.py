"""The accounts page: what it shows, what its buttons do, and who may press them."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, AccountStatus, Organization
from painelml.sync.actions import start_sync
from painelml.sync.models import SyncRun
from tests.factories import make_account, make_item

from .conftest import Login

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def shown(response: object) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_the_page_shows_each_account_with_its_mirror_and_runs(page: Client, account: Account) -> None:
    make_item(account)
    start_sync(account, "orders")
    SyncRun.objects.update(status="running", total=200, done=50)
    text = shown(page.get("/accounts/"))
    assert account.nickname in text
    assert re.search(r"\b50\b\D{1,40}\b200\b", strip_tags(text))
    assert f'id="account-{account.pk}"' in text


def test_a_run_that_is_over_shows_what_is_held_and_not_what_it_did(page: Client, account: Account) -> None:
    for _ in range(3):
        make_item(account)
    start_sync(account, "items")
    SyncRun.objects.update(status="done", total=0, done=0)
    text = " ".join(strip_tags(shown(page.get("/accounts/"))).split())
    assert "Anúncios 3 " in text


def test_no_token_is_on_the_page(page: Client, account: Account) -> None:
    text = shown(page.get("/accounts/"))
    for secret in (account.access_token, account.refresh_token, account.access_token_sealed):
        assert secret not in text


def test_without_accounts_the_page_says_how_to_begin(page: Client) -> None:
    text = shown(page.get("/accounts/"))
    assert "/meli/oauth/start" in text
    assert 'value="MLB"' in text


def test_an_expired_account_offers_to_connect_again(page: Client, account: Account) -> None:
    Account.objects.update(status=AccountStatus.EXPIRED, site_id="MLA")
    assert "/meli/oauth/start?site=MLA" in shown(page.get("/accounts/"))


def test_the_last_error_is_shown_in_words(page: Client, account: Account) -> None:
    Account.objects.update(last_sync_error="Mercado Livre answered 503", status=AccountStatus.ERROR)
    assert "Mercado Livre answered 503" in shown(page.get("/accounts/"))


def test_live_updates_ask_for_the_list_only(page: Client, account: Account) -> None:
    text = shown(page.get("/accounts/", headers=HTMX))
    assert text.lstrip().startswith("<div")
    assert "<html" not in text


def test_twenty_accounts_cost_as_many_queries_as_two(
    page: Client, shop: Organization, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def queries() -> int:
        with django_assert_max_num_queries(30) as counted:
            page.get("/accounts/")
        return len(counted)

    for _ in range(2):
        start_sync(make_account(shop))
    with_two = queries()
    for _ in range(18):
        start_sync(make_account(shop))
    assert queries() == with_two


def test_pausing_and_resuming_draw_the_card_anew(page: Client, account: Account) -> None:
    text = shown(page.post(f"/accounts/{account.pk}/pause/", headers=HTMX))
    assert f'id="account-{account.pk}"' in text
    assert "/resume/" in text
    assert Account.objects.get().status == AccountStatus.PAUSED
    assert "/pause/" in shown(page.post(f"/accounts/{account.pk}/resume/", headers=HTMX))
    assert Account.objects.get().status == AccountStatus.ACTIVE


def test_without_htmx_a_button_leads_back_to_the_page(page: Client, account: Account) -> None:
    response = page.post(f"/accounts/{account.pk}/pause/", follow=True)
    assert response.redirect_chain == [("/accounts/", 302)]


def test_an_expired_account_cannot_be_resumed(page: Client, account: Account) -> None:
    Account.objects.update(status=AccountStatus.EXPIRED)
    shown(page.post(f"/accounts/{account.pk}/resume/", headers=HTMX))
    assert Account.objects.get().status == AccountStatus.EXPIRED


def test_sync_now_starts_every_scope(page: Client, account: Account) -> None:
    shown(page.post(f"/accounts/{account.pk}/sync/", headers=HTMX))
    assert account.runs.count() == 4


def test_sync_now_does_nothing_for_a_paused_account(page: Client, account: Account) -> None:
    Account.objects.update(status=AccountStatus.PAUSED)
    shown(page.post(f"/accounts/{account.pk}/sync/", headers=HTMX))
    assert not account.runs.exists()


def test_an_account_can_be_renamed(page: Client, account: Account) -> None:
    page.post(f"/accounts/{account.pk}/edit/", {"account_name": "Loja 1", "sync_interval_seconds": 600})
    account.refresh_from_db()
    assert (str(account), account.sync_interval_seconds) == ("Loja 1", 600)


def test_what_was_typed_wrong_is_kept_and_explained(page: Client, account: Account) -> None:
    response = page.post(
        f"/accounts/{account.pk}/edit/", {"account_name": "Loja 1", "sync_interval_seconds": 1}
    )
    assert response.status_code == 422
    assert 'value="Loja 1"' in response.content.decode()
    account.refresh_from_db()
    assert account.sync_interval_seconds == 300


def test_another_account_can_become_primary(page: Client, account: Account, shop: Organization) -> None:
    second = make_account(shop)
    page.post(f"/accounts/{second.pk}/primary/")
    assert list(Account.objects.filter(is_primary=True)) == [second]


def test_disconnecting_asks_first(page: Client, account: Account) -> None:
    make_item(account)
    assert account.nickname in shown(page.get(f"/accounts/{account.pk}/disconnect/"))
    assert Account.objects.exists()
    response = page.post(f"/accounts/{account.pk}/disconnect/", follow=True)
    assert response.redirect_chain == [("/accounts/", 302)]
    assert not Account.objects.exists()


ADDRESSES = {
    ("get", ""): "vera", ("post", "sync/"): "bruno", ("post", "pause/"): "mara", ("post", "resume/"): "mara",
    ("post", "primary/"): "mara", ("get", "edit/"): "mara", ("post", "edit/"): "mara",
    ("get", "disconnect/"): "ana", ("post", "disconnect/"): "ana",
}  # fmt: skip
RANKS = ["vera", "bruno", "mara", "ana"]


@pytest.mark.parametrize("who", RANKS)
@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_roles_are_enforced_on_the_server(
    request: pytest.FixtureRequest, login: Login, account: Account, who: str, method: str, path: str
) -> None:
    browser = login(request.getfixturevalue(who))
    response = getattr(browser, method)(f"/accounts/{account.pk}/{path}")
    is_allowed = RANKS.index(who) >= RANKS.index(ADDRESSES[method, path])
    assert (response.status_code == 403) is not is_allowed


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_somebody_elses_account_is_not_there(
    page: Client, other_account: Account, method: str, path: str
) -> None:
    assert getattr(page, method)(f"/accounts/{other_account.pk}/{path}").status_code == 404
    assert Account.objects.get().status == AccountStatus.ACTIVE


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_nobody_is_sent_to_the_login(client: Client, account: Account, method: str, path: str) -> None:
    response = getattr(client, method)(f"/accounts/{account.pk}/{path}")
    assert response["Location"].startswith("/login/?next=")


@pytest.mark.parametrize("path", ["sync/", "pause/", "resume/", "primary/"])
def test_changes_are_posts(page: Client, account: Account, path: str) -> None:
    assert page.get(f"/accounts/{account.pk}/{path}").status_code == 405


def test_viewers_see_no_buttons(login: Login, vera: object, account: Account) -> None:
    text = shown(login(vera).get("/accounts/"))
    assert account.nickname in text
    assert "/sync/" not in text
    assert "/meli/oauth/start" not in text
