"""Two shops connected to a sandbox of their own, and the whole panel as processes and servers that can be
hurt."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from accounts.models import Account, Organization, User
from painelml.audit import append_only
from painelml.sandbox import Sandbox
from tests.drills.panel import FULL, Panel
from tests.drills.servers import Servers
from tests.people import ana, carla, shop  # noqa: F401
from tests.sync.conftest import AURORA, CASA, connect

Say = Callable[[str], None]

# The drills are about PostgreSQL, Redis and processes; the embedded panel has none of them.
collect_ignore_glob = [] if settings.REDIS_URL else ["test_*.py"]


@pytest.fixture(scope="package")
def servers() -> Iterator[Servers]:
    with Servers() as servers:
        yield servers


@pytest.fixture(scope="package")
def django_db_setup(servers: Servers, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """In place of the database of the other tests: one whose server may be restarted."""
    with django_db_blocker.unblock(), servers.in_use():
        call_command("migrate", verbosity=0)
        append_only.remove(connection)  # each drill is emptied behind it, as every test is
        yield


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Mercado Livre's stand-in: as many orders as the size of the drill wants."""
    sizes = {"orders": 60, "items": 60, "questions": 24}
    if FULL:
        sizes = {"orders": 400, "items": 400, "questions": 200}
    with Sandbox(port=0, seed=11, sellers=2, **sizes) as box:
        monkeypatch.setattr(settings, "MELI_API_URL", box.url)
        monkeypatch.setattr(settings, "MELI_CLIENT_ID", str(box.box.application.id))
        monkeypatch.setattr(settings, "MELI_CLIENT_SECRET", box.box.application.secret)
        yield box


@pytest.fixture
def accounts(shop: Organization, carla: User, box: Sandbox) -> list[Account]:  # noqa: F811
    """Ana's shop and Carla's, connected, nothing mirrored yet."""
    found = [connect(shop, box), connect(carla.organizations.get(), box, AURORA)]
    assert [account.meli_user_id for account in found] == [str(CASA), str(AURORA)]
    return found


@pytest.fixture
def panel(transactional_db: None, servers: Servers, box: Sandbox) -> Iterator[Panel]:
    """Web server, workers and a scheduler in a hurry; Mercado Livre calls the server back."""
    with Panel(servers) as panel:
        box.control(callback=f"http://127.0.0.1:{panel.port}/meli/webhooks", speed=100)
        yield panel


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Tell who watches the drill what was measured."""

    def say(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}", end="", flush=True)

    return say
