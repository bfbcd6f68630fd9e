"""The log on its page, in the API and as a file: for owners, of their own organization."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Account, Organization, Role, User
from painelml.audit import trail
from painelml.audit.models import Entry
from tests.factories import make_person

Login = Any


@pytest.fixture
def entries(ana: User, shop: Organization, account: Account) -> list[Entry]:
    """A pause by Ana, a change that failed, and one of last year."""
    trail.record(
        "account.paused", account, person=ana, before={"status": "active"}, after={"status": "paused"}
    )
    trail.record("item.changed", account, person=ana, after={"price": "9.90"}, error="Mercado Livre refused")
    Entry.objects.create(
        action="account.renamed",
        actor="old@example.com",
        organization_id=shop.pk,
        at=timezone.now() - timedelta(days=365),
    )
    return list(Entry.objects.order_by("-at"))


def listed(api: APIClient, query: str = "") -> list[str]:
    response = api.get(f"/api/audit?{query}")
    assert response.status_code == 200, response.content
    return [one["action"] for one in response.json()["results"] if not one["action"].startswith("person.")]


@pytest.mark.parametrize("role", [Role.MANAGER, Role.OPERATOR, Role.VIEWER])
def test_only_owners_read_it(login: Login, shop: Organization, entries: list[Entry], role: str) -> None:
    client = login(make_person("Nina", shop, role))

    for address in ("/team/audit/", f"/team/audit/{entries[0].pk}/", "/api/audit", "/api/audit/export"):
        assert client.get(address).status_code == 403


def test_what_happened_elsewhere_is_not_there(login: Login, carla: User, entries: list[Entry]) -> None:
    client = login(carla)

    assert client.get(f"/team/audit/{entries[0].pk}/").status_code == 404
    assert client.get(f"/api/audit/{entries[0].pk}").status_code == 404
    assert "account.paused" not in client.get("/api/audit").content.decode()
    assert "account.paused" not in b"".join(client.get("/api/audit/export").streaming_content).decode()


def test_the_page_says_what_who_and_whether_it_worked(page: Client, entries: list[Entry], ana: User) -> None:
    html = page.get("/team/audit/").content.decode()

    assert "Paused an account" in html
    assert ana.email in html
    assert "Failed" in html


def test_one_entry_shows_before_and_after(page: Client, entries: list[Entry]) -> None:
    paused = Entry.objects.get(action="account.paused")

    response = page.get(f"/team/audit/{paused.pk}/")

    assert response.context["entry"].changes == [("status", "active", "paused")]
    assert "active" in response.content.decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["item.changed", "account.paused", "account.renamed"]),
        ("action=item.changed", ["item.changed"]),
        ("outcome=failed", ["item.changed"]),
        ("person=old@", ["account.renamed"]),
        ("date_from={lately}", ["item.changed", "account.paused"]),
        ("date_to={lately}", ["account.renamed"]),
        ("account_id={account}", ["item.changed", "account.paused"]),
        ("object={account}", ["item.changed", "account.paused"]),
    ],
)
def test_it_is_narrowed(
    api: APIClient, entries: list[Entry], account: Account, query: str, expected: list[str]
) -> None:
    lately = (timezone.now() - timedelta(days=2)).date()

    assert listed(api, query.format(lately=lately, account=account.pk)) == expected


@pytest.mark.parametrize("query", ["action=unknown", "who=ana", "date_from=soon", "outcome=maybe"])
def test_a_wrong_filter_is_named(api: APIClient, entries: list[Entry], query: str) -> None:
    response = api.get(f"/api/audit?{query}")

    assert response.status_code == 400
    assert query.split("=")[0] in response.json()


@pytest.mark.parametrize("file_format", ["csv", "xlsx", "pdf"])
def test_it_is_exported_and_that_is_recorded(page: Client, entries: list[Entry], file_format: str) -> None:
    response = page.get(f"/api/audit/export?format={file_format}&outcome=failed")
    content = b"".join(response.streaming_content)

    assert response.status_code == 200
    if file_format == "csv":
        assert "item.changed" in content.decode()
        assert "account.paused" not in content.decode()
    export = Entry.objects.get(action="list.exported")
    assert export.after["format"] == file_format


def test_a_formula_in_a_name_stays_text(page: Client, ana: User, shop: Organization) -> None:
    trail.record("other", '=HYPERLINK("http://x","y")', person=ana, organization=shop)

    content = b"".join(page.get("/api/audit/export?format=csv").streaming_content).decode()

    assert ",=HYPERLINK" not in content
    assert "'=HYPERLINK" in content


def test_script_in_a_name_stays_text(page: Client, ana: User, shop: Organization) -> None:
    trail.record("other", "<script>alert(1)</script>", person=ana, organization=shop, after={"<b>": "<i>"})

    for address in ("/team/audit/", f"/team/audit/{Entry.objects.get(action='other').pk}/"):
        html = page.get(address).content.decode()
        assert "<script>alert" not in html
        assert "<i>" not in html


def test_a_page_asks_as_much_of_two_rows_as_of_forty(
    page: Client, entries: list[Entry], shop: Organization
) -> None:
    page.get("/team/audit/")
    with CaptureQueriesContext(
        connection,
    ) as few:
        page.get("/team/audit/")
    for number in range(40):
        trail.record("other", str(number), organization=shop)

    with CaptureQueriesContext(connection) as many:
        page.get("/team/audit/")

    assert len(many) == len(few)


def test_the_administration_may_look_and_not_touch(login: Login, ana: User, entries: list[Entry]) -> None:
    User.objects.filter(pk=ana.pk).update(is_staff=True, is_superuser=True)
    client = login(ana)

    assert client.get("/admin/audit/entry/").status_code == 200
    assert client.post(f"/admin/audit/entry/{entries[0].pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/audit/entry/add/").status_code == 403
