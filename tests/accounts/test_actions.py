"""What is decided and noted about an account, and taking one away."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from accounts import actions, connecting
from accounts.models import Account, AccountStatus, Organization, User
from accounts.team import NotPossible
from painelml.meli import Reconnect, TryLater
from painelml.sync.actions import start_sync
from painelml.sync.models import SyncRun, SyncStep
from tests.factories import make_account, make_item, make_order

pytestmark = pytest.mark.django_db


def test_errors_are_kept_newest_first_and_at_most_twenty(account: Account) -> None:
    for number in range(25):
        actions.note_error(account, TryLater(f"trouble {number}", status=503))
    account.refresh_from_db()
    assert len(account.error_history) == 20
    assert account.error_count == 25
    assert account.error_history[0]["error"].endswith("trouble 24")
    assert account.error_history[0]["status_code"] == 503
    assert account.error_history[0]["timestamp"].endswith("Z")


def test_an_error_of_ours_has_no_status_code(account: Account) -> None:
    actions.note_error(account, ValueError("odd"))
    account.refresh_from_db()
    assert account.error_history[0]["status_code"] is None


def test_a_finished_run_mends_an_account_in_error(account: Account) -> None:
    Account.objects.update(status=AccountStatus.ERROR, error_count=3, last_sync_error="old")
    actions.note_run_ended(account, "done")
    account.refresh_from_db()
    assert (account.status, account.error_count) == (AccountStatus.ACTIVE, 0)
    assert (account.last_sync_status, account.last_sync_error) == ("success", "")
    assert account.last_sync is not None
    assert 295 <= (account.next_sync - timezone.now()).total_seconds() <= 300


def test_a_failed_run_shows_and_the_next_one_is_due_all_the_same(account: Account) -> None:
    actions.note_run_ended(account, "failed", "Mercado Livre answered 500")
    account.refresh_from_db()
    assert (account.status, account.last_sync_status) == (AccountStatus.ERROR, "failed")
    assert account.last_sync_error == "Mercado Livre answered 500"
    assert account.next_sync is not None


@pytest.mark.parametrize("status", [AccountStatus.PAUSED, AccountStatus.EXPIRED])
def test_a_run_that_ends_late_wakes_no_resting_account(account: Account, status: str) -> None:
    Account.objects.update(status=status)
    actions.note_run_ended(account, "done")
    account.refresh_from_db()
    assert (account.status, account.next_sync) == (status, None)


def test_a_cancelled_run_is_no_failure(account: Account) -> None:
    actions.note_run_ended(account, "cancelled")
    account.refresh_from_db()
    assert (account.status, account.last_sync_status, account.last_sync) == ("active", "", None)


def test_noting_never_writes_back_old_tokens(account: Account) -> None:
    stale = Account.objects.get()
    account.access_token = "APP_USR-newer"
    account.save()
    actions.note_run_ended(stale, "done")
    actions.note_error(stale, TryLater("x"))
    actions.rename(stale, "Loja")
    assert Account.objects.get().access_token == "APP_USR-newer"


def test_an_expired_account_is_told_once(account: Account, ana: User) -> None:
    error = Reconnect("dead", status=400)
    assert actions.mark_expired(account, error)
    assert not actions.mark_expired(account, error)
    assert [message.to for message in mail.outbox] == [[ana.email]]


def test_news_of_an_older_token_does_not_expire_a_fresh_connection(account: Account) -> None:
    Account.objects.update(last_token_refresh=timezone.now())
    assert not actions.mark_expired(account, Reconnect("dead", status=401))
    Account.objects.update(last_token_refresh=timezone.now() - timedelta(minutes=1))
    assert actions.mark_expired(account, Reconnect("dead", status=401))


def test_mail_goes_out_in_the_persons_language(account: Account, ana: User) -> None:
    User.objects.update(language="en")
    actions.mark_expired(account, Reconnect("dead"))
    assert "connect to Mercado Livre again" in mail.outbox[0].subject


def test_a_silent_mail_server_does_not_stop_the_work(account: Account, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert actions.mark_expired(account, Reconnect("dead"))
    assert Account.objects.get().status == AccountStatus.EXPIRED


def test_a_shorter_interval_counts_at_once(account: Account) -> None:
    Account.objects.update(next_sync=timezone.now() + timedelta(hours=5))
    actions.change_interval(account, 60)
    assert Account.objects.get().next_sync <= timezone.now() + timedelta(seconds=60)


@pytest.mark.parametrize(("minutes", "waits_until"), [(10, 10), (60, 60), (1, 4)])
def test_an_interval_counts_from_the_last_reading(account: Account, minutes: int, waits_until: int) -> None:
    read_at = timezone.now() - timedelta(minutes=4)
    account.last_sync, account.next_sync = read_at, read_at + timedelta(minutes=5)
    account.save()
    actions.change_interval(account, 60 * minutes)
    wait = Account.objects.get().next_sync - read_at
    assert round(wait / timedelta(minutes=1)) == waits_until


@pytest.mark.parametrize("next_sync", [None, timezone.now() - timedelta(minutes=1)])
def test_an_interval_neither_wakes_what_rests_nor_holds_back_what_is_due(
    account: Account, next_sync: datetime | None
) -> None:
    Account.objects.update(next_sync=next_sync)
    actions.change_interval(account, 3600)
    assert Account.objects.get().next_sync == next_sync


def test_an_expired_account_is_neither_paused_nor_resumed(account: Account) -> None:
    account.status = AccountStatus.EXPIRED
    account.save()
    for action in (actions.pause, actions.resume):
        with pytest.raises(NotPossible):
            action(account)


def test_there_is_one_primary_account(shop: Organization, account: Account) -> None:
    second = make_account(shop)
    actions.make_primary(second)
    assert list(Account.objects.filter(is_primary=True)) == [second]


def test_a_big_shop_is_gone_at_once_and_removed_bit_by_bit(
    shop: Organization, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "CHUNK", 2)
    for _ in range(7):
        make_order(account)
        make_item(account, variations=1)
    start_sync(account)
    seller = account.meli_user_id
    real = connecting.remove_rest
    monkeypatch.setattr(connecting, "remove_rest", lambda seconds: real(seconds=-1))
    connecting.disconnect(account, by=None)
    left_behind = Account.objects.get()
    assert left_behind.organization != shop
    assert not left_behind.organization.memberships.exists()
    assert (left_behind.access_token, left_behind.refresh_token, left_behind.nickname) == ("", "", "")
    assert left_behind.orders.count() == 7
    assert make_account(shop, meli_user_id=seller).pk != left_behind.pk, "the seller can come back meanwhile"
    assert real(seconds=30)
    assert list(Account.objects.values_list("meli_user_id", flat=True)) == [seller]
    assert list(Organization.objects.all()) == [shop]
    assert not SyncRun.objects.exists()
    assert not SyncStep.objects.exists()


def test_removing_touches_no_other_account(account: Account, other_account: Account) -> None:
    make_order(account)
    kept = make_order(other_account)
    connecting.disconnect(account, by=None)
    assert connecting.remove_rest(seconds=5)
    assert list(other_account.orders.all()) == [kept]
