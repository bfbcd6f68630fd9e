"""What people do, through the very pages and calls they do it with, and the word it is kept under."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Account, Membership, Organization, User
from catalog.models import BulkChange
from painelml.audit.models import Entry
from painelml.models import SavedFilter
from painelml.sync.actions import start_sync
from tests.factories import make_item, make_question
from webhooks.models import Notification, NotificationState

Login = Any
PASSWORD = "correct horse"


def actions() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("action", flat=True))


def newest() -> Entry:
    return Entry.objects.latest("pk")


def test_coming_and_going(ana: User) -> None:
    client = Client()
    client.post("/login/", {"login": ana.email, "password": PASSWORD})
    client.post("/logout/")

    assert actions() == ["person.logged_in", "person.logged_out"]
    assert {entry.actor for entry in Entry.objects.all()} == {ana.email}


def test_getting_an_api_token(ana: User) -> None:
    APIClient().post("/api/auth/token", {"email": ana.email, "password": PASSWORD})

    assert actions() == ["person.token_given"]


def test_a_new_password(ana: User) -> None:
    client = Client()
    client.post("/login/", {"login": ana.email, "password": PASSWORD})
    new = "a staple of batteries"
    client.post("/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    assert "person.password_changed" in actions()
    assert new not in str([vars(entry) for entry in Entry.objects.all()])


@pytest.mark.parametrize(
    ("address", "data", "action", "after"),
    [
        ("/accounts/{account}/pause/", {}, "account.paused", {"status": "paused"}),
        ("/accounts/{account}/primary/", {}, "account.made_primary", None),
        ("/accounts/{account}/sync/", {}, "sync.started", {"scope": "all", "days": None}),
        (
            "/accounts/{account}/edit/",
            {"account_name": "Loja", "sync_interval_seconds": "600"},
            "account.changed",
            {"sync_interval_seconds": 600},
        ),
        ("/accounts/{account}/disconnect/", {}, "account.disconnected", None),
        (
            "/accounts/{account}/costs/sale/",
            {"sale-tax_percent": "6", "sale-per_order": "1.50"},
            "cost.sale_changed",
            None,
        ),
        ("/team/rename/", {"name": "Casa nova"}, "organization.renamed", {"name": "Casa nova"}),
        (
            "/team/invite/",
            {"email": "nina@example.com", "role": "viewer"},
            "member.invited",
            {"email": "nina@example.com", "role": "viewer"},
        ),
        ("/team/members/{bruno}/role/", {"role": "manager"}, "member.role_changed", {"role": "manager"}),
        ("/team/members/{bruno}/remove/", {}, "member.removed", None),
        ("/team/keys/", {"name": "ERP", "scopes": ["read"], "lifetime": "never"}, "key.created", None),
        (
            "/profile/",
            {"first_name": "Ana", "last_name": "Lima", "language": "en"},
            "person.profile_changed",
            None,
        ),
    ],
)
def test_what_a_page_does(
    page: Client,
    ana: User,
    bruno: User,
    account: Account,
    address: str,
    data: dict[str, Any],
    action: str,
    after: Any,
) -> None:
    membership = Membership.objects.get(user=bruno)
    Entry.objects.all().delete()

    response = page.post(address.format(account=account.pk, bruno=membership.pk), data)

    assert response.status_code in (200, 302), response.content
    entry = Entry.objects.filter(action=action).latest("pk")
    assert entry.actor == ana.email
    assert entry.organization_id == ana.organizations.get().pk
    if after is not None:
        assert entry.after == after
    assert "other" not in actions()


def test_resuming(page: Client, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(status="paused")

    page.post(f"/accounts/{account.pk}/resume/")

    entry = newest()
    assert (entry.action, entry.before, entry.after) == (
        "account.resumed",
        {"status": "paused"},
        {"status": "active"},
    )


def test_an_invitation_withdrawn_and_one_accepted(
    login: Login, ana: User, carla: User, shop: Organization
) -> None:
    first = shop.invitations.create(email="nina@example.com", role="viewer", invited_by=ana)
    login(ana).post(f"/team/invitations/{first.pk}/withdraw/")
    assert (newest().action, newest().object_name) == ("member.invitation_withdrawn", "nina@example.com")

    second = shop.invitations.create(email=carla.email, role="viewer", invited_by=ana)
    login(carla).post(f"/team/join/{second.token}/")

    joined = Entry.objects.get(action="member.joined")
    assert (joined.actor, joined.organization_id) == (carla.email, shop.pk)


def test_stopping_a_sync(api: APIClient, account: Account) -> None:
    run = start_sync(account, "orders")[0]

    api.post(f"/api/sync/runs/{run.pk}/cancel")

    assert (newest().action, newest().account_id) == ("sync.cancelled", account.pk)


def test_trying_events_again(page: Client, account: Account) -> None:
    Notification.objects.create(
        seller_id=account.meli_user_id,
        topic="orders_v2",
        resource="/orders/1",
        dedupe_key="one",
        state=NotificationState.FAILED,
        next_try_at=timezone.now(),
    )

    page.post("/webhooks/try-again/")

    assert (newest().action, newest().after) == (
        "event.tried_again",
        {"events": 1, "sellers": [account.meli_user_id]},
    )


def test_what_the_administration_changes(login: Login, ana: User, shop: Organization) -> None:
    User.objects.filter(pk=ana.pk).update(is_staff=True, is_superuser=True)

    login(ana).post(
        f"/admin/accounts/organization/{shop.pk}/change/",
        {
            "name": "Casa nova",
            "memberships-TOTAL_FORMS": "0",
            "memberships-INITIAL_FORMS": "0",
        },
    )

    entry = Entry.objects.get(action="admin.changed")
    assert (entry.actor, entry.way, entry.object_name) == (ana.email, "admin", "Casa nova")


def test_what_a_call_does(api: APIClient, ana: User, account: Account) -> None:
    api.patch(f"/api/ml-accounts/{account.pk}", {"account_name": "Pelo API"})

    entry = newest()
    assert (entry.action, entry.way, entry.after) == ("account.changed", "api", {"account_name": "Pelo API"})


def test_a_filter_is_saved_renamed_and_deleted(page: Client) -> None:
    page.post("/filters/orders/keep/", {"name": "Late", "query": "status=paid"})
    kept = SavedFilter.objects.get()
    page.post(f"/filters/orders/{kept.pk}/rename/", {"name": "Paid"})
    page.post(f"/filters/orders/{kept.pk}/remove/")

    saved, renamed, removed = Entry.objects.filter(action__startswith="filter.").order_by("pk")
    assert (saved.action, saved.after) == ("filter.kept", {"list": "orders", "query": "status=paid"})
    assert (renamed.before, renamed.after) == ({"name": "Late"}, {"name": "Paid"})
    assert (removed.action, removed.object_name) == ("filter.removed", "Paid")


def test_a_bulk_change_is_prepared_started_and_another_discarded(page: Client, account: Account) -> None:
    item = make_item(account)
    for _ in range(2):
        page.post(f"/catalog/bulk/new/?item={item.meli_id}", {"action": "pause"})
    first, second = BulkChange.objects.order_by("pk")
    page.post(f"/catalog/bulk/{first.pk}/start/")
    page.post(f"/catalog/bulk/{second.pk}/discard/")

    done = Entry.objects.filter(action__startswith="bulk.").order_by("pk")
    assert [(entry.action, entry.object_id) for entry in done] == [
        ("bulk.prepared", str(first.pk)),
        ("bulk.prepared", str(second.pk)),
        ("bulk.started", str(first.pk)),
        ("bulk.discarded", str(second.pk)),
    ]
    assert done[0].after == {"action": "pause", "amount": None, "ending": "", "lines": 1}


def test_what_the_last_owner_cannot_do_is_kept_with_the_reason(page: Client, ana: User) -> None:
    alone = Membership.objects.get(user=ana)
    page.post(f"/team/members/{alone.pk}/role/", {"role": "viewer"})
    page.post(f"/team/members/{alone.pk}/remove/")
    page.post("/team/two-factor/", {"when": "0"})

    tried = Entry.objects.filter(outcome="failed").order_by("pk")
    assert [entry.action for entry in tried] == [
        "member.role_changed",
        "member.removed",
        "organization.two_factor_changed",
    ]
    assert all(entry.reason for entry in tried)


@pytest.mark.parametrize(
    ("address", "data"),
    [
        ("/questions/{question}/beat/", {"text": "Serve"}),
        ("/questions/replies/preview/", {"text": "Olá"}),
        ("/filters/orders/keep/", {"name": "Late", "query": ""}),
        ("/filters/orders/keep/", {"name": "", "query": "status=paid"}),
        ("/catalog/bulk/new/?q=nothing-like-that", {"action": "pause"}),
        ("/exports/start/order-export/?format=csv", {}),
        ("/accounts/{account}/costs/confirm/", {"token": "gone"}),
        ("/team/members/{member}/role/", {"role": "emperor"}),
        ("/email/", {"action_send": "", "email": "ana@example.com"}),
        ("/password/change/", {"oldpassword": "wrong"}),
    ],
)
def test_what_comes_to_nothing_fills_no_log(
    page: Client, ana: User, account: Account, address: str, data: dict[str, str]
) -> None:
    question = make_question(account)
    member = Membership.objects.get(user=ana)
    Entry.objects.all().delete()

    response = page.post(
        address.format(account=account.pk, question=question.meli_id, member=member.pk), data
    )

    assert response.status_code in (200, 302), response.content
    assert actions() == []
