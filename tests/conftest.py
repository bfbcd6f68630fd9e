"""What every test stands on: real services, no surprises from outside, and no way out but loopback."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import settings as examples

from tests import services

# A machine that does a lot else is no failure of what is tested, and a gate asks the same each time.
examples.register_profile("panel", deadline=None, derandomize="CI" in os.environ)
examples.load_profile("panel")

# Here and not in a hook: the conftests of the areas import models, and Django reads its settings then.
running: ExitStack = services.start()
os.environ["DJANGO_SETTINGS_MODULE"] = "painelml.settings"

import django  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.cache import caches  # noqa: E402

django.setup()
# An xdist worker that inherits it reads the settings (pytest-django does) before it has its own services.
del os.environ["DJANGO_SETTINGS_MODULE"]
settings.PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
]  # the real one is slow on purpose
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"

ways_out: list[str] = []


def pytest_unconfigure() -> None:
    running.close()


@pytest.fixture(autouse=True, scope="session")
def _only_loopback() -> Iterator[None]:
    """A connection to anywhere but this machine is refused, and remembered for the test that tried."""
    connect = socket.socket.connect

    def connect_nearby(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not is_nearby(address[0]):
            ways_out.append(str(address[0]))
            raise ConnectionRefusedError(f"tests do not talk to {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_nearby)
        yield


def is_nearby(host: str) -> bool:
    try:
        return ip_address(host).is_loopback or host in redis_addresses()
    except ValueError:
        return host == "localhost"


@cache
def redis_addresses() -> set[str]:
    """Return where the Redis of `REDIS_URL` lives; in CI that can be another container."""
    host = urlsplit(settings.REDIS_URL).hostname
    return {str(found[4][0]) for found in socket.getaddrinfo(host, None)} if host else set()


@pytest.fixture(autouse=True)
def _nothing_went_out() -> Iterator[None]:
    ways_out.clear()
    yield
    assert not ways_out, f"the test tried to reach {', '.join(ways_out)}"


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Every test starts with an empty cache, rate limits and broker (on Redis this empties the database)."""
    caches["default"].clear()


@pytest.fixture
def tasks_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """`.delay()` runs the task in the same thread; `delay_on_commit` still waits for the commit."""
    from painelml.celery import app

    monkeypatch.setitem(app.conf, "task_always_eager", True)
    monkeypatch.setitem(app.conf, "task_eager_propagates", True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Tests empty every table behind them, which the audit log refuses: its own tests (tests/audit) put the
    triggers back."""
    from django.db import connection

    from painelml.audit import append_only
    from tests import emptying

    with django_db_blocker.unblock():
        append_only.remove(connection)
        furniture = emptying.Furniture()
    with emptying.quickly(furniture):
        yield
