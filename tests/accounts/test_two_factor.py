"""Two-factor login: set up on its page, asked for at the door, and required where an owner says so."""

import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts import keys
from accounts.models import Organization, Role, Scope, User
from painelml.audit.models import Entry
from tests.factories import make_person

Login = Any


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def protect(user: User) -> str:
    """Give somebody a second factor and return its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def require(organization: Organization, days: int = 0) -> None:
    organization.two_factor_from = timezone.now() + timedelta(days=days)
    organization.save()


@pytest.mark.django_db(transaction=True)
def test_it_is_set_up_with_a_code_of_the_app_and_gives_recovery_codes(ana: User) -> None:
    client = Client(headers={"accept-language": "en"})
    client.post("/login/", {"login": ana.email, "password": "correct horse"})
    assert client.get("/2fa/totp/activate/").status_code == 302  # the password once more
    client.post("/reauthenticate/", {"password": "correct horse"})
    secret = client.get("/2fa/totp/activate/").context["form"].secret

    assert client.post("/2fa/totp/activate/", {"code": "000000"}).status_code == 200
    assert not Authenticator.objects.filter(user=ana).exists()
    response = client.post("/2fa/totp/activate/", {"code": code_of(secret)}, follow=True)

    assert Authenticator.objects.filter(user=ana, type="totp").exists()
    assert len(response.context["unused_codes"]) == 10
    assert Entry.objects.filter(action="person.two_factor_added", actor=ana.email).count() == 1
    assert Entry.objects.filter(action="person.recovery_codes_made", actor=ana.email).count() == 1


def test_the_seed_rests_encrypted(ana: User) -> None:
    secret = protect(ana)

    assert secret not in str(Authenticator.objects.get(user=ana, type="totp").data)


def test_the_door_asks_for_the_code_and_a_wrong_one_opens_nothing(ana: User) -> None:
    secret = protect(ana)
    client = Client()

    response = client.post("/login/", {"login": ana.email, "password": "correct horse"})
    assert response.url == "/2fa/authenticate/"
    assert client.get("/orders/").status_code == 302
    assert client.post("/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert client.get("/orders/").status_code == 302
    client.post("/2fa/authenticate/", {"code": code_of(secret)})

    assert client.get("/orders/").status_code == 200


def test_an_owner_requires_it_of_everybody_once_they_have_it_themselves(
    login: Login, ana: User, shop: Organization
) -> None:
    login(ana).post("/team/two-factor/", {"when": "0"})
    shop.refresh_from_db()
    assert shop.two_factor_from is None

    protect(ana)
    login(ana).post("/team/two-factor/", {"when": "7"})

    shop.refresh_from_db()
    left = shop.two_factor_from - timezone.now()
    assert timedelta(days=6) < left <= timedelta(days=7)
    assert Entry.objects.get(action="organization.two_factor_changed", outcome="done").actor == ana.email


def test_an_owner_requires_it_no_longer(login: Login, ana: User, shop: Organization) -> None:
    protect(ana)
    require(shop)

    login(ana).post("/team/two-factor/", {"when": "7", "never": "1"})

    shop.refresh_from_db()
    assert shop.two_factor_from is None


@pytest.mark.parametrize("role", [Role.MANAGER, Role.OPERATOR, Role.VIEWER])
def test_only_an_owner_decides_it(login: Login, shop: Organization, role: str) -> None:
    assert login(make_person("Nina", shop, role)).post("/team/two-factor/", {"when": "0"}).status_code == 403


def test_until_the_day_there_is_a_notice_and_from_then_on_only_the_set_up(
    login: Login, bruno: User, shop: Organization
) -> None:
    client = login(bruno)
    require(shop, days=3)
    assert b"/2fa/totp/activate/" in client.get("/orders/").content

    require(shop)

    for address in ("/", "/orders/", "/catalog/", "/team/", "/accounts/"):
        assert client.get(address).url == "/2fa/totp/activate/"
    assert client.get("/profile/").status_code == 200
    assert client.get("/sessions/").status_code == 200


def test_a_part_of_a_page_leads_there_as_a_whole(login: Login, bruno: User, shop: Organization) -> None:
    require(shop)

    response = login(bruno).get("/orders/", headers={"HX-Request": "true"})

    assert response["HX-Redirect"] == "/2fa/totp/activate/"


def test_who_has_it_works_on(login: Login, bruno: User, shop: Organization) -> None:
    protect(bruno)
    require(shop)

    assert login(bruno).get("/orders/").status_code == 200


def test_another_organization_that_does_not_require_it_stays_open(
    login: Login, bruno: User, shop: Organization
) -> None:
    other = Organization.objects.create_for(bruno, "Another")
    require(shop)
    client = login(bruno)

    client.post(f"/team/switch/{other.pk}/")

    assert client.get("/orders/").status_code == 200


def test_api_tokens_are_refused_with_a_sentence_until_it_is_set_up(bruno: User, shop: Organization) -> None:
    api = APIClient(headers={"accept-language": "en"})
    pair = api.post("/api/auth/token", {"email": bruno.email, "password": "correct horse"}).json()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
    assert api.get("/api/orders").status_code == 200

    require(shop)

    response = api.get("/api/orders")
    assert response.status_code == 403
    assert "two-factor" in response.json()["detail"]
    protect(bruno)
    assert api.get("/api/orders").status_code == 200


def test_keys_of_an_owner_without_it_are_refused_too(ana: User, shop: Organization) -> None:
    _key, text = keys.make_key(shop, "ERP", [Scope.READ], ana)
    require(shop)

    assert APIClient(headers={"Authorization": f"Bearer {text}"}).get("/api/orders").status_code == 403


def test_under_tls_the_administration_is_behind_the_second_factor(
    login: Login, ana: User, settings: Settings
) -> None:
    User.objects.filter(pk=ana.pk).update(is_staff=True, is_superuser=True)
    client = login(ana)
    assert client.get("/admin/").status_code == 200

    settings.ADMIN_NEEDS_TWO_FACTOR = True

    assert client.get("/admin/").url == "/2fa/totp/activate/"
    protect(ana)
    assert client.get("/admin/").status_code == 200
