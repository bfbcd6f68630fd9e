"""SECRET_KEY takes several keys: the first signs, the others are still accepted until they are taken away."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient
from rest_framework_simplejwt import state

from accounts.models import Account, User
from painelml.settings import api_token_key
from tests import processes

OLD = "the old key that signs things and is long enough"
NEW = "the new key that signs things and is long enough"

pytestmark = pytest.mark.django_db


def sign_with(settings: Settings, first: str, *others: str) -> None:
    """Let this process have the keys that a start with SECRET_KEY=first,others would give it."""
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = first, list(others)
    settings.API_TOKEN_FALLBACKS = [api_token_key(key) for key in others]
    backend = state.token_backend
    backend.signing_key = api_token_key(first)
    vars(backend).pop("prepared_signing_key", None)


@pytest.fixture(autouse=True)
def _as_before() -> object:
    key = state.token_backend.signing_key
    yield
    state.token_backend.signing_key = key
    vars(state.token_backend).pop("prepared_signing_key", None)


def pair(user: User) -> dict[str, str]:
    return APIClient().post("/api/auth/token", {"email": user.email, "password": "correct horse"}).json()


def status_with(access: str) -> int:
    return APIClient().get("/api/ml-accounts", headers={"Authorization": f"Bearer {access}"}).status_code


def test_a_session_outlives_the_key_that_signed_it_while_that_is_listed(
    settings: Settings, client: Client, ana: User
) -> None:
    sign_with(settings, OLD)
    client.force_login(ana)
    sign_with(settings, NEW, OLD)
    assert client.get("/orders/").status_code == 200
    sign_with(settings, NEW)
    assert client.get("/orders/").status_code == 200, "it was signed anew by the request before"


def test_a_session_of_a_key_that_is_gone_has_ended(settings: Settings, client: Client, ana: User) -> None:
    sign_with(settings, OLD)
    client.force_login(ana)
    sign_with(settings, NEW)
    assert client.get("/orders/").status_code == 302


def test_an_api_token_and_its_renewal_outlive_the_key_while_that_is_listed(
    settings: Settings, ana: User, account: Account
) -> None:
    sign_with(settings, OLD)
    old = pair(ana)
    sign_with(settings, NEW, OLD)
    assert status_with(old["access"]) == 200
    renewed = APIClient().post("/api/auth/token/refresh", {"refresh": old["refresh"]}).json()
    sign_with(settings, NEW)
    assert status_with(old["access"]) == 401
    assert status_with(renewed["access"]) == 200, "the renewed one was signed with the first key"


def test_a_key_that_was_never_listed_signs_nothing(settings: Settings, ana: User) -> None:
    sign_with(settings, "somebody else's key that is long enough")
    foreign = pair(ana)["access"]
    sign_with(settings, NEW, OLD)
    assert status_with(foreign) == 401


def test_a_password_link_outlives_the_key_while_that_is_listed(settings: Settings, ana: User) -> None:
    sign_with(settings, OLD)
    token = default_token_generator.make_token(ana)
    sign_with(settings, NEW, OLD)
    assert default_token_generator.check_token(ana, token)


def test_a_start_with_two_keys_signs_with_the_first_and_accepts_both() -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import django; django.setup(); from django.conf import settings as s;"
            "print(s.SECRET_KEY, s.SECRET_KEY_FALLBACKS, len(s.API_TOKEN_FALLBACKS), sep='|')",
        ],
        cwd=processes.ROOT,
        env=processes.environment(
            SECRET_KEY=f"{NEW}, {OLD}",
            DJANGO_SETTINGS_MODULE="painelml.settings",
        ),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert said.strip() == f"{NEW}|['{OLD}']|1"
