"""Ana's browser, and the hours the rows of the factories live in: Saturday, 2026-11-21, early afternoon."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client
from django.utils import translation

from accounts.models import Account, Organization, User
from tests.factories import make_account
from tests.people import account, ana, bruno, carla, mara, other_account, shop, vera  # noqa: F401

Login = Callable[[User], Client]

NOW = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
"""Half past two in the afternoon in São Paulo."""


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def login() -> Login:
    """Open a browser that speaks English for somebody."""

    def log_in(user: User) -> Client:
        client = Client(headers={"accept-language": "en"})
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def page(login: Login, ana: User) -> Client:  # noqa: F811
    """Ana's browser."""
    return login(ana)


@pytest.fixture
def second_account(account: Account, shop: Organization) -> Account:  # noqa: F811
    return make_account(shop, account_name="Second shop")
