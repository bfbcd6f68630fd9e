"""What a row of the log says: who, from where, to what, before and after, and never a secret."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from accounts import actions, team
from accounts.models import Account, Membership, Organization, User
from accounts.team import NotPossible
from painelml.audit import trail
from painelml.audit.models import Entry
from painelml.audit.words import ACTIONS, ActorKind, Outcome


def latest(action: str) -> Entry:
    return Entry.objects.filter(action=action).latest("pk")


def test_an_action_on_a_page_says_who_from_where_and_what_changed(
    page: Client, ana: User, account: Account
) -> None:
    response = page.post(f"/accounts/{account.pk}/pause/", headers={"x-request-id": "proxy-request-77"})

    entry = latest("account.paused")
    assert (entry.actor_kind, entry.actor, entry.person_id) == (ActorKind.PERSON, ana.email, ana.pk)
    assert (entry.organization_id, entry.account_id) == (account.organization_id, account.pk)
    assert (entry.object_kind, entry.object_id) == ("account", str(account.pk))
    assert (entry.before, entry.after) == ({"status": "active"}, {"status": "paused"})
    assert (entry.way, entry.address, entry.outcome) == ("page", "127.0.0.1", Outcome.DONE)
    assert "Firefox" in entry.client
    assert entry.request_id == "proxy-request-77" == response["X-Request-ID"]


def test_what_did_not_work_is_in_the_log_with_its_reason(ana: User, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(status="expired")
    account.refresh_from_db()

    with pytest.raises(NotPossible):
        actions.pause(account)

    entry = latest("account.paused")
    assert entry.outcome == Outcome.FAILED
    assert "connected again" in entry.reason or entry.reason


def test_what_a_role_does_not_allow_is_in_the_log(login: Any, bruno: User, account: Account) -> None:
    login(bruno).post(f"/accounts/{account.pk}/pause/")

    entry = latest("account.paused")
    assert (entry.outcome, entry.actor, entry.object_name) == (Outcome.REFUSED, bruno.email, "accounts:pause")
    assert entry.after == {"method": "POST", "pk": account.pk}


def test_the_change_and_its_row_are_kept_together_or_not_at_all(
    ana: User, shop: Organization, bruno: User
) -> None:
    membership = Membership.objects.get(user=bruno)

    with transaction.atomic():
        team.change_role(membership, "manager")
        transaction.set_rollback(True)

    assert Membership.objects.get(user=bruno).role == "operator"
    assert not Entry.objects.filter(action="member.role_changed").exists()


def test_secrets_are_never_kept(account: Account) -> None:
    entry = trail.record(
        "other",
        account,
        before={"access_token": "APP_USR-123456789-secret", "nested": {"password": "correct horse"}},
        after={"note": "Bearer APP_USR-123456789-abcdef", "client_secret": "s3cret", "recovery_codes": ["1"]},
        error="the call with APP_USR-123456789-abcdef failed",
    )
    entry.refresh_from_db()

    kept = f"{entry.before} {entry.after} {entry.reason}"
    for secret in ("123456789", "correct horse", "s3cret", "'1'"):
        assert secret not in kept


def test_amounts_stay_exact_and_what_stayed_the_same_is_left_out(account: Account) -> None:
    entry = trail.record(
        "item.changed",
        account,
        before={"price": Decimal("129.90"), "status": "active"},
        after={"price": Decimal("119.90"), "status": "active"},
    )
    entry.refresh_from_db()

    assert (entry.before, entry.after) == ({"price": "129.90"}, {"price": "119.90"})


def test_an_endless_text_is_cut_and_an_endless_list_too(account: Account) -> None:
    entry = trail.record("other", account, after={"text": "x" * 100_000, "rows": list(range(10_000))})
    entry.refresh_from_db()

    assert len(entry.after["text"]) == trail.LONGEST_TEXT
    assert len(entry.after["rows"]) == trail.LONGEST_LIST


def test_a_word_nobody_knows_cannot_be_recorded(db: None) -> None:
    with pytest.raises(ValueError, match="no action"):
        trail.record("item.changd")


def test_every_word_fits_its_column() -> None:
    assert max(map(len, ACTIONS)) <= 40


def test_the_address_is_what_our_own_proxies_say(page: Client, account: Account, settings: Settings) -> None:
    settings.PROXY_COUNT = 1

    page.post(f"/accounts/{account.pk}/pause/", headers={"x-forwarded-for": "10.9.9.9, 203.0.113.7"})

    assert latest("account.paused").address == "203.0.113.7"


def test_nobody_can_choose_a_request_id_that_breaks_a_line(page: Client, account: Account) -> None:
    page.post(f"/accounts/{account.pk}/pause/", headers={"x-request-id": "short x"})

    assert latest("account.paused").request_id.isalnum()


def test_a_job_says_for_whom_it_acts(ana: User, shop: Organization, account: Account) -> None:
    with trail.acting_for(ana, shop):
        actions.rename(account, "Loja nova")
    actions.rename(account, "Loja velha")

    by_ana, by_panel = Entry.objects.filter(action="account.changed").order_by("pk")
    assert (by_ana.actor_kind, by_ana.actor) == (ActorKind.PERSON, ana.email)
    assert (by_panel.actor_kind, by_panel.actor) == (ActorKind.SYSTEM, "")


def test_an_account_that_is_gone_leaves_what_was_done_to_it(
    page: Client, shop: Organization, account: Account
) -> None:
    name = str(account)

    page.post(f"/accounts/{account.pk}/disconnect/")

    entry = latest("account.disconnected")
    assert not Account.objects.filter(pk=account.pk).exists()
    assert (entry.organization_id, entry.account_id, entry.account_name) == (shop.pk, account.pk, name)
