"""Ana owns the shop, Bruno works for her, Vera may look, Carla owns another shop."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from accounts.models import Account, Organization, Role, User
from tests.factories import make_account, make_person

Login = Callable[[User], APIClient]


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Every test here reads and writes."""


@pytest.fixture
def ana() -> User:
    return make_person("Ana")


@pytest.fixture
def shop(ana: User) -> Organization:
    return ana.organizations.get()


@pytest.fixture
def bruno(shop: Organization) -> User:
    return make_person("Bruno", shop, Role.OPERATOR)


@pytest.fixture
def vera(shop: Organization) -> User:
    return make_person("Vera", shop, Role.VIEWER)


@pytest.fixture
def carla() -> User:
    return make_person("Carla")


@pytest.fixture
def account(shop: Organization) -> Account:
    return make_account(shop, is_primary=True)


@pytest.fixture
def second_account(account: Account, shop: Organization) -> Account:
    return make_account(shop)


@pytest.fixture
def carlas_account(carla: User) -> Account:
    return make_account(carla.organizations.get())


@pytest.fixture
def login() -> Login:
    def log_in(user: User) -> APIClient:
        client = APIClient()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def api(login: Login, ana: User) -> APIClient:
    """Ana's calls."""
    return login(ana)
