"""Whose rows, which role, which organization (contract 3.2, design section 8 rule 4)."""

from typing import Any

import pytest
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import Account, Membership, Organization, Role, User
from painelml.sync.models import SyncRun
from tests.factories import make_account, make_item, make_order, make_question, make_shipment

from .conftest import Login

MAKE: dict[str, Any] = {
    "items": make_item,
    "orders": make_order,
    "shipments": make_shipment,
    "questions": make_question,
}
READS = [*(f"/api/{name}" for name in MAKE), "/api/sync/status"]


def with_token(user: User, **headers: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {AccessToken.for_user(user)}", **headers)
    return client


@pytest.mark.parametrize("path", MAKE)
@pytest.mark.parametrize("role", Role.values)
def test_rows_of_another_organization_do_not_exist(
    login: Login, ana: User, account: Account, other_account: Account, path: str, role: str
) -> None:
    Membership.objects.filter(user=ana).update(role=role)
    row = MAKE[path](other_account)
    api = login(ana)
    assert api.get(f"/api/{path}").json()["results"] == []
    assert api.get(f"/api/{path}/{row.meli_id}").status_code == 404
    assert api.get(f"/api/{path}?account_id={other_account.pk}").status_code == 404
    assert api.get(f"/api/{path}/{row.meli_id}?account_id={other_account.pk}").status_code == 404


@pytest.mark.parametrize("path", MAKE)
def test_an_id_carla_has_too_shows_anas_row(
    api: APIClient, account: Account, other_account: Account, path: str
) -> None:
    MAKE[path](other_account, meli_id="777")
    MAKE[path](account, meli_id="777")
    assert api.get(f"/api/{path}/777").json()["account_id"] == account.pk


def test_orders_of_another_organization_are_not_told_by_a_shipment(
    api: APIClient, account: Account, other_account: Account
) -> None:
    shipment = make_shipment(account)
    make_order(other_account, shipment_id=shipment.meli_id)
    assert api.get(f"/api/shipments/{shipment.meli_id}").json()["order_ids"] == []


@pytest.mark.parametrize("path", READS)
def test_nobody_gets_401(path: str) -> None:
    answer = APIClient().get(path)
    assert answer.status_code == 401
    assert list(answer.json()) == ["detail"]


@pytest.mark.parametrize("path", READS)
def test_a_viewer_reads(login: Login, vera: User, account: Account, path: str) -> None:
    assert login(vera).get(path).status_code == 200


@pytest.mark.parametrize("path", READS)
def test_a_person_without_an_organization_gets_403(login: Login, ana: User, path: str) -> None:
    ana.memberships.all().delete()
    answer = login(ana).get(path)
    assert answer.status_code == 403
    assert list(answer.json()) == ["detail"]


def test_a_viewer_may_not_start_or_stop_anything(login: Login, vera: User, account: Account) -> None:
    run = SyncRun.objects.create(account=account, scope="items")
    assert login(vera).post("/api/sync/start").status_code == 403
    assert login(vera).post(f"/api/sync/runs/{run.pk}/cancel").status_code == 403
    assert SyncRun.objects.get().is_active


def test_a_token_acts_in_the_default_organization(ana: User, account: Account) -> None:
    item = make_item(account)
    assert [row["id"] for row in with_token(ana).get("/api/items").json()["results"]] == [item.meli_id]


def test_a_header_picks_another_organization_of_ones_own(ana: User, account: Account) -> None:
    make_item(account)
    second_shop = Organization.objects.create_for(ana, "Second shop")
    item = make_item(make_account(second_shop))
    rows = with_token(ana, HTTP_X_ORGANIZATION=str(second_shop.pk)).get("/api/items").json()["results"]
    assert [row["id"] for row in rows] == [item.meli_id]


@pytest.mark.parametrize("path", READS)
def test_a_header_with_somebody_elses_organization_is_404(
    ana: User, other_account: Account, path: str
) -> None:
    client = with_token(ana, HTTP_X_ORGANIZATION=str(other_account.organization_id))
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("header", ["", "mine", "-1", "9" * 400])
def test_a_header_that_names_no_organization_is_404(ana: User, header: str) -> None:
    assert with_token(ana, HTTP_X_ORGANIZATION=header).get("/api/items").status_code == 404


def test_the_role_counts_in_the_organization_one_acts_in(ana: User, other_account: Account) -> None:
    shop = other_account.organization
    Membership.objects.create(user=ana, organization=shop, role=Role.VIEWER)
    client = with_token(ana, HTTP_X_ORGANIZATION=str(shop.pk))
    assert client.get("/api/items").status_code == 200
    assert client.post("/api/sync/start").status_code == 403


@pytest.mark.parametrize("token", ["nonsense", "", "a.b.c"])
def test_a_bad_token_is_401(token: str) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert client.get("/api/items").status_code == 401


def test_a_session_needs_the_csrf_token_to_change_anything(ana: User, account: Account) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(ana)
    assert client.get("/api/items").status_code == 200
    assert client.post("/api/sync/start").status_code == 403


@pytest.mark.parametrize("path", READS)
def test_no_answer_shows_a_token(api: APIClient, account: Account, path: str) -> None:
    for make in MAKE.values():
        make(account)
    body = api.get(path).content.decode()
    assert account.access_token not in body
    assert account.refresh_token not in body
