"""How an account enters and leaves each status, and what is noticed about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import actions
from accounts.health import check_account, check_accounts, forget_old
from accounts.models import Account, ApiUsage
from painelml.meli import Rejected, TryLater
from painelml.sandbox import Sandbox
from painelml.sync.engine import end_run
from painelml.sync.models import RunStatus, SyncRun
from tests.factories import make_order
from webhooks.models import Notification
from webhooks.silence import SILENCE, notice_silence

pytestmark = pytest.mark.django_db(transaction=True)

SELLER = 1987654321


@pytest.fixture
def casa(account: Account, monkeypatch: pytest.MonkeyPatch):
    """Ana's account, connected to a sandbox of its own."""
    with Sandbox(port=0, seed=2, sellers=1, orders=5, items=5, questions=2) as box:
        monkeypatch.setattr(settings, "MELI_API_URL", box.url)
        monkeypatch.setattr(settings, "MELI_CLIENT_ID", str(box.box.application.id))
        monkeypatch.setattr(settings, "MELI_CLIENT_SECRET", box.box.application.secret)
        Account.objects.filter(pk=account.pk).delete()
        tokens = box.grant(SELLER)
        casa = Account.objects.create(
            organization=account.organization,
            meli_user_id=str(SELLER),
            api_host=box.url,
            access_token=tokens["access_token"],
            refresh_token=tokens["refresh_token"],
            token_expires_at=timezone.now() + timedelta(hours=6),
        )
        yield casa, box


def status(account: Account) -> str:
    account.refresh_from_db()
    return account.status


class TestCheck:
    def test_a_good_answer_keeps_the_profile(self, casa) -> None:
        account, _box = casa
        check_accounts()
        account.refresh_from_db()
        assert account.nickname == "CASADOPATIO"
        assert (account.status, account.error_history) == ("active", [])
        assert timezone.now() - account.last_activity < timedelta(minutes=1)

    def test_a_dead_grant_expires_the_account_and_tells_its_people_once(self, casa) -> None:
        account, box = casa
        box.control(revoke=SELLER)
        check_account(account)
        check_accounts()
        assert status(account) == "expired"
        assert len(mail.outbox) == 1

    def test_a_bad_moment_is_noted_and_changes_no_status(self, casa) -> None:
        account, box = casa
        box.drills.error_rate, box.drills.errors = 1.0, ["5xx"]
        check_account(account)
        assert status(account) == "active"
        assert [entry["status_code"] >= 500 for entry in account.error_history] == [True]

    def test_a_refusal_is_an_error_until_something_succeeds(self, casa) -> None:
        account, box = casa
        box.drills.forbidden = ["/users/me"]
        check_account(account)
        assert status(account) == "error"
        box.drills.forbidden = []
        check_account(account)
        assert status(account) == "active"

    @pytest.mark.parametrize("resting", ["paused", "expired"])
    def test_a_resting_account_is_not_asked_about(self, casa, resting: str) -> None:
        account, box = casa
        Account.objects.update(status=resting)
        check_accounts()
        assert (status(account), box.calls["GET /users/me"]) == (resting, 0)


class TestRuns:
    """A failed run makes `error`, and only a good one of the same resource unmakes it."""

    def end(self, account: Account, scope: str, status: str, error: str = "") -> None:
        end_run(SyncRun.objects.create(account=account, scope=scope), status, error)

    def test_another_resource_does_not_hide_the_failure(self, account: Account) -> None:
        self.end(account, "orders", RunStatus.FAILED, "Mercado Livre answered 500")
        assert status(account) == "error"
        self.end(account, "items", RunStatus.DONE)
        assert (status(account), account.last_sync_error) == ("error", "Mercado Livre answered 500")
        actions.note_success(account)
        assert status(account) == "error"
        self.end(account, "orders", RunStatus.DONE)
        assert (status(account), account.last_sync_error) == ("active", "")

    def test_pause_and_resume_leave_no_trace_of_it(self, account: Account) -> None:
        self.end(account, "orders", RunStatus.FAILED, "x")
        actions.pause(account)
        assert (status(account), account.next_sync) == ("paused", None)
        actions.resume(account)
        assert status(account) == "active"
        assert account.next_sync <= timezone.now()


class TestForgetting:
    def test_calls_and_errors_go_after_the_days_of_the_settings(self, account: Account) -> None:
        long_ago = timezone.now() - timedelta(days=settings.HISTORY_DAYS + 1)
        with time_machine.travel(long_ago):
            actions.note_error(account, TryLater("old", status=500))
        actions.note_error(account, Rejected("new", status=400))
        for hour in (long_ago, timezone.now()):
            ApiUsage.objects.create(account=account, hour=hour, endpoint="GET /x", status=200, calls=1)
        forget_old()
        account.refresh_from_db()
        assert [entry["status_code"] for entry in account.error_history] == [400]
        assert ApiUsage.objects.get().hour > long_ago


class TestSilence:
    @pytest.fixture
    def seller(self, account: Account) -> Account:
        """Connected long ago, sold yesterday."""
        Account.objects.update(created_at=timezone.now() - timedelta(days=30))
        make_order(account, date_created=timezone.now() - timedelta(days=1))
        return account

    def hear(self, account: Account, hours_ago: float, source: str = "webhook") -> None:
        Notification.objects.create(
            dedupe_key=f"{source} {hours_ago}",
            topic="items",
            resource="/items/MLB1",
            seller_id=account.meli_user_id,
            source=source,
            created_at=timezone.now() - timedelta(hours=hours_ago),
        )

    def is_silent(self, account: Account) -> bool:
        notice_silence()
        account.refresh_from_db()
        return account.is_silent

    def test_one_who_sells_and_is_not_heard_of_is_flagged_until_he_is(self, seller: Account) -> None:
        self.hear(seller, SILENCE.total_seconds() / 3600 + 1)
        assert self.is_silent(seller)
        self.hear(seller, 0.1)
        assert not self.is_silent(seller)

    def test_what_the_missed_feeds_told_is_no_sign_of_life(self, seller: Account) -> None:
        self.hear(seller, 0.1, source="missed_feed")
        assert self.is_silent(seller)

    def test_one_who_sells_nothing_may_be_quiet(self, seller: Account) -> None:
        seller.orders.update(date_created=timezone.now() - timedelta(days=4))
        assert not self.is_silent(seller)

    def test_a_new_or_resting_account_is_not_flagged(self, seller: Account) -> None:
        Account.objects.update(status="paused")
        assert not self.is_silent(seller)
        Account.objects.update(status="active", created_at=timezone.now())
        assert not self.is_silent(seller)

    def test_its_people_see_it(self, seller: Account) -> None:
        notice_silence()
        client = Client(headers={"accept-language": "en"})
        client.force_login(seller.organization.members.first())
        assert "has not notified us for hours" in client.get("/accounts/").content.decode()
