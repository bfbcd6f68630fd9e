"""`/api/sync` (contract 3.4)."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Account, AccountStatus, User
from painelml.sync.models import RunKind, RunStatus, SyncRun, SyncStep
from tests.factories import NOON

from .conftest import Login

SCOPES = {"items", "orders", "shipments", "questions"}


def test_starting_everything_answers_202_with_a_run_of_each_scope(
    login: Login, bruno: User, account: Account
) -> None:
    answer = login(bruno).post("/api/sync/start")
    assert answer.status_code == 202
    runs = answer.json()["runs"]
    assert {run["scope"] for run in runs} == SCOPES
    assert {(run["account_id"], run["kind"], run["status"]) for run in runs} == {
        (account.pk, "manual", "queued")
    }
    assert set(SyncRun.objects.values_list("requested_by", flat=True)) == {bruno.pk}


def test_a_run_says_everything_the_contract_names(api: APIClient, account: Account) -> None:
    run = SyncRun.objects.create(
        account=account,
        scope="orders",
        kind=RunKind.BACKFILL,
        status=RunStatus.FAILED,
        total=12_000,
        done=11_998,
        failed=2,
        api_calls=321,
        error="Mercado Livre answered 500",
        started_at=NOON,
        finished_at=NOON + timedelta(minutes=5),
    )
    assert api.get("/api/sync/status").json()["runs"] == [
        {
            "id": run.pk,
            "account_id": account.pk,
            "scope": "orders",
            "kind": "backfill",
            "status": "failed",
            "total": 12_000,
            "done": 11_998,
            "failed": 2,
            "api_calls": 321,
            "started_at": "2026-11-20T15:00:00Z",
            "finished_at": "2026-11-20T15:05:00Z",
            "eta_seconds": None,
            "error": "Mercado Livre answered 500",
        }
    ]


def test_the_same_scope_already_running_is_returned_not_started_twice(
    api: APIClient, account: Account
) -> None:
    first = api.post("/api/sync/start?scope=items").json()["runs"]
    assert api.post("/api/sync/start?scope=items").json()["runs"] == first
    assert SyncRun.objects.count() == 1


def test_days_limit_how_far_back_a_run_reads(api: APIClient, account: Account) -> None:
    api.post("/api/sync/start?scope=orders&days=30")
    age = timezone.now() - SyncRun.objects.get().since
    assert timedelta(days=30) <= age < timedelta(days=30, hours=1, minutes=1)


def test_the_parameters_may_come_as_json(api: APIClient, account: Account, second_account: Account) -> None:
    body = {"scope": "questions", "account_id": second_account.pk, "days": 7}
    runs = api.post("/api/sync/start", body, format="json").json()["runs"]
    assert [(run["scope"], run["account_id"]) for run in runs] == [("questions", second_account.pk)]


def test_without_an_account_all_that_work_are_read(
    api: APIClient, account: Account, second_account: Account
) -> None:
    Account.objects.filter(pk=account.pk).update(status=AccountStatus.PAUSED)
    runs = api.post("/api/sync/start?scope=items").json()["runs"]
    assert [run["account_id"] for run in runs] == [second_account.pk]


@pytest.mark.parametrize("status", [AccountStatus.PAUSED, AccountStatus.EXPIRED])
def test_an_account_that_rests_is_409(api: APIClient, account: Account, status: str) -> None:
    Account.objects.filter(pk=account.pk).update(status=status)
    answer = api.post(f"/api/sync/start?account_id={account.pk}")
    assert answer.status_code == 409
    assert list(answer.json()) == ["detail"]
    assert not SyncRun.objects.exists()


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("scope=everything", "scope"),
        ("days=0", "days"),
        ("days=-1", "days"),
        ("days=99999", "days"),
        ("days=many", "days"),
        ("scopes=items", "scopes"),
        ("account_id=mine", "account_id"),
    ],
)
def test_a_bad_parameter_starts_nothing_and_is_named(
    api: APIClient, account: Account, query: str, name: str
) -> None:
    answer = api.post(f"/api/sync/start?{query}")
    assert answer.status_code == 400
    assert list(answer.json()) == [name]
    assert not SyncRun.objects.exists()


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{", "application/json", 400),
        ("[1]", "application/json", 400),
        ('"items"', "application/json", 400),
        ('{"scope": ["items"]}', "application/json", 400),
        ('{"days": {"a": 1}}', "application/json", 400),
        ('{"scope": "it\\u0000ems"}', "application/json", 400),
        ("scope=items", "application/x-www-form-urlencoded", 415),
    ],
)
def test_a_bad_body_starts_nothing(
    api: APIClient, account: Account, body: str, content_type: str, status: int
) -> None:
    answer = api.generic("POST", "/api/sync/start", body, content_type=content_type)
    assert answer.status_code == status
    assert not SyncRun.objects.exists()


def test_the_status_tells_the_latest_run_of_each_scope(api: APIClient, account: Account) -> None:
    for scope in ("items", "items", "orders"):
        SyncRun.objects.create(account=account, scope=scope, status=RunStatus.DONE)
    newest = {run.scope: run.pk for run in SyncRun.objects.order_by("pk")}
    status = api.get("/api/sync/status").json()
    assert {run["scope"]: run["id"] for run in status["runs"]} == newest
    assert status["percent"] == 100


def test_the_status_tells_how_far_a_run_is(api: APIClient, account: Account) -> None:
    started = timezone.now() - timedelta(seconds=60)
    run = SyncRun.objects.create(
        account=account, scope="items", status=RunStatus.RUNNING, started_at=started, total=100, done=25
    )
    SyncStep.objects.create(run=run, name="scan", key="scan", expected=100, held=25)
    status = api.get("/api/sync/status").json()
    assert status["percent"] == 25
    assert status["runs"][0]["eta_seconds"] == pytest.approx(180, abs=5)


def test_the_percent_is_of_the_figures_beside_it(api: APIClient, account: Account) -> None:
    """Items are listed long before they are read: what is only listed moves no bar."""
    run = SyncRun.objects.create(
        account=account, scope="items", status=RunStatus.RUNNING, total=160, started_at=timezone.now()
    )
    SyncStep.objects.create(run=run, name="scan", key="scan", expected=160, held=160)
    assert api.get("/api/sync/status").json()["percent"] == 0


@pytest.mark.parametrize(("total", "done"), [(100, 0), (100, 100)], ids=["nothing done", "only details left"])
def test_a_run_without_a_pace_tells_no_time(api: APIClient, account: Account, total: int, done: int) -> None:
    run = SyncRun.objects.create(
        account=account,
        scope="items",
        status=RunStatus.RUNNING,
        started_at=timezone.now() - timedelta(seconds=60),
        total=total,
        done=done,
    )
    SyncStep.objects.create(run=run, name="scan", key="scan", expected=100, held=50)
    assert api.get("/api/sync/status").json()["runs"][0]["eta_seconds"] is None


def test_the_percent_does_not_fall_when_a_scope_ends(api: APIClient, account: Account) -> None:
    asked = timezone.now()
    long_ago = asked - timedelta(days=1)
    SyncRun.objects.create(
        account=account, scope="items", status=RunStatus.DONE, created_at=long_ago, finished_at=long_ago
    )
    runs = {
        scope: SyncRun.objects.create(
            account=account,
            scope=scope,
            status=RunStatus.RUNNING,
            started_at=asked,
            created_at=asked,
            total=100,
            done=done,
        )
        for scope, done in (("orders", 90), ("questions", 20))
    }
    before = api.get("/api/sync/status").json()["percent"]
    SyncRun.objects.filter(pk=runs["orders"].pk).update(
        status=RunStatus.DONE, finished_at=asked + timedelta(minutes=1)
    )
    assert (before, api.get("/api/sync/status").json()["percent"]) == (55, 60)


def test_the_status_of_one_account(api: APIClient, account: Account, second_account: Account) -> None:
    SyncRun.objects.create(account=account, scope="items")
    SyncRun.objects.create(account=second_account, scope="items")
    runs = api.get(f"/api/sync/status?account_id={second_account.pk}").json()["runs"]
    assert [run["account_id"] for run in runs] == [second_account.pk]


def test_runs_of_another_organization_do_not_exist(
    api: APIClient, account: Account, other_account: Account
) -> None:
    run = SyncRun.objects.create(account=other_account, scope="items")
    assert api.get("/api/sync/status").json()["runs"] == []
    assert api.get(f"/api/sync/status?account_id={other_account.pk}").status_code == 404
    assert api.post(f"/api/sync/start?account_id={other_account.pk}").status_code == 404
    assert api.post(f"/api/sync/runs/{run.pk}/cancel").status_code == 404
    assert SyncRun.objects.get().is_active


def test_a_run_can_be_stopped_once(login: Login, bruno: User, account: Account) -> None:
    run = SyncRun.objects.create(account=account, scope="items", status=RunStatus.RUNNING)
    api = login(bruno)
    answer = api.post(f"/api/sync/runs/{run.pk}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert api.post(f"/api/sync/runs/{run.pk}/cancel").status_code == 409


@pytest.mark.parametrize("id", ["0", "nothing", "9" * 18, "9" * 400])
def test_a_run_nobody_has_is_404(api: APIClient, account: Account, id: str) -> None:
    assert api.post(f"/api/sync/runs/{id}/cancel").status_code == 404
