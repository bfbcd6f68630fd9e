"""The cast of the audit log's tests."""

from collections.abc import Callable

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from tests.people import account, ana, bruno, carla, mara, other_account, shop, vera  # noqa: F401

Login = Callable[[User], Client]


@pytest.fixture
def login() -> Login:
    def log_in(user: User) -> Client:
        client = Client(headers={"accept-language": "en", "user-agent": "Mozilla/5.0 Firefox/130.0"})
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def page(login: Login, ana: User) -> Client:  # noqa: F811
    """Ana's browser."""
    return login(ana)


@pytest.fixture
def api(ana: User) -> APIClient:  # noqa: F811
    """Ana's calls."""
    client = APIClient(headers={"accept-language": "en"})
    client.force_login(ana)
    return client
