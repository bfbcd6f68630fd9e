"""One refresh at a time, over threads and processes; a used refresh token is never sent."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts import tokens
from accounts.client import client_for
from accounts.connecting import is_valid
from accounts.models import Account, AccountStatus, Organization, User
from accounts.tokens import AccountTokens, good_token, refresh_due_tokens, renew_now
from painelml.meli import AppRefused, NotAllowed, Reconnect, TryLater
from painelml.sandbox import Sandbox

from .conftest import AURORA, CASA, granted

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "POST /oauth/token"


def expiring(account: Account, minutes: float = 5) -> Account:
    Account.objects.filter(pk=account.pk).update(token_expires_at=timezone.now() + timedelta(minutes=minutes))
    account.refresh_from_db()
    return account


def refusals(box: Sandbox) -> int:
    return box.box.statuses[f"{TOKEN} 400"]


@pytest.mark.django_db
def test_a_token_with_hours_left_is_used_as_it_is(connected: Account, box: Sandbox) -> None:
    assert AccountTokens(connected).token() == connected.access_token
    assert not box.calls[TOKEN]


@pytest.mark.django_db
def test_a_token_with_less_than_ten_minutes_is_renewed_first(connected: Account, box: Sandbox) -> None:
    old = expiring(connected)
    text = AccountTokens(connected).token()
    connected = Account.objects.get()
    assert text == connected.access_token != old.access_token
    assert connected.refresh_token == box.box.oauth.grants[CASA].refresh_token
    assert connected.token_seconds_left > 21_000
    assert connected.last_token_refresh is not None
    assert (connected.token_lease_owner, connected.token_lease_until) == ("", None)


@pytest.mark.django_db
def test_a_refused_token_is_renewed_once_whatever_its_age(connected: Account, box: Sandbox) -> None:
    box.box.oauth.expire(CASA)
    assert client_for(connected).me()["nickname"] == "CASADOPATIO"
    assert box.calls[TOKEN] == 1


@pytest.mark.django_db
def test_a_refused_token_that_was_replaced_meanwhile_costs_no_refresh(
    connected: Account, box: Sandbox
) -> None:
    mine = AccountTokens(connected)
    refused = mine.token()
    good_token(connected.pk, refused=refused)
    fresh = mine.refresh(refused)
    assert fresh == Account.objects.get().access_token
    assert box.calls[TOKEN] == 1


@pytest.mark.django_db
def test_a_token_that_lives_only_minutes_is_not_renewed_at_every_call(
    connected: Account, box: Sandbox
) -> None:
    expiring(connected, minutes=5)
    Account.objects.update(token_lifetime_seconds=360)
    good_token(connected.pk)
    assert not box.calls[TOKEN]


@pytest.mark.django_db
def test_a_dead_grant_expires_the_account_and_tells_owners_and_managers_once(
    connected: Account, box: Sandbox, ana: User, mara: User, bruno: User
) -> None:
    expiring(connected)
    box.box.oauth.revoke(CASA)
    for _ in range(3):
        with pytest.raises(Reconnect):
            AccountTokens(connected).token()
    connected.refresh_from_db()
    assert connected.status == AccountStatus.EXPIRED
    assert connected.error_history[0]["status_code"] == 400
    assert box.calls[TOKEN] == 1
    assert sorted(message.to[0] for message in mail.outbox) == sorted([ana.email, mara.email])
    assert "/accounts/" in mail.outbox[0].body


@pytest.mark.django_db
def test_a_reconnection_in_between_is_not_taken_for_a_dead_grant(
    connected: Account, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    expiring(connected)
    real = tokens.refresh_tokens

    def reconnected_meanwhile(app: object, refresh_token: str, on_call: object) -> object:
        pair = box.grant(CASA)
        Account.objects.filter(pk=connected.pk).delete()
        granted_again = Account(pk=connected.pk, meli_user_id=str(CASA), organization=connected.organization)
        granted_again.api_host = box.url
        granted_again.access_token, granted_again.refresh_token = pair["access_token"], pair["refresh_token"]
        granted_again.token_expires_at = timezone.now() + timedelta(hours=6)
        granted_again.save(force_insert=True)
        return real(app, refresh_token, on_call)

    monkeypatch.setattr(tokens, "refresh_tokens", reconnected_meanwhile)
    assert good_token(connected.pk).text == Account.objects.get().access_token
    assert Account.objects.get().status == AccountStatus.ACTIVE
    assert not mail.outbox


@pytest.mark.django_db
def test_a_key_rotation_in_between_does_not_lose_the_new_pair(
    connected: Account, box: Sandbox, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    expiring(connected)
    real = tokens.refresh_tokens

    def rotated_meanwhile(*arguments: object, **named: object) -> object:
        pair = real(*arguments, **named)
        settings.ENCRYPTION_KEY = f"another first key that is long enough,{settings.ENCRYPTION_KEY}"
        call_command("rotate_keys", stdout=StringIO())
        return pair

    monkeypatch.setattr(tokens, "refresh_tokens", rotated_meanwhile)
    good_token(connected.pk)
    assert Account.objects.get().refresh_token == box.box.oauth.grants[CASA].refresh_token
    assert box.calls[TOKEN] == 1


@pytest.mark.django_db(transaction=True)
def test_a_dead_refresh_token_is_sent_once_whoever_asks(connected: Account, box: Sandbox) -> None:
    expiring(connected, minutes=-1)
    box.box.oauth.revoke(CASA)
    start = threading.Barrier(12)

    def use() -> object:
        start.wait()
        try:
            return AccountTokens(connected).token()
        except Reconnect as error:
            return error

    with ThreadPoolExecutor(12) as threads:
        results = [future.result() for future in [threads.submit(use) for _ in range(12)]]
    assert all(isinstance(result, Reconnect) for result in results)
    assert box.calls[TOKEN] == 1
    assert len(mail.outbox) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("trouble", ["5xx", "429", "drop"])
def test_while_mercado_livre_cannot_renew_the_living_token_is_used(
    connected: Account, box: Sandbox, trouble: str
) -> None:
    old = expiring(connected).access_token
    box.box.drills.update({"oauth_error_rate": 1.0, "errors": [trouble]})
    for _ in range(5):
        assert AccountTokens(connected).token() == old
    assert box.calls[TOKEN] == 1, "after a failure nobody tries again for a while"
    assert Account.objects.get().status == AccountStatus.ACTIVE


@pytest.mark.django_db
def test_when_the_token_is_dead_too_the_call_is_put_off(connected: Account, box: Sandbox) -> None:
    expiring(connected, minutes=-1)
    box.box.drills.update({"oauth_error_rate": 1.0, "errors": ["5xx"]})
    with pytest.raises(TryLater):
        AccountTokens(connected).token()
    assert Account.objects.get().status == AccountStatus.ACTIVE


@pytest.mark.django_db
def test_a_lost_answer_is_tried_once_more_and_then_believed(connected: Account, box: Sandbox) -> None:
    old = expiring(connected).access_token
    box.box.drills.update({"oauth_error_rate": 1.0, "errors": ["drop_after"]})
    assert AccountTokens(connected).token() == old, "the answer is lost, the access token still lives"
    box.box.drills.update({"oauth_error_rate": 0.0})
    Account.objects.update(token_lease_until=None)
    with pytest.raises(Reconnect):
        AccountTokens(connected).token()
    assert Account.objects.get().status == AccountStatus.EXPIRED


@pytest.mark.django_db
def test_a_wrong_client_secret_expires_nothing(
    connected: Account, box: Sandbox, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    expiring(connected, minutes=-1)
    settings.MELI_CLIENT_SECRET = "wrong"
    with pytest.raises(AppRefused):
        AccountTokens(connected).token()
    assert Account.objects.get().status == AccountStatus.ACTIVE
    assert "refuses the application" in caplog.text


@pytest.mark.django_db
def test_an_abandoned_lease_ends_by_itself(connected: Account, box: Sandbox) -> None:
    expiring(connected)
    Account.objects.update(
        token_lease_owner="killed", token_lease_until=timezone.now() - timedelta(seconds=1)
    )
    good_token(connected.pk)
    assert box.calls[TOKEN] == 1


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_a_lease_uses_what_the_winner_stored(connected: Account, box: Sandbox) -> None:
    expiring(connected)
    until = timezone.now() + timedelta(seconds=30)
    Account.objects.update(token_lease_owner="somebody", token_lease_until=until)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(AccountTokens(connected).token)
        time.sleep(0.3)
        assert not waiting.done()
        pair = box.grant(CASA)
        stored = Account.objects.get()
        stored.access_token, stored.refresh_token = pair["access_token"], pair["refresh_token"]
        stored.token_expires_at = timezone.now() + timedelta(hours=6)
        stored.save()
        assert waiting.result(timeout=5) == pair["access_token"]
    assert not box.calls[TOKEN]


@pytest.mark.django_db(transaction=True)
def test_a_refresh_inside_a_transaction_is_refused_before_the_token_is_spent(
    connected: Account, box: Sandbox
) -> None:
    expiring(connected)
    with transaction.atomic(), pytest.raises(RuntimeError):
        good_token(connected.pk)
    assert not box.calls[TOKEN]


@pytest.mark.django_db
def test_a_token_without_a_refresh_token_serves_until_it_ends(connected: Account, box: Sandbox) -> None:
    expiring(connected, minutes=5)
    Account.objects.update(refresh_token="")
    assert AccountTokens(connected).token() == connected.access_token
    expiring(connected, minutes=-1)
    with pytest.raises(Reconnect):
        AccountTokens(connected).token()
    assert Account.objects.get().status == AccountStatus.EXPIRED
    assert not box.calls[TOKEN]


@pytest.mark.django_db
def test_a_disconnected_account_has_no_token(connected: Account) -> None:
    source = AccountTokens(connected)
    Account.objects.all().delete()
    with pytest.raises(Reconnect):
        source.token()


@pytest.mark.django_db
def test_a_lost_encryption_key_is_the_operators_matter(connected: Account, settings: Settings) -> None:
    settings.ENCRYPTION_KEY = "another key that is certainly long enough"
    with pytest.raises(AppRefused, match="ENCRYPTION_KEY"):
        AccountTokens(connected).token()


@pytest.mark.django_db
def test_tokens_never_go_to_another_host(connected: Account, box: Sandbox) -> None:
    expiring(connected)
    Account.objects.update(api_host="https://api.mercadolibre.com")
    connected.refresh_from_db()
    for use in (client_for, lambda account: good_token(account.pk), renew_now, is_valid):
        with pytest.raises(NotAllowed, match=r"https://api\.mercadolibre\.com"):
            use(connected)
    assert refresh_due_tokens() == 0
    assert not box.calls


@pytest.mark.django_db
def test_the_schedule_renews_what_ends_soon_and_nothing_else(
    connected: Account, shop: Organization, box: Sandbox
) -> None:
    expiring(connected, minutes=30)
    fresh = granted(shop, AURORA, box)
    paused = Account.objects.create(
        organization=shop, meli_user_id="1", status=AccountStatus.PAUSED, refresh_token="TG-x",
        token_expires_at=timezone.now(), api_host=box.url,
    )  # fmt: skip
    assert refresh_due_tokens() == 0
    assert box.calls[TOKEN] == 1
    assert Account.objects.get(pk=connected.pk).token_seconds_left > 21_000
    assert Account.objects.get(pk=fresh.pk).refresh_token_sealed == fresh.refresh_token_sealed
    assert Account.objects.get(pk=paused.pk).refresh_token == "TG-x"


@pytest.mark.django_db
def test_one_accounts_trouble_does_not_stop_the_schedule(
    connected: Account, shop: Organization, box: Sandbox
) -> None:
    expiring(connected)
    second = expiring(granted(shop, AURORA, box))
    box.box.oauth.revoke(CASA)
    assert refresh_due_tokens() == 1
    assert Account.objects.get(pk=second.pk).token_seconds_left > 21_000


@pytest.mark.django_db(transaction=True)
def test_fifty_threads_cause_one_refresh(connected: Account, box: Sandbox) -> None:
    expiring(connected)
    box.box.drills.update({"latency_ms": 100})
    start = threading.Barrier(50)

    def use() -> str:
        source = AccountTokens(Account(pk=connected.pk))
        start.wait()
        return source.token()

    with ThreadPoolExecutor(50) as threads:
        texts = {future.result() for future in [threads.submit(use) for _ in range(50)]}
    assert texts == {Account.objects.get().access_token}
    assert box.calls[TOKEN] == 1
    assert refusals(box) == 0


@pytest.mark.django_db(transaction=True)
def test_fifty_threads_over_four_processes_cause_one_refresh(connected: Account, box: Sandbox) -> None:
    expiring(connected)
    box.box.drills.update({"latency_ms": 100})
    database = connection.settings_dict
    address = (
        f"sqlite:///{database['NAME']}"
        if connection.vendor == "sqlite"
        else f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    environ = {
        **os.environ,
        "DATABASE_URL": address,
        "MELI_API_URL": box.url,
        "MELI_CLIENT_ID": str(box.box.application.id),
        "MELI_CLIENT_SECRET": box.box.application.secret,
        "MELI_MAX_RPM": "0",
        "ENCRYPTION_KEY": django_settings.ENCRYPTION_KEY,
        "DJANGO_SETTINGS_MODULE": "painelml.settings",
        "PYTHONPATH": str(ROOT),
    }
    script = Path(__file__).with_name("use_token.py")
    begin_at = time.time() + 6
    workers = [
        subprocess.Popen(
            [sys.executable, str(script), str(connected.pk), str(threads), str(begin_at)],
            env=environ, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for threads in (13, 13, 12, 12)
    ]  # fmt: skip
    answers = [worker.communicate(timeout=60) for worker in workers]
    lines = [line for out, _ in answers for line in out.split()]
    assert lines == ["CASADOPATIO"] * 50, "\n".join(err for _, err in answers)
    assert box.calls[TOKEN] == 1
    assert refusals(box) == 0
    assert Account.objects.get().refresh_token == box.box.oauth.grants[CASA].refresh_token


@pytest.mark.django_db
def test_no_token_is_logged_or_shown(
    connected: Account, box: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    source = AccountTokens(expiring(connected))
    shown = f"{source.token()!r:.0}{source!r}{source._token!r}{connected!r}{vars(connected)!r}"
    fresh = Account.objects.get()
    for secret in (connected.access_token, connected.refresh_token, fresh.access_token, fresh.refresh_token):
        assert secret not in caplog.text
        assert secret not in shown
