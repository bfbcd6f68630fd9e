"""Signing up, logging in, the first administrator."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import Invitation, Organization, Role, User
from painelml import settings as as_written

pytestmark = pytest.mark.django_db

NEW = {
    "email": "Nova@Example.com",
    "password1": "uma senha bem longa",
    "password2": "uma senha bem longa",
}


def can_sign_up(client: Client) -> bool:
    return 'name="password1"' in client.get("/signup/").content.decode()


def test_open_signup_gives_an_organization_of_ones_own(client: Client, settings: Settings) -> None:
    settings.SIGNUP = "open"
    assert can_sign_up(client)
    client.post("/signup/", NEW)
    user = User.objects.get()
    assert user.email == "nova@example.com"
    assert user.memberships.get().role == Role.OWNER
    assert user.memberships.get().is_default
    assert client.get("/accounts/").status_code == 200


@pytest.mark.parametrize("signup", ["invite", "closed"])
def test_without_an_invitation_nobody_signs_up(client: Client, settings: Settings, signup: str) -> None:
    settings.SIGNUP = signup
    assert not can_sign_up(client)
    client.post("/signup/", NEW)
    assert not User.objects.exists()


def test_an_invitation_lets_its_address_in(client: Client, settings: Settings, shop: Organization) -> None:
    settings.SIGNUP = "invite"
    invitation = Invitation.objects.create(organization=shop, email="nova@example.com", role=Role.MANAGER)
    client.get(f"/team/join/{invitation.token}/")
    assert "nova@example.com" in client.get("/signup/").content.decode()
    client.post("/signup/", NEW)
    user = User.objects.get(email="nova@example.com")
    assert user.organizations.get() == shop
    assert (user.memberships.get().role, user.memberships.get().is_default) == (Role.MANAGER, True)
    invitation.refresh_from_db()
    assert not invitation.is_open


def test_an_invitation_lets_no_other_address_in(
    client: Client, settings: Settings, shop: Organization
) -> None:
    settings.SIGNUP = "invite"
    invitation = Invitation.objects.create(organization=shop, email="other@example.com")
    client.get(f"/team/join/{invitation.token}/")
    client.post("/signup/", NEW)
    assert not User.objects.filter(email="nova@example.com").exists()
    assert invitation.is_open


def test_closed_means_closed_for_invited_people_too(
    client: Client, settings: Settings, shop: Organization
) -> None:
    settings.SIGNUP = "closed"
    invitation = Invitation.objects.create(organization=shop, email="nova@example.com")
    client.get(f"/team/join/{invitation.token}/")
    assert not can_sign_up(client)


def test_without_a_mail_server_an_address_counts_as_confirmed(client: Client, settings: Settings) -> None:
    settings.SIGNUP = "open"
    client.post("/signup/", NEW)
    assert User.objects.get().emailaddress_set.get().verified


def test_with_a_mail_server_an_address_has_to_be_confirmed(client: Client, settings: Settings) -> None:
    settings.SIGNUP, settings.ACCOUNT_EMAIL_VERIFICATION = "open", "mandatory"
    client.post("/signup/", NEW)
    assert client.get("/accounts/").status_code == 302
    link = re.search(r"/confirm-email/[^/\s]+/", mail.outbox[0].body)[0]
    client.post(link)
    assert User.objects.get().emailaddress_set.get().verified


def test_signing_up_does_not_tell_who_is_here(client: Client, settings: Settings, ana: User) -> None:
    settings.SIGNUP, settings.ACCOUNT_EMAIL_VERIFICATION = "open", "mandatory"
    taken = client.post("/signup/", {**NEW, "email": ana.email})
    free = Client().post("/signup/", NEW)
    assert (taken.status_code, taken["Location"]) == (free.status_code, free["Location"])


def test_resetting_a_password_does_not_tell_who_is_here(client: Client, ana: User) -> None:
    known = client.post("/password/reset/", {"email": ana.email})
    unknown = Client().post("/password/reset/", {"email": "nobody@example.com"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_a_password_can_be_reset_by_mail(client: Client, ana: User) -> None:
    client.post("/password/reset/", {"email": ana.email})
    link = re.search(r"/password/reset/key/\S+", mail.outbox[0].body)[0]
    form = client.get(link, follow=True).request["PATH_INFO"]
    client.post(form, {"password1": "outra senha longa", "password2": "outra senha longa"})
    ana.refresh_from_db()
    assert ana.check_password("outra senha longa")


def test_logging_in_and_out(client: Client, ana: User) -> None:
    answer = client.post("/login/?next=/accounts/", {"login": ana.email.upper(), "password": "correct horse"})
    assert answer["Location"] == "/accounts/"
    client.post("/logout/")
    assert client.get("/accounts/").status_code == 302


def test_guessing_passwords_is_slowed_down(client: Client, ana: User) -> None:
    for number in range(6):
        client.post("/login/", {"login": ana.email, "password": f"guess {number}"})
    client.post("/login/", {"login": ana.email, "password": "correct horse"})
    assert client.get("/accounts/").status_code == 302


def test_two_factor_login_can_be_switched_on_and_is_asked_for(client: Client, ana: User) -> None:
    credentials = {"login": ana.email, "password": "correct horse"}
    client.post("/login/", credentials)
    client.post("/reauthenticate/", {"password": credentials["password"]})
    client.get("/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    client.post("/2fa/totp/activate/", {"code": code_of(secret)})
    assert {one.type for one in ana.authenticator_set.all()} == {"totp", "recovery_codes"}
    client.post("/logout/")
    assert client.post("/login/", credentials)["Location"] == "/2fa/authenticate/"
    assert client.get("/accounts/").status_code == 302
    client.post("/2fa/authenticate/", {"code": "000000"})
    assert client.get("/accounts/").status_code == 302
    client.post("/2fa/authenticate/", {"code": code_of(secret)})
    assert client.get("/accounts/").status_code == 200


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_createsuperuser_without_questions(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "root@example.com")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "uma senha bem longa")
    call_command("createsuperuser", "--noinput", verbosity=0)
    client.post("/login/", {"login": "root@example.com", "password": "uma senha bem longa"})
    user = User.objects.get()
    assert client.get("/accounts/").status_code == 200
    assert client.get("/admin/").status_code == 200
    assert user.memberships.get().role == Role.OWNER
    assert user.memberships.get().is_default


def test_the_admin_uses_the_one_login(client: Client, ana: User) -> None:
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/login/")
    client.force_login(ana)
    assert client.get("/admin/login/?next=/admin/").status_code == 403


def test_the_admin_shows_no_token(client: Client, ana: User, account: object) -> None:
    User.objects.update(is_staff=True, is_superuser=True)
    client.force_login(User.objects.get(pk=ana.pk))
    for address in ("", f"{account.pk}/change/"):
        text = client.get(f"/admin/accounts/account/{address}").content.decode()
        assert account.nickname in text
        for secret in (account.access_token, account.refresh_token, account.access_token_sealed):
            assert secret not in text
    for address in (
        "user/",
        "user/add/",
        f"user/{ana.pk}/change/",
        "organization/",
        "invitation/",
        "apiusage/",
    ):
        assert client.get(f"/admin/accounts/{address}").status_code == 200


def test_passwords_rest_under_argon2() -> None:
    assert as_written.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
