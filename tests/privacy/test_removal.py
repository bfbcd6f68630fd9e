"""An organization that is deleted leaves nothing, nor an account that is disconnected; others keep all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import IntegrityError, connection, models
from django.test import Client

from accounts import connecting, removal
from accounts.connecting import REMOVED, disconnect
from accounts.models import Account, Membership, Organization, Role, User
from accounts.removal import delete_organization, remove_deleted
from catalog.models import Item
from orders.models import Order
from painelml.audit import append_only, trail
from painelml.audit.models import Entry
from painelml.exports.models import ExportFile
from painelml.sandbox import Sandbox
from tests.factories import make_account, make_item, make_order, make_person
from tests.sweep.world import MARK, World, is_ours, owned

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.ignore_template_errors]

PASSWORD = "correct horse"


@pytest.fixture
def guarded() -> Iterator[None]:
    """The audit log as it is outside of tests: the database refuses to change it."""
    append_only.install(connection)
    yield
    append_only.remove(connection)


def everything() -> str:
    """Return every column of every row of every table there is, as one text."""
    return json.dumps(
        {model._meta.label: list(model._base_manager.values()) for model in apps.get_models()}, default=str
    )


def remove_all() -> None:
    for _turn in range(50):
        if remove_deleted(seconds=5):
            return
    raise AssertionError("it never ends")


def way_to(model: type[models.Model], goal: type[models.Model]) -> str:
    """Return the shortest lookup from a model to another one; nothing where there is none."""
    queue: list[tuple[type[models.Model], tuple[str, ...]]] = [(model, ())]
    seen = {model}
    while queue:
        here, way = queue.pop(0)
        for field in here._meta.concrete_fields:
            to: Any = field.related_model
            if to is goal:
                return "__".join((*way, field.name))
            if field.is_relation and to not in seen and is_ours(to) and to not in (User, Organization):
                seen.add(to)
                queue.append((to, (*way, field.name)))
    return ""


# Organizations


def test_nothing_is_left_of_an_organization_and_everything_of_another(
    ours: World, theirs: World, guarded: None
) -> None:
    trail.record("sync.started", theirs.account)
    kept = ours.snapshot()
    number, people = theirs.organization.pk, [person.pk for person in theirs.members.values()]
    assert MARK in everything()
    delete_organization(theirs.organization, theirs.person)
    remove_all()
    left = {model._meta.label: theirs.rows(model).count() for model in (*owned(), Organization)}
    assert {label: count for label, count in left.items() if count} == {}
    assert not User.objects.filter(pk__in=people).exists()
    assert MARK not in everything()
    assert ours.snapshot() == kept
    assert not Entry.objects.filter(organization_id=number).exists()
    assert Entry.objects.filter(organization_id=ours.organization.pk).exists()


def test_what_remains_is_one_line_without_a_name(ours: World) -> None:
    person = ours.person.pk
    delete_organization(ours.organization, ours.person)
    remove_all()
    entry = Entry.objects.get(action="organization.deleted")
    assert (entry.object_id, entry.person_id) == (str(ours.organization.pk), person)
    assert entry.after == {"accounts": 1, "members": 4}
    assert (entry.organization_id, entry.actor, entry.address, entry.client) == (None, "", None, "")


def test_it_is_gone_for_everybody_before_the_rows_are(ours: World) -> None:
    clients = []
    for person in ours.members.values():
        clients.append(Client())
        clients[-1].force_login(person)
    delete_organization(ours.organization, ours.person)
    assert Order.objects.exists()
    assert {client.get("/orders/").status_code for client in clients} == {302}
    assert Client().get(f"/team/join/{ours.invitation.token}/").status_code == 404
    assert not Account.objects.working().filter(pk=ours.account.pk).exists()


def test_the_grant_is_withdrawn_and_no_token_kept(ours: World, box: Sandbox) -> None:
    token = ours.account.access_token
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{box.url}/users/me", headers=headers, timeout=5).status_code == 200
    delete_organization(ours.organization, ours.person)
    remove_all()
    me = requests.get(f"{box.url}/users/me", headers=headers, timeout=5)
    assert me.status_code in (401, 403)
    assert not Account.objects.exists()


def test_a_killed_removal_goes_on_where_it_stopped(ours: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "CHUNK", 2)
    for _number in range(9):
        make_item(ours.account)
    delete_organization(ours.organization, ours.person)
    rows, left = connecting.remove_rows, 0

    def dying(*args: Any) -> bool:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return rows(*args)

    monkeypatch.setattr(connecting, "remove_rows", dying)
    monkeypatch.setattr(removal, "remove_rows", dying)
    deaths = 0
    for lived in range(60):
        left = lived
        try:
            if remove_deleted(seconds=5):
                break
        except KeyboardInterrupt:
            deaths += 1
    assert deaths > 10
    assert not Item.objects.exists()
    assert not Organization.objects.filter(pk=ours.organization.pk).exists()


def test_a_login_that_is_needed_elsewhere_stays(ours: World) -> None:
    other = Organization.objects.create(name="Another shop")
    manager, admin = ours.members[Role.MANAGER], ours.members[Role.OPERATOR]
    Membership.objects.create(organization=other, user=manager, role=Role.OWNER)
    User.objects.filter(pk=admin.pk).update(is_staff=True)
    delete_organization(ours.organization, ours.person)
    assert set(User.objects.all()) == {manager, admin}
    assert manager.memberships.get().is_default


def test_a_row_written_meanwhile_is_found_by_the_next_turn(ours: World) -> None:
    """A worker that read something before the account stopped may save it late."""
    delete_organization(ours.organization, ours.person)
    account = Account.objects.get(pk=ours.account.pk)
    make_order(account)
    disconnect(account, None)
    with suppress(IntegrityError):
        make_order(account)
    remove_all()
    assert not Order.objects.exists()


def test_the_log_of_an_organization_that_lives_cannot_be_removed(ours: World, guarded: None) -> None:
    trail.record("sync.started", ours.account)
    with pytest.raises(Exception, match="append-only"):
        Entry.objects.filter(organization_id=ours.organization.pk).delete()
    if connection.vendor == "postgresql":
        with pytest.raises(Exception, match="append-only"):
            append_only.delete_of(ours.organization.pk)


# The page


def log_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_password_and_the_name_are_asked_for(ours: World) -> None:
    client = log_in(ours.person)
    asked = client.get("/team/delete/")
    assert asked.status_code == 302
    assert asked["Location"].startswith("/reauthenticate/")
    assert client.post("/team/delete/", {"name": ours.organization.name}).status_code == 302
    assert Organization.objects.filter(pk=ours.organization.pk, deleted_at=None).exists()
    wrong = client.post("/reauthenticate/", {"password": "wrong horse", "next": "/team/delete/"})
    assert wrong.status_code == 200
    client.post("/reauthenticate/", {"password": PASSWORD})
    page = client.get("/team/delete/").content.decode()
    assert all(person.email in page for person in ours.members.values())
    assert client.post("/team/delete/", {"name": "Another shop"}).status_code == 422
    assert Organization.objects.filter(pk=ours.organization.pk, deleted_at=None).exists()
    done = client.post("/team/delete/", {"name": ours.organization.name})
    assert (done.status_code, done["Location"]) == (302, "/privacy/")
    assert client.get("/").status_code == 302
    assert not User.objects.exists()
    remove_all()
    assert not Session.objects.filter(session_data__contains="_auth_user_id").exists()


@pytest.mark.parametrize("role", [Role.MANAGER, Role.OPERATOR, Role.VIEWER])
def test_only_owners_delete(ours: World, role: str) -> None:
    client = log_in(ours.members[Role(role)])
    client.post("/reauthenticate/", {"password": PASSWORD})
    assert client.post("/team/delete/", {"name": ours.organization.name}).status_code == 403
    assert Organization.objects.filter(pk=ours.organization.pk, deleted_at=None).exists()


def test_the_command_says_what_is_left_and_finishes(ours: World, capsys: pytest.CaptureFixture[str]) -> None:
    delete_organization(ours.organization, ours.person)
    call_command("remove_deleted", only_show=True)
    assert "1 accounts, 1 organizations" in capsys.readouterr().out
    assert Order.objects.exists()
    call_command("remove_deleted")
    assert "Nothing is left." in capsys.readouterr().out
    assert not Order.objects.exists()


# Accounts


def test_nothing_is_left_of_an_account_and_everything_of_another(ours: World, theirs: World) -> None:
    """What people of the organization did stays in its audit log, under the names it had then."""
    kept, other = ours.snapshot(), make_account(theirs.organization)
    make_order(other)
    of_account = {model: way for model in owned() if (way := way_to(model, Account))}
    assert len(of_account) > 15
    rows = {
        model: model._default_manager.filter(**{way: theirs.account}) for model, way in of_account.items()
    }
    assert all(found.exists() for found in rows.values())
    disconnect(theirs.account, theirs.person)
    remove_all()
    left = [
        model._meta.label
        for model, way in of_account.items()
        if model._default_manager.filter(**{way: theirs.account.pk}).exists()
    ]
    assert left == []
    assert not ExportFile.objects.filter(organization=theirs.organization).exists()
    assert not Organization.objects.filter(name__startswith=REMOVED).exists()
    assert Order.objects.filter(account=other).exists()
    assert theirs.organization.memberships.count() == 4
    assert ours.snapshot() == kept


def test_an_organization_with_a_well_chosen_name_gets_nobodys_account(ours: World) -> None:
    mallory = make_person("Mallory")
    Organization.objects.filter(memberships__user=mallory).update(name=f"{REMOVED}{ours.account.pk}")
    disconnect_row(ours.account)
    assert not Order.objects.filter(account__organization__memberships__user=mallory).exists()
    remove_all()
    assert Organization.objects.filter(memberships__user=mallory).exists()


def disconnect_row(account: Account) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connecting, "remove_rest", lambda seconds: False)
        disconnect(account, None)
