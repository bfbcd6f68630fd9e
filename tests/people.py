"""The cast: Ana owns the shop, Mara manages it, Bruno works for her, Vera may look, Carla owns another one.

Take what an area needs into its conftest: `from tests.people import ana, bruno, shop  # noqa: F401`.
"""

import pytest

from accounts.models import Account, Organization, Role, User
from tests.factories import make_account, make_person


@pytest.fixture
def ana(db: None) -> User:
    return make_person("Ana")


@pytest.fixture
def shop(ana: User) -> Organization:
    return ana.organizations.get()


@pytest.fixture
def mara(shop: Organization) -> User:
    return make_person("Mara", shop, Role.MANAGER)


@pytest.fixture
def bruno(shop: Organization) -> User:
    return make_person("Bruno", shop, Role.OPERATOR)


@pytest.fixture
def vera(shop: Organization) -> User:
    return make_person("Vera", shop, Role.VIEWER)


@pytest.fixture
def carla(db: None) -> User:
    return make_person("Carla")


@pytest.fixture
def account(shop: Organization) -> Account:
    """A seller of Ana's shop; its tokens open nothing."""
    return make_account(shop, is_primary=True)


@pytest.fixture
def other_account(carla: User) -> Account:
    """A seller of Carla's."""
    return make_account(carla.organizations.get(), is_primary=True)
