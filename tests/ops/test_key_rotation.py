"""`ENCRYPTION_KEY` replaced the wrong way: it is said what to do, and nothing is overwritten."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pytest_django import Settings

from accounts.keys import make_key
from accounts.models import Account, AccountStatus, Organization, Scope, User
from painelml.crypto import keyring
from painelml.sandbox import Sandbox
from tests import processes
from tests.ops.conftest import ask
from tests.sync.conftest import connect

pytestmark = pytest.mark.django_db(transaction=True)

OLD = "the old key which is long enough to be one"
NEW = "the new key which is long enough to be one"


@pytest.fixture
def account(settings: Settings, shop: Organization, small_box: Sandbox) -> Account:
    settings.ENCRYPTION_KEY = OLD
    return connect(shop, small_box)


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
