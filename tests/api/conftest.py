"""The cast over HTTP."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from accounts.models import Account, Organization, User
from tests.factories import make_account
from tests.people import account, ana, bruno, carla, other_account, shop, vera  # noqa: F401

Login = Callable[[User], APIClient]


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Every test here reads and writes."""


@pytest.fixture
def second_account(account: Account, shop: Organization) -> Account:  # noqa: F811
    """Another seller of Ana's shop."""
    return make_account(shop)


@pytest.fixture
def login() -> Login:
    def log_in(user: User) -> APIClient:
        client = APIClient()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def api(login: Login, ana: User) -> APIClient:  # noqa: F811
    """Ana's calls."""
    return login(ana)
