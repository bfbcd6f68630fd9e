"""API keys: made by owners, shown once, hashed, limited by scopes, ended at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import keys, team
from accounts.models import Account, ApiKey, Membership, Organization, Role, Scope, User
from painelml.audit.models import Entry
from painelml.audit.words import ActorKind

Login = Any
NOT_FOR_KEYS = {"export": "a file belongs to the person who asked for it", "report": "reports are only read"}
"""Viewsets that change something and are in no scope, and why: a key reads there at most."""


def calls(text: str, scheme: str = "Bearer") -> APIClient:
    return APIClient(headers={"Authorization": f"{scheme} {text}", "accept-language": "en"})


@pytest.fixture
def reader(shop: Organization, ana: User) -> str:
    return keys.make_key(shop, "Spreadsheet", [Scope.READ], ana)[1]


def test_the_page_shows_a_new_key_once(login: Login, ana: User, shop: Organization) -> None:
    client = login(ana)
    form = {"name": "ERP", "scopes": ["read", "write:catalog"], "lifetime": "90"}

    made = client.post("/team/keys/", form).context["made"]

    assert calls(made).get("/api/items").status_code == 200
    assert made not in client.get("/team/keys/").content.decode()
    key = ApiKey.objects.get()
    assert (key.name, key.scopes, key.organization) == ("ERP", ["read", "write:catalog"], shop)
    assert timedelta(days=89) < key.expires_at - timezone.now() < timedelta(days=91)


def test_only_a_digest_is_kept(reader: str) -> None:
    key = ApiKey.objects.get()

    assert reader not in str(vars(key))
    assert key.digest == keys.digest(reader)
    assert len(key.prefix) <= 10


@pytest.mark.parametrize("role", [Role.MANAGER, Role.OPERATOR, Role.VIEWER])
def test_only_owners_see_and_make_keys(login: Login, shop: Organization, role: str, reader: str) -> None:
    from tests.factories import make_person

    client = login(make_person("Nina", shop, role))

    assert client.get("/team/keys/").status_code == 403
    assert (
        client.post("/team/keys/", {"name": "Mine", "scopes": ["read"], "lifetime": "30"}).status_code == 403
    )
    assert client.post(f"/team/keys/{ApiKey.objects.get().pk}/revoke/").status_code == 403
    assert client.get("/api/keys").status_code == 403


@pytest.mark.parametrize("scheme", ["Bearer", "Api-Key"])
def test_a_key_reads_its_own_organization_and_no_other(
    reader: str, scheme: str, account: Account, other_account: Account, carla: User
) -> None:
    found = calls(reader, scheme).get("/api/ml-accounts").json()["results"]
    assert [one["id"] for one in found] == [account.pk]

    assert calls(reader).get(f"/api/ml-accounts/{other_account.pk}").status_code == 404
    elsewhere = carla.organizations.get().pk
    assert calls(reader).get("/api/orders", headers={"X-Organization": str(elsewhere)}).status_code == 404


def test_a_key_stays_in_its_organization_when_its_maker_prefers_another(
    ana: User, reader: str, account: Account
) -> None:
    other = Organization.objects.create_for(ana, "Another")
    ana.memberships.update(is_default=False)
    ana.memberships.filter(organization=other).update(is_default=True)

    assert len(calls(reader).get("/api/ml-accounts").json()["results"]) == 1


def test_a_key_does_what_its_scopes_say_and_nothing_else(
    shop: Organization, ana: User, account: Account
) -> None:
    _key, text = keys.make_key(shop, "Pauses", [Scope.ACCOUNTS], ana)

    assert calls(text).put(f"/api/ml-accounts/{account.pk}/pause").status_code == 200
    assert calls(text).get("/api/orders").status_code == 403
    assert calls(text).get("/api/shipments/labels?ids=1").status_code == 403
    assert calls(text).get("/api/audit").status_code == 403
    assert calls(text).post("/api/questions/1/answer", {"text": "Sim"}).status_code == 403


def test_reading_prints_no_labels_and_changes_nothing(reader: str, account: Account) -> None:
    assert calls(reader).get("/api/shipments/labels?ids=1").status_code == 403
    assert calls(reader).put(f"/api/ml-accounts/{account.pk}/pause").status_code == 403
    assert calls(reader).delete(f"/api/ml-accounts/{account.pk}").status_code == 403
    assert calls(reader).post("/api/sync/start").status_code == 403


def test_every_viewset_that_changes_something_has_a_scope_or_is_not_for_keys() -> None:
    from painelml.urls import api

    named = {basename for _prefix, viewset, basename in api.registry if changes_something(viewset)}

    assert named - set(keys.WRITES) - set(NOT_FOR_KEYS) == set()


def changes_something(viewset: Any) -> bool:
    names = {"create", "update", "partial_update", "destroy"}
    extra = {method for one in viewset.get_extra_actions() for method in one.mapping}
    return any(hasattr(viewset, name) for name in names) or bool(extra - {"get"})


@pytest.mark.parametrize("text", ["pk_", "pk_unknown", "pk_" + "x" * 43, "pk_" + "é" * 20])
def test_a_key_nobody_made_opens_nothing(db: None, text: str) -> None:
    response = APIClient().get(
        "/api/orders", headers={"Authorization": f"Bearer {text}".encode().decode("latin-1")}
    )

    assert response.status_code == 401
    assert "Bearer" in response["WWW-Authenticate"]


def test_a_revoked_and_an_expired_key_open_nothing(
    login: Login, ana: User, shop: Organization, reader: str
) -> None:
    login(ana).post(f"/team/keys/{ApiKey.objects.get().pk}/revoke/")
    assert calls(reader).get("/api/orders").status_code == 401

    _key, old = keys.make_key(shop, "Old", [Scope.READ], ana, timezone.now() - timedelta(seconds=1))
    assert calls(old).get("/api/orders").status_code == 401


def test_a_key_of_another_organization_cannot_be_revoked(login: Login, carla: User, reader: str) -> None:
    assert login(carla).post(f"/team/keys/{ApiKey.objects.get().pk}/revoke/").status_code == 404
    assert calls(reader).get("/api/orders").status_code == 200


@pytest.mark.parametrize("what", ["demoted", "removed", "inactive"])
def test_a_key_ends_with_the_power_of_who_made_it(shop: Organization, ana: User, what: str) -> None:
    from tests.factories import make_person

    olga = make_person("Olga", shop, Role.OWNER)
    _key, text = keys.make_key(shop, "Hers", [Scope.READ], olga)
    assert calls(text).get("/api/orders").status_code == 200
    membership = Membership.objects.get(user=olga)

    match what:
        case "demoted":
            team.change_role(membership, Role.MANAGER)
        case "removed":
            team.remove(membership)
        case "inactive":
            User.objects.filter(pk=olga.pk).update(is_active=False)

    assert calls(text).get("/api/orders").status_code == 401


def test_the_log_names_the_key_that_did_it(shop: Organization, ana: User, account: Account) -> None:
    key, text = keys.make_key(shop, "ERP", [Scope.ACCOUNTS], ana)

    calls(text).put(f"/api/ml-accounts/{account.pk}/pause")

    entry = Entry.objects.get(action="account.paused")
    assert (entry.actor_kind, entry.key_id, entry.way) == (ActorKind.KEY, key.pk, "api")
    assert entry.actor.startswith("ERP (pk_")
    assert text not in entry.actor


def test_the_log_names_the_key_also_where_a_person_is_asked_for(
    shop: Organization, ana: User, account: Account
) -> None:
    _key, text = keys.make_key(shop, "ERP", [Scope.ACCOUNTS], ana)

    calls(text).post(f"/api/ml-accounts/{account.pk}/sync")

    assert Entry.objects.get(action="sync.started").actor_kind == ActorKind.KEY


def test_its_last_use_is_noted(reader: str) -> None:
    assert ApiKey.objects.get().last_used_at is None

    calls(reader).get("/api/orders")

    assert timezone.now() - ApiKey.objects.get().last_used_at < timedelta(minutes=1)


def test_every_key_has_calls_of_its_own(
    shop: Organization, ana: User, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from painelml.web.throttling import KeyThrottle

    monkeypatch.setattr(KeyThrottle, "rate", "2/min")
    _key, second = keys.make_key(shop, "Second", [Scope.READ], ana)

    assert [calls(reader).get("/api/orders").status_code for _ in range(3)] == [200, 200, 429]
    assert calls(second).get("/api/orders").status_code == 200


def test_the_list_tells_no_key(shop: Organization, ana: User) -> None:
    _key, text = keys.make_key(shop, "Auditor", [Scope.AUDIT], ana)

    answer = calls(text).get("/api/keys")

    assert [one["name"] for one in answer.json()["results"]] == ["Auditor"]
    assert text not in answer.content.decode()
    assert keys.digest(text) not in answer.content.decode()


def test_the_schema_knows_keys(db: None) -> None:
    schemes = APIClient().get("/api/schema").json()["components"]["securitySchemes"]

    assert schemes["apiKey"]["scheme"] == "bearer"
