"""`/meli/oauth/start` and `/meli/oauth/callback` against the sandbox, failures first of all."""

import logging
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import connecting
from accounts.models import Account, AccountStatus, Membership, OAuthState, Organization, Role, User
from accounts.signals import account_connected
from painelml.sandbox import Sandbox
from painelml.sandbox.http import ApiError
from painelml.sync.models import SyncRun
from tests.factories import make_item, make_person

from .conftest import AURORA, CASA, Login, authorize, granted

pytestmark = pytest.mark.django_db


def failing(browser: Client, address: str) -> HttpResponse:
    """Open an address whose end is the page that says why connecting failed."""
    response = browser.get(address, follow=True)
    assert "code=" not in response.request["QUERY_STRING"]
    return response


def reason(response: HttpResponse) -> str:
    """Return why the page says that connecting failed."""
    return response.content.decode().split('data-reason="')[1].split('"')[0]


def test_start_leads_to_the_authorization_page_with_pkce_and_a_state(
    page: Client, box: Sandbox, settings: Settings
) -> None:
    settings.MELI_AUTH_URL = ""
    address = urlsplit(page.get("/meli/oauth/start?site=MLA")["Location"])
    query = parse_qs(address.query)
    assert address.hostname == "auth.mercadolibre.com.ar"
    assert query["response_type"] == ["code"]
    assert query["redirect_uri"] == [settings.MELI_REDIRECT_URI]
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["code_challenge"][0]) == 43
    attempt = OAuthState.objects.get()
    assert query["state"][0] not in (attempt.state_hash, attempt.code_verifier_sealed)


def test_brazil_is_the_country_when_none_is_named(page: Client, box: Sandbox, settings: Settings) -> None:
    settings.MELI_AUTH_URL = ""
    assert "//auth.mercadolivre.com.br/authorization" in page.get("/meli/oauth/start")["Location"]


def test_accepting_connects_the_seller_and_starts_the_backfill(
    page: Client, ana: User, shop: Organization, box: Sandbox
) -> None:
    response = page.get(authorize(page), follow=True)
    account = Account.objects.get()
    assert response.redirect_chain == [("/accounts/", 302)]
    assert account.organization == shop
    assert account.connected_by == ana
    assert (account.meli_user_id, account.nickname, account.site_id) == (str(CASA), "CASADOPATIO", "MLB")
    assert account.is_primary
    assert account.api_host == box.url
    assert account.token_seconds_left > 21_000
    assert box.box.oauth.grants[CASA].refresh_token == account.refresh_token
    assert set(account.runs.values_list("scope", flat=True)) == {"items", "orders", "shipments", "questions"}
    assert "CASADOPATIO" in response.content.decode()


def test_a_profile_of_odd_size_and_shape_is_kept_as_far_as_it_fits(
    page: Client, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = {"id": CASA, "nickname": "N" * 300, "site_id": "A-NEW-SITE", "user_type": "x" * 60, "tags": None}
    monkeypatch.setattr(connecting, "profile_of", lambda *_: odd)
    page.get(authorize(page))
    account = Account.objects.get()
    assert (account.nickname, account.site_id, account.status) == ("N" * 120, "A-NEW-SI", "active")
    assert page.get("/accounts/").status_code == 200


def test_a_second_account_is_not_primary(page: Client, box: Sandbox) -> None:
    page.get(authorize(page, str(CASA)))
    page.get(authorize(page, str(AURORA)))
    assert list(Account.objects.order_by("id").values_list("is_primary", flat=True)) == [True, False]


def test_listeners_hear_of_a_new_account_and_of_a_reconnection(page: Client, ana: User, box: Sandbox) -> None:
    heard = []

    def listen(account: Account, user: User, is_new: bool, **_: object) -> None:
        heard.append((account.meli_user_id, user, is_new))

    account_connected.connect(listen)
    try:
        page.get(authorize(page))
        page.get(authorize(page))
    finally:
        account_connected.disconnect(listen)
    assert heard == [(str(CASA), ana, True), (str(CASA), ana, False)]


def test_the_account_stays_connected_when_a_listener_fails(page: Client, box: Sandbox) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("no worker today")

    account_connected.connect(fail)
    try:
        assert page.get(authorize(page)).status_code == 302
    finally:
        account_connected.disconnect(fail)
    assert Account.objects.get().status == AccountStatus.ACTIVE


def test_reconnecting_keeps_the_history_and_mends_an_expired_account(
    page: Client, shop: Organization, box: Sandbox
) -> None:
    account = granted(
        shop, CASA, box, status=AccountStatus.EXPIRED, last_sync_error="dead", account_name="Casa"
    )
    make_item(account)
    page.get(authorize(page))
    again = Account.objects.get()
    assert again.pk == account.pk
    assert again.status == AccountStatus.ACTIVE
    assert (again.account_name, again.last_sync_error, again.items.count()) == ("Casa", "", 1)
    assert again.refresh_token == box.box.oauth.grants[CASA].refresh_token


def test_a_seller_of_another_organization_is_refused_and_keeps_working_there(
    login: Login, carla: User, connected: Account, box: Sandbox
) -> None:
    browser = login(carla)
    response = failing(browser, authorize(browser))
    connected.refresh_from_db()
    assert (response.status_code, reason(response)) == (409, "other_organization")
    assert connected.organization != carla.organizations.get()
    assert connected.refresh_token == box.box.oauth.grants[CASA].refresh_token
    assert not carla.organizations.get().accounts.exists()
    assert "CASADOPATIO" not in response.content.decode()


def test_an_expired_connection_elsewhere_is_not_revived_by_somebody_else(
    login: Login, carla: User, connected: Account, box: Sandbox
) -> None:
    Account.objects.update(status=AccountStatus.EXPIRED)
    before = Account.objects.get().refresh_token
    browser = login(carla)
    browser.get(authorize(browser))
    assert Account.objects.get().refresh_token == before


def test_cancelling_at_mercado_livre_says_so(page: Client, box: Sandbox) -> None:
    response = failing(page, authorize(page, "refuse"))
    assert (response.status_code, reason(response)) == (200, "refused")
    assert not Account.objects.exists()


def test_starting_again_keeps_the_country(page: Client, box: Sandbox) -> None:
    response = failing(page, authorize(page, "refuse", site="MLA"))
    assert "/meli/oauth/start?site=MLA" in response.content.decode()


def test_an_address_without_code_or_state_is_a_refusal(page: Client) -> None:
    assert reason(failing(page, "/meli/oauth/callback")) == "refused"


@pytest.mark.parametrize(
    ("error", "expected"),
    [("invalid_operator_user_id", "collaborator"), ("redirect_uri_mismatch", "redirect_mismatch")],
)
def test_errors_in_the_address_are_explained(page: Client, error: str, expected: str) -> None:
    assert reason(failing(page, f"/meli/oauth/callback?error={error}")) == expected


def test_a_state_works_once(page: Client, box: Sandbox) -> None:
    address = authorize(page)
    page.get(address)
    calls = box.calls["POST /oauth/token"]
    response = failing(page, address)
    assert (response.status_code, reason(response)) == (400, "state_used")
    assert box.calls["POST /oauth/token"] == calls


def test_a_state_lives_ten_minutes(page: Client, box: Sandbox) -> None:
    address = authorize(page)
    OAuthState.objects.update(created_at=timezone.now() - timedelta(minutes=10, seconds=1))
    assert reason(failing(page, address)) == "state_expired"
    assert not Account.objects.exists()


def test_a_state_belongs_to_the_person_who_began(
    page: Client, login: Login, mara: User, box: Sandbox
) -> None:
    address = authorize(page)
    assert reason(failing(login(mara), address)) == "state_foreign"
    assert page.get(address).status_code == 302, "the owner of the attempt can still use it"


def test_an_invented_state_is_refused_without_asking_mercado_livre(page: Client, box: Sandbox) -> None:
    response = failing(page, "/meli/oauth/callback?code=TG-abc-1&state=invented")
    assert (response.status_code, reason(response)) == (400, "state_unknown")
    assert not box.calls["POST /oauth/token"]


def test_coming_back_without_a_session_says_so_and_hands_the_code_to_nobody(box: Sandbox) -> None:
    response = failing(Client(), "/meli/oauth/callback?code=TG-secretcode-1&state=s3cret")
    assert (response.status_code, reason(response)) == (401, "logged_out")
    assert "secretcode" not in response.content.decode()


def test_a_code_that_was_used_already_is_explained(page: Client, box: Sandbox) -> None:
    address = authorize(page)
    box.box.oauth.codes.clear()
    assert reason(failing(page, address)) == "code_refused"


def test_a_seller_with_pending_data_is_told_what_to_look_for(page: Client, box: Sandbox) -> None:
    response = failing(page, authorize(page, "pending"))
    assert reason(response) in ("code_refused", "pending_data")
    assert response.status_code == 400


def test_another_redirect_address_than_the_registered_one_is_explained(
    page: Client, box: Sandbox, settings: Settings
) -> None:
    address = authorize(page)
    settings.MELI_REDIRECT_URI = "http://testserver/elsewhere"
    response = failing(page, address)
    assert reason(response) in ("code_refused", "redirect_mismatch")
    assert "MELI_REDIRECT_URI" in response.content.decode()


def test_a_wrong_client_secret_is_the_operators_matter(
    page: Client, box: Sandbox, settings: Settings
) -> None:
    address = authorize(page)
    settings.MELI_CLIENT_SECRET = "wrong"
    response = failing(page, address)
    assert (response.status_code, reason(response)) == (502, "app_refused")
    assert "MELI_CLIENT_SECRET" in response.content.decode()


def test_mercado_livre_being_down_is_said(page: Client, box: Sandbox, settings: Settings) -> None:
    address = authorize(page)
    settings.MELI_API_URL = "http://127.0.0.1:9"
    response = failing(page, address)
    assert (response.status_code, reason(response)) == (503, "unreachable")


def test_mercado_livre_failing_is_said(page: Client, box: Sandbox) -> None:
    address = authorize(page)
    box.box.drills.update({"oauth_error_rate": 1.0, "errors": ["5xx"]})
    assert reason(failing(page, address)) == "unreachable"


def test_an_unread_profile_does_not_undo_a_connection(page: Client, box: Sandbox) -> None:
    address = authorize(page)
    box.box.drills.update({"error_rate": 1.0, "errors": ["5xx"]})
    assert page.get(address).status_code == 302
    account = Account.objects.get()
    assert (account.status, account.meli_user_id) == (AccountStatus.ACTIVE, str(CASA))


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        ({"message": "invalid_operator_user_id", "error": "forbidden", "status": 403}, "collaborator"),
        ({"message": "User is not active", "error": "forbidden", "status": 403}, "not_allowed"),
    ],
)
def test_a_seller_who_may_not_use_the_api_does_not_stay(
    page: Client, box: Sandbox, monkeypatch: pytest.MonkeyPatch, refusal: dict[str, object], expected: str
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise ApiError(403, body=refusal)

    address = authorize(page)
    monkeypatch.setattr(box.box.oauth, "user_of", refuse)
    assert reason(failing(page, address)) == expected
    assert not Account.objects.exists()


def test_an_unknown_country_is_explained(page: Client) -> None:
    assert reason(failing(page, "/meli/oauth/start?site=XXX")) == "unknown_site"


def test_a_panel_without_an_application_says_so(page: Client, settings: Settings) -> None:
    settings.MELI_CLIENT_ID = ""
    response = failing(page, "/meli/oauth/start")
    assert (response.status_code, reason(response)) == (503, "not_configured")


def test_an_account_of_another_host_is_never_mixed_with_this_one(
    page: Client, connected: Account, box: Sandbox
) -> None:
    Account.objects.update(api_host="https://api.mercadolibre.com")
    assert reason(failing(page, authorize(page))) == "other_host"


def test_operators_do_not_connect(login: Login, bruno: User) -> None:
    assert login(bruno).get("/meli/oauth/start").status_code == 403


def test_who_lost_the_role_meanwhile_does_not_connect(login: Login, mara: User, box: Sandbox) -> None:
    browser = login(mara)
    address = authorize(browser)
    Membership.objects.filter(user=mara).update(role=Role.OPERATOR)
    assert reason(failing(browser, address)) == "not_manager"
    assert not Account.objects.exists()


def test_start_needs_a_login(client: Client, db: None) -> None:
    assert client.get("/meli/oauth/start")["Location"].startswith("/login/?next=")


def test_the_account_lands_in_the_organization_where_the_attempt_began(
    login: Login, ana: User, shop: Organization, box: Sandbox
) -> None:
    second = make_person("Dora").organizations.get()
    Membership.objects.create(user=ana, organization=second, role=Role.MANAGER)
    browser = login(ana)
    address = authorize(browser)
    browser.post(f"/team/switch/{second.pk}/")
    browser.get(address)
    assert Account.objects.get().organization == shop
    assert browser.get("/accounts/").context["request"].organization == shop


def test_neither_code_nor_tokens_are_shown_logged_or_passed_on(
    page: Client, box: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = authorize(page)
    code = parse_qs(urlsplit(address).query)["code"][0]
    response = page.get(address)
    shown = page.get("/accounts/").content.decode() + response.content.decode() + str(response.headers)
    account = Account.objects.get()
    for secret in (code, account.access_token, account.refresh_token):
        assert secret not in shown
        assert secret not in caplog.text
    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]


def test_a_failed_start_leaves_no_run_behind(page: Client, box: Sandbox) -> None:
    page.get(authorize(page, "refuse"))
    assert not SyncRun.objects.exists()
