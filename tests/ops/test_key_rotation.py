"""The key-rotation drill: `ENCRYPTION_KEY` is replaced while people work and tokens are renewed.

Step by step as in docs/operations.md, with the processes of production. Nobody gets an error, no token is
lost, and afterwards nothing needs the old key.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from pytest_django import Settings

from accounts.keys import make_key
from accounts.models import Account, AccountStatus, Organization, Scope, User
from painelml.crypto import keyring
from painelml.sandbox import Sandbox
from tests import processes
from tests.ops.conftest import ask, notification, worker
from tests.ops.traffic import Front, again, going_on, read
from tests.sync.conftest import connect
from webhooks.models import Notification

pytestmark = pytest.mark.django_db(transaction=True)

OLD = "the old key which is long enough to be one"
NEW = "the new key which is long enough to be one"


@pytest.fixture
def account(settings: Settings, shop: Organization, small_box: Sandbox) -> Account:
    settings.ENCRYPTION_KEY = OLD
    return connect(shop, small_box)


@contextmanager
def processes_with(keys: str) -> Iterator[int]:
    """A web process and a worker that know these keys; yields the port of the first."""
    with processes.web(ENCRYPTION_KEY=keys) as port, worker(ENCRYPTION_KEY=keys):
        yield port


def rotate(keys: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "rotate_keys"],
        cwd=processes.ROOT,
        env=processes.environment(ENCRYPTION_KEY=keys),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def sealed(account: Account) -> tuple[str, str]:
    fresh = Account.objects.get(pk=account.pk)
    return str(fresh.access_token_sealed), str(fresh.refresh_token_sealed)


def test_the_drill(
    settings: Settings, account: Account, shop: Organization, ana: User, small_box: Sandbox
) -> None:
    key = make_key(shop, "drill", [Scope.READ, Scope.ACCOUNTS], ana)[1]
    path = f"/api/ml-accounts/{account.pk}/refresh-token"
    orders = itertools.cycle(small_box.truth(int(account.meli_user_id), "orders"))
    numbers = itertools.count()
    front = Front()
    with ExitStack() as running:
        current = running.enter_context(ExitStack())
        front.ports.append(current.enter_context(processes_with(OLD)))
        with going_on(
            front,
            0.1,
            reading=read("/api/ml-accounts", key),
            renewal=lambda port: ask(port, path, "PUT", headers={"Authorization": f"Bearer {key}"}),
            notification=lambda port: ask(
                port, "/meli/webhooks", "POST", notification(account, next(orders), next(numbers))
            ),
        ) as traffic:

            def replace(keys: str) -> None:
                """Start processes with these keys, let them take over, and stop the ones before them."""
                nonlocal current
                before, current = current, running.enter_context(ExitStack())
                front.ports.insert(0, current.enter_context(processes_with(keys)))
                processes.until(again(traffic, "reading", 2), 60)
                front.ports.pop()
                processes.until(again(traffic, "renewal", 2), 60)
                before.close()

            replace(f"{OLD},{NEW}")  # everybody can read the new one before anybody writes it
            replace(f"{NEW},{OLD}")
            said = rotate(f"{NEW},{OLD}")
            assert said.returncode == 0, said.stderr
            replace(NEW)
            processes.until(again(traffic, "renewal", 5), 60)
        processes.until(lambda: not Notification.objects.open().exists(), 40)

    assert traffic.failures == []
    assert {status for _name, status in traffic.answers} == {"200"}
    assert traffic.total("renewal") > 10
    settings.ENCRYPTION_KEY = NEW
    fresh = Account.objects.get()
    assert fresh.status == AccountStatus.ACTIVE
    assert not any(keyring().needs_rotation(text) for text in sealed(account))
    # Each renewal spent the refresh token before it: were one lost, this would be refused.
    assert small_box.calls["POST /oauth/token"] >= traffic.total("renewal")
    with processes.web(ENCRYPTION_KEY=NEW) as port:
        assert ask(port, path, "PUT", headers={"Authorization": f"Bearer {key}"})[0] == 200
    assert set(Notification.objects.values_list("state", flat=True)) == {"done"}


def test_an_old_key_taken_away_too_early_is_named_and_nothing_is_overwritten(
    account: Account, shop: Organization, ana: User, small_box: Sandbox
) -> None:
    key = make_key(shop, "drill", [Scope.READ, Scope.ACCOUNTS], ana)[1]
    renewal = f"/api/ml-accounts/{account.pk}/refresh-token"
    bearer = {"Authorization": f"Bearer {key}"}
    before, (key_id,) = sealed(account), keyring().fingerprints
    with processes.web(ENCRYPTION_KEY=NEW) as port:
        assert ask(port, "/api/ml-accounts", headers=bearer)[0] == 200
        status, said = ask(port, renewal, "PUT", headers=bearer)
        assert 400 <= status < 600
        assert key_id in said
        assert "not in ENCRYPTION_KEY; add it back" in said

    refused = rotate(NEW)
    assert refused.returncode == 1
    assert f"({key_id}) that is not in ENCRYPTION_KEY; add it back" in refused.stderr
    assert "keep the old keys" in refused.stderr
    assert "APP_USR" not in refused.stdout + refused.stderr

    assert sealed(account) == before
    assert Account.objects.get().status == AccountStatus.ACTIVE, "the seller has nothing to mend"
    assert small_box.calls["POST /oauth/token"] == 0

    # With the old key beside it everything goes on, and the rotation too.
    with processes.web(ENCRYPTION_KEY=f"{NEW},{OLD}") as port:
        assert ask(port, renewal, "PUT", headers=bearer)[0] == 200
    assert rotate(f"{NEW},{OLD}").returncode == 0
