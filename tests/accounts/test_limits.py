"""Guessing passwords: stopped per person and per address, behind a proxy, and while Redis is away."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts import limits
from accounts.models import User
from painelml.audit.models import Entry

PASSWORD = "correct horse"


def try_in(email: str, password: str, **headers: str) -> Any:
    return Client(headers=headers).post("/login/", {"login": email, "password": password})


@pytest.fixture
def redis_is_away(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from allauth.core.internal import ratelimit
    from allauth.mfa.totp.internal import auth

    cache = limits.LimitCache()
    cache.own.clear()
    monkeypatch.setattr(ratelimit, "cache", cache)
    monkeypatch.setattr(auth, "cache", cache)
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:9/0",
            "OPTIONS": {"socket_connect_timeout": 1},
        }
    }
    assert "127.0.0.1:9" in str(caches["default"]._servers)
    yield
    cache.own.clear()


def came_in(response: Any) -> bool:
    return bool(response.status_code == 302)


def test_a_person_is_guessed_at_five_times_and_then_not_at_all(ana: User) -> None:
    for _try in range(5):
        assert not came_in(try_in(ana.email, "wrong"))

    assert not came_in(try_in(ana.email, PASSWORD))


def test_an_address_guesses_ten_times_whoever_it_tries(ana: User) -> None:
    for number in range(10):
        try_in(f"nobody{number}@example.com", "wrong")

    assert not came_in(try_in(ana.email, PASSWORD))


def test_behind_our_proxy_every_caller_is_counted_apart(ana: User, settings: Settings) -> None:
    settings.PROXY_COUNT = settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(10):
        try_in(f"nobody{number}@example.com", "wrong", **{"x-forwarded-for": "203.0.113.66"})

    assert not came_in(try_in(ana.email, PASSWORD, **{"x-forwarded-for": "203.0.113.66"}))
    assert came_in(try_in(ana.email, PASSWORD, **{"x-forwarded-for": "203.0.113.7"}))


def test_a_caller_cannot_pass_for_another_by_adding_hops(ana: User, settings: Settings) -> None:
    settings.PROXY_COUNT = settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(10):
        hops = f"198.51.100.{number}, 203.0.113.66"
        try_in(f"nobody{number}@example.com", "wrong", **{"x-forwarded-for": hops})

    assert not came_in(try_in(ana.email, PASSWORD, **{"x-forwarded-for": "198.51.100.99, 203.0.113.66"}))


@pytest.mark.usefixtures("redis_is_away")
def test_without_redis_people_come_in_and_guessing_is_still_stopped(ana: User, bruno: User) -> None:
    assert came_in(try_in(ana.email, PASSWORD))
    for _try in range(5):
        assert try_in(bruno.email, "wrong").status_code in (200, 429)

    assert not came_in(try_in(bruno.email, PASSWORD))


@pytest.mark.usefixtures("redis_is_away")
def test_without_redis_the_api_gives_tokens_and_answers(ana: User) -> None:
    api = APIClient()
    pair = api.post("/api/auth/token", {"email": ana.email, "password": PASSWORD})
    assert pair.status_code == 200

    api.credentials(HTTP_AUTHORIZATION=f"Bearer {pair.json()['access']}")
    assert api.get("/api/orders").status_code == 200


def test_failed_logins_are_in_the_log_of_the_organization_they_were_aimed_at(ana: User) -> None:
    try_in(ana.email, "wrong")
    try_in("nobody@example.com", "wrong")

    aimed, stray = Entry.objects.filter(action="person.login_failed").order_by("pk")
    assert (aimed.organization_id, aimed.object_name, aimed.outcome) == (
        ana.organizations.get().pk,
        str(ana),
        "failed",
    )
    assert aimed.actor == ""
    assert (stray.organization_id, stray.object_name) == (None, "nobody@example.com")
    assert 'wrong"' not in str(vars(aimed))
