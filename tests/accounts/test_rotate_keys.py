"""`manage.py rotate_keys`: everything under the first key, safe to repeat and to interrupt."""

from __future__ import annotations

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.management.commands import rotate_keys
from accounts.models import Account, OAuthState, Organization, User
from painelml.crypto import UnknownKey
from tests.factories import make_account

pytestmark = pytest.mark.django_db

OLD = "the old key which is long enough to be one"
NEW = "the new key which is long enough to be one"


@pytest.fixture
def accounts(settings: Settings, shop: Organization) -> list[Account]:
    settings.ENCRYPTION_KEY = OLD
    return [make_account(shop) for _ in range(3)]


def rotate() -> str:
    out = StringIO()
    call_command("rotate_keys", stdout=out, stderr=out)
    return out.getvalue()


def test_after_rotation_the_old_key_is_not_needed(
    settings: Settings, accounts: list[Account], ana: User, shop: Organization
) -> None:
    OAuthState.objects.create(
        state_hash="x", user=ana, organization=shop, site_id="MLB", code_verifier="verifier"
    )
    settings.ENCRYPTION_KEY = f"{NEW},{OLD}"
    assert "7 secrets re-encrypted" in rotate()
    settings.ENCRYPTION_KEY = NEW
    for account in Account.objects.all():
        assert account.access_token.startswith("APP_USR-")
        assert account.refresh_token.startswith("TG-")
    assert OAuthState.objects.get().code_verifier == "verifier"


def test_second_factors_are_rotated_too(settings: Settings, ana: User) -> None:
    settings.ENCRYPTION_KEY = OLD
    TOTP.activate(ana, "JBSWY3DPEHPK3PXP")
    codes = RecoveryCodes.activate(ana).get_unused_codes()
    settings.ENCRYPTION_KEY = f"{NEW},{OLD}"
    assert "2 secrets re-encrypted" in rotate()
    settings.ENCRYPTION_KEY = NEW
    recovery = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    assert recovery.wrap().get_unused_codes() == codes


def test_a_second_run_has_nothing_to_do(settings: Settings, accounts: list[Account]) -> None:
    settings.ENCRYPTION_KEY = f"{NEW},{OLD}"
    rotate()
    assert "0 secrets re-encrypted, 6 already under the first key" in rotate()


def test_an_interrupted_run_is_finished_by_the_next(
    settings: Settings, accounts: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENCRYPTION_KEY = f"{NEW},{OLD}"
    seen = []
    real = rotate_keys.rotated

    def interrupted(row: Account, name: str) -> object:
        seen.append(name)
        if len(seen) == 4:
            raise KeyboardInterrupt
        return real(row, name)

    with monkeypatch.context() as patch:
        patch.setattr(rotate_keys, "rotated", interrupted)
        with pytest.raises(KeyboardInterrupt):
            rotate()
    assert "3 secrets re-encrypted, 3 already" in rotate()


def test_a_token_refreshed_meanwhile_is_not_overwritten(
    settings: Settings, accounts: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENCRYPTION_KEY = f"{NEW},{OLD}"
    real = rotate_keys.rotated

    def refreshed_meanwhile(row: Account, name: str) -> object:
        fresh = real(row, name)
        if row.pk == accounts[0].pk and name == "access_token":
            account = Account.objects.get(pk=row.pk)
            account.access_token = "APP_USR-just-now"
            account.save()
        return fresh

    monkeypatch.setattr(rotate_keys, "rotated", refreshed_meanwhile)
    assert "1 changed meanwhile" in rotate()
    assert Account.objects.get(pk=accounts[0].pk).access_token == "APP_USR-just-now"


def test_a_key_that_is_missing_is_named_and_the_rest_goes_on(
    settings: Settings, accounts: list[Account], shop: Organization
) -> None:
    settings.ENCRYPTION_KEY = NEW
    readable = make_account(shop)
    with pytest.raises(CommandError, match="could not be read"):
        rotate()
    assert Account.objects.get(pk=readable.pk).access_token.startswith("APP_USR-")
    with pytest.raises(UnknownKey):
        _ = Account.objects.get(pk=accounts[0].pk).access_token


def test_no_secret_is_printed(settings: Settings, accounts: list[Account]) -> None:
    settings.ENCRYPTION_KEY = f"{NEW},{OLD}"
    text = rotate()
    assert "APP_USR" not in text
    assert "v1:" not in text
