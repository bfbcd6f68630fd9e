"""`/api/ml-accounts` (contract section 3.3), field by field."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from accounts.models import Account, AccountStatus, Organization, User
from painelml.sandbox import Sandbox
from painelml.sync.actions import start_sync
from painelml.sync.models import PendingRead, SyncRun
from tests.factories import make_account, make_item, make_order

from .conftest import AURORA, CASA, granted

pytestmark = pytest.mark.django_db

FIELDS = {
    "id", "ml_user_id", "nickname", "email", "site_id", "account_name", "account_type", "is_primary",
    "status", "sync_enabled", "sync_interval_seconds", "last_sync", "next_sync", "last_sync_status",
    "last_sync_error", "cached_data", "error_count", "error_history", "token_expires_at", "token_health",
    "last_token_refresh", "last_activity", "created_at", "updated_at",
}  # fmt: skip
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def api_of(user: User) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


@pytest.fixture
def api(ana: User) -> APIClient:
    """Ana's calls."""
    return api_of(ana)


def test_an_account_has_the_contracts_fields_and_no_token(api: APIClient, account: Account) -> None:
    shown = api.get(f"/api/ml-accounts/{account.pk}").json()
    assert set(shown) == FIELDS
    assert shown["ml_user_id"] == account.meli_user_id
    assert INSTANT.fullmatch(shown["token_expires_at"])
    assert shown["token_health"] in (99, 100)
    assert shown["sync_enabled"] is True
    assert shown["last_sync"] is shown["last_sync_status"] is shown["last_sync_error"] is None
    assert shown["cached_data"] == {"products": 0, "orders": 0, "issues": 0, "last_updated": None}
    assert shown["error_history"] == []
    assert account.access_token not in str(shown)
    assert account.refresh_token not in str(shown)


def test_cached_data_counts_what_is_mirrored(api: APIClient, account: Account) -> None:
    make_item(account)
    make_item(account)
    make_order(account)
    PendingRead.objects.create(account=account, resource="orders", meli_id="1", given_up=True)
    PendingRead.objects.create(account=account, resource="orders", meli_id="2")
    ended = datetime(2026, 11, 20, 10, tzinfo=UTC)
    Account.objects.update(last_sync=ended, last_sync_status="success")
    shown = api.get(f"/api/ml-accounts/{account.pk}").json()
    expected = {"products": 2, "orders": 1, "issues": 1, "last_updated": "2026-11-20T10:00:00Z"}
    assert shown["cached_data"] == expected
    assert shown["last_sync_status"] == "success"


def test_a_run_under_way_shows_as_in_progress(api: APIClient, account: Account) -> None:
    start_sync(account, "items")
    assert api.get(f"/api/ml-accounts/{account.pk}").json()["last_sync_status"] == "in_progress"


def test_the_list_holds_the_organizations_accounts_only(
    api: APIClient, account: Account, other_account: Account
) -> None:
    listed = api.get("/api/ml-accounts").json()
    assert set(listed) == {"next", "previous", "results"}
    assert [one["id"] for one in listed["results"]] == [account.pk]


def test_the_list_can_be_narrowed_by_status(api: APIClient, account: Account, shop: Organization) -> None:
    paused = make_account(shop, status=AccountStatus.PAUSED)
    listed = api.get("/api/ml-accounts?status=paused").json()["results"]
    assert [one["id"] for one in listed] == [paused.pk]
    assert api.get("/api/ml-accounts?status=lost").status_code == 400


def test_an_unknown_parameter_is_named(api: APIClient) -> None:
    answer = api.get("/api/ml-accounts?colour=blue")
    assert (answer.status_code, list(answer.json())) == (400, ["colour"])


def test_twenty_accounts_cost_as_many_queries_as_two(
    api: APIClient, shop: Organization, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def queries() -> int:
        with django_assert_max_num_queries(20) as counted:
            api.get("/api/ml-accounts")
        return len(counted)

    for _ in range(2):
        make_item(make_account(shop))
    with_two = queries()
    for _ in range(18):
        make_item(make_account(shop))
    assert queries() == with_two


def test_tokens_by_hand_connect_the_seller_they_belong_to(
    api: APIClient, shop: Organization, ana: User, box: Sandbox
) -> None:
    tokens = box.grant(CASA)
    body = {
        "access_token": tokens["access_token"],
        "refresh_token": tokens["refresh_token"],
        "expires_in": 3600,
        "account_name": "Casa",
    }
    answer = api.post("/api/ml-accounts", body)
    assert answer.status_code == 201
    shown = answer.json()
    assert (shown["ml_user_id"], shown["nickname"], shown["account_name"]) == (
        str(CASA),
        "CASADOPATIO",
        "Casa",
    )
    assert shown["is_primary"] is True
    account = Account.objects.get()
    assert (account.organization, account.connected_by) == (shop, ana)
    assert account.refresh_token == tokens["refresh_token"]
    assert 3500 < account.token_seconds_left <= 3600
    assert account.runs.count() == 4
    assert tokens["access_token"] not in answer.content.decode()


def test_a_refresh_token_may_be_missing(api: APIClient, box: Sandbox) -> None:
    answer = api.post("/api/ml-accounts", {"access_token": box.grant(CASA)["access_token"]})
    assert answer.status_code == 201
    info = api.get(f"/api/ml-accounts/{answer.json()['id']}/token-info").json()
    assert (info["status"], info["can_refresh"]) == ("valid", False)
    assert api.put(f"/api/ml-accounts/{answer.json()['id']}/refresh-token").status_code == 409


def test_a_seller_is_connected_once_whoever_asks(
    api: APIClient, connected: Account, carla: User, box: Sandbox
) -> None:
    body = {"access_token": box.grant(CASA)["access_token"]}
    assert api.post("/api/ml-accounts", body).status_code == 409
    assert api_of(carla).post("/api/ml-accounts", body).status_code == 409
    assert Account.objects.count() == 1


def test_a_token_mercado_livre_does_not_know_is_refused(api: APIClient, box: Sandbox) -> None:
    answer = api.post("/api/ml-accounts", {"access_token": "APP_USR-invented-0000"})
    assert (answer.status_code, list(answer.json())) == (400, ["access_token"])
    assert not Account.objects.exists()


def test_a_missing_token_is_named(api: APIClient) -> None:
    answer = api.post("/api/ml-accounts", {})
    assert (answer.status_code, list(answer.json())) == (400, ["access_token"])


def test_mercado_livre_being_down_is_503(api: APIClient, settings: Settings) -> None:
    settings.MELI_API_URL = "http://127.0.0.1:9"
    assert api.post("/api/ml-accounts", {"access_token": "APP_USR-1"}).status_code == 503


@pytest.mark.parametrize("method", ["put", "patch"])
def test_name_interval_and_primary_can_be_changed(
    api: APIClient, account: Account, shop: Organization, method: str
) -> None:
    second = make_account(shop)
    body = {"account_name": "Loja", "sync_interval_seconds": 600, "is_primary": True}
    answer = getattr(api, method)(f"/api/ml-accounts/{second.pk}", body)
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in body} == body
    account.refresh_from_db()
    assert account.is_primary is False


def test_a_new_interval_moves_the_next_reading(api: APIClient, account: Account) -> None:
    read_at = timezone.now().replace(microsecond=0)
    Account.objects.update(last_sync=read_at, next_sync=read_at + timedelta(minutes=5))
    answer = api.patch(f"/api/ml-accounts/{account.pk}", {"sync_interval_seconds": 1800})
    assert answer.json()["next_sync"] == f"{read_at + timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}"


def test_what_is_not_named_stays(api: APIClient, account: Account) -> None:
    Account.objects.update(account_name="Loja")
    api.patch(f"/api/ml-accounts/{account.pk}", {"sync_interval_seconds": 900})
    account.refresh_from_db()
    assert (account.account_name, account.sync_interval_seconds) == ("Loja", 900)


@pytest.mark.parametrize(
    "body", [{"sync_interval_seconds": 5}, {"sync_interval_seconds": "often"}, {"is_primary": False}]
)
def test_a_bad_value_is_named(api: APIClient, account: Account, body: dict[str, Any]) -> None:
    answer = api.patch(f"/api/ml-accounts/{account.pk}", body)
    assert (answer.status_code, list(answer.json())) == (400, list(body))


def test_pausing_and_resuming(api: APIClient, account: Account) -> None:
    paused = api.put(f"/api/ml-accounts/{account.pk}/pause").json()
    assert (paused["status"], paused["sync_enabled"], paused["next_sync"]) == ("paused", False, None)
    assert api.post(f"/api/ml-accounts/{account.pk}/sync").status_code == 409
    resumed = api.put(f"/api/ml-accounts/{account.pk}/resume").json()
    assert (resumed["status"], resumed["sync_enabled"]) == ("active", True)
    assert resumed["next_sync"] is not None


def test_an_expired_account_has_to_be_connected_again(api: APIClient, account: Account) -> None:
    Account.objects.update(status=AccountStatus.EXPIRED)
    for answer in (
        api.put(f"/api/ml-accounts/{account.pk}/resume"),
        api.put(f"/api/ml-accounts/{account.pk}/pause"),
        api.put(f"/api/ml-accounts/{account.pk}/refresh-token"),
        api.post(f"/api/ml-accounts/{account.pk}/sync"),
    ):
        assert answer.status_code == 409
        assert answer.json()["detail"]
    info = api.get(f"/api/ml-accounts/{account.pk}/token-info").json()
    assert (info["status"], info["health_percent"], info["can_refresh"]) == ("expired", 0, False)


def test_sync_starts_every_scope_and_returns_what_is_under_way(api: APIClient, account: Account) -> None:
    first = api.post(f"/api/ml-accounts/{account.pk}/sync")
    again = api.post(f"/api/ml-accounts/{account.pk}/sync")
    assert first.status_code == again.status_code == 202
    ids = {run["id"] for run in first.json()["runs"]}
    assert ids == {run["id"] for run in again.json()["runs"]}
    assert {run["scope"] for run in first.json()["runs"]} == {"items", "orders", "shipments", "questions"}
    assert SyncRun.objects.count() == 4


def test_sync_all_starts_what_works_in_this_organization(
    api: APIClient, account: Account, shop: Organization, other_account: Account
) -> None:
    make_account(shop, status=AccountStatus.PAUSED)
    answer = api.post("/api/ml-accounts/sync-all")
    assert answer.status_code == 202
    assert {run["account_id"] for run in answer.json()["runs"]} == {account.pk}
    assert not other_account.runs.exists()


def test_refreshing_the_token_by_hand(api: APIClient, connected: Account, box: Sandbox) -> None:
    answer = api.put(f"/api/ml-accounts/{connected.pk}/refresh-token")
    assert answer.status_code == 200
    assert box.calls["POST /oauth/token"] == 1
    fresh = Account.objects.get()
    assert fresh.access_token != connected.access_token
    assert answer.json()["status"] == "valid"
    assert fresh.access_token not in answer.content.decode()


def test_refreshing_a_dead_grant_is_a_conflict(api: APIClient, connected: Account, box: Sandbox) -> None:
    box.box.oauth.revoke(CASA)
    assert api.put(f"/api/ml-accounts/{connected.pk}/refresh-token").status_code == 409
    assert api.get(f"/api/ml-accounts/{connected.pk}").json()["status"] == "expired"


def test_token_info_without_and_with_asking_mercado_livre(
    api: APIClient, connected: Account, box: Sandbox
) -> None:
    address = f"/api/ml-accounts/{connected.pk}/token-info"
    info = api.get(address).json()
    assert set(info) == {
        "status", "expires_at", "expires_in_seconds", "health_percent", "last_refresh", "can_refresh",
        "valid_at_mercado_livre",
    }  # fmt: skip
    assert info["valid_at_mercado_livre"] is None
    assert not box.calls
    assert api.get(f"{address}?validate=true").json()["valid_at_mercado_livre"] is True
    box.box.oauth.expire(CASA)
    assert api.get(f"{address}?validate=true").json()["valid_at_mercado_livre"] is False
    assert not box.calls["POST /oauth/token"], "asking does not renew"


def test_token_info_says_when_a_token_is_about_to_expire(api: APIClient, account: Account) -> None:
    Account.objects.update(token_expires_at=timezone.now() + timedelta(minutes=5))
    info = api.get(f"/api/ml-accounts/{account.pk}/token-info").json()
    assert info["status"] == "expiring"
    assert 280 < info["expires_in_seconds"] <= 300
    Account.objects.update(token_expires_at=timezone.now() - timedelta(minutes=5))
    assert api.get(f"/api/ml-accounts/{account.pk}/token-info").json()["status"] == "expired"


def test_deleting_revokes_the_grant_and_removes_everything(
    api: APIClient, connected: Account, shop: Organization, box: Sandbox
) -> None:
    second = granted(shop, AURORA, box)
    make_order(connected)
    make_item(connected, variations=2)
    kept = make_item(second)
    start_sync(connected)
    assert api.delete(f"/api/ml-accounts/{connected.pk}").status_code == 204
    assert api.get(f"/api/ml-accounts/{connected.pk}").status_code == 404
    assert CASA not in box.box.oauth.grants
    assert list(Account.objects.values_list("pk", "is_primary")) == [(second.pk, True)]
    assert [item.pk for item in second.items.all()] == [kept.pk]
    assert Organization.objects.get() == shop


def test_deleting_works_while_mercado_livre_is_down(
    api: APIClient, account: Account, settings: Settings
) -> None:
    settings.MELI_API_URL, settings.MELI_CLIENT_ID = "http://127.0.0.1:9", "1122334455667788"
    Account.objects.update(api_host=settings.MELI_API_URL)
    assert api.delete(f"/api/ml-accounts/{account.pk}").status_code == 204
    assert not Account.objects.exists()


READS = [("get", ""), ("get", "/token-info")]
WRITES = [
    ("put", ""), ("patch", ""), ("delete", ""), ("post", "/sync"), ("put", "/pause"), ("put", "/resume"),
    ("put", "/refresh-token"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), READS + WRITES)
def test_somebody_elses_account_is_not_there(
    api: APIClient, other_account: Account, method: str, path: str
) -> None:
    answer = getattr(api, method)(f"/api/ml-accounts/{other_account.pk}{path}", {})
    assert answer.status_code == 404
    assert Account.objects.filter(pk=other_account.pk, status="active").exists()


@pytest.mark.parametrize(("method", "path"), READS + WRITES)
def test_nobody_gets_401(account: Account, method: str, path: str) -> None:
    assert getattr(APIClient(), method)(f"/api/ml-accounts/{account.pk}{path}", {}).status_code == 401


ALLOWED = {
    "vera": {("get", ""), ("get", "/token-info")},
    "bruno": {("get", ""), ("get", "/token-info"), ("post", "/sync")},
    "mara": {*READS, *WRITES} - {("delete", "")},
}


@pytest.mark.parametrize("who", ALLOWED)
@pytest.mark.parametrize(("method", "path"), READS + WRITES)
def test_roles_are_enforced(
    request: pytest.FixtureRequest, account: Account, who: str, method: str, path: str
) -> None:
    user = request.getfixturevalue(who)
    answer = getattr(api_of(user), method)(f"/api/ml-accounts/{account.pk}{path}", {})
    is_refused = answer.status_code == 403
    assert is_refused is ((method, path) not in ALLOWED[who])


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("bruno", 403), ("mara", 400)])
def test_only_managers_and_owners_add_accounts(request: pytest.FixtureRequest, who: str, status: int) -> None:
    assert api_of(request.getfixturevalue(who)).post("/api/ml-accounts", {}).status_code == status


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("bruno", 202)])
def test_viewers_do_not_start_syncs(request: pytest.FixtureRequest, who: str, status: int) -> None:
    assert api_of(request.getfixturevalue(who)).post("/api/ml-accounts/sync-all").status_code == status
