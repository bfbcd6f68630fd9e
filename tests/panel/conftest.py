"""Browsers without scripts, and a Mercado Livre of one's own behind the panel."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import User
from tests.api.conftest import _database, box, connect, seller  # noqa: F401
from tests.people import account, ana, bruno, carla, other_account, shop, vera  # noqa: F401

Login = Callable[[User], Client]

HTMX = {"HX-Request": "true"}


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
def page(login: Login, bruno: User) -> Client:  # noqa: F811
    """Bruno's browser: he works for Ana."""
    return login(bruno)
