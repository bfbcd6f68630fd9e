"""The cast over HTTP."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Account, Organization, User
from painelml.sandbox import Sandbox
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


SELLER, DEPOSIT_SELLER = 1987654321, 1876543210
"""Sellers of the sandbox: one with variations and Full, one whose stock lies in a deposit."""


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A Mercado Livre of one's own."""
    with Sandbox(port=0, seed=7, orders=60, items=40, questions=40) as box:
        monkeypatch.setattr(settings, "MELI_API_URL", box.url)
        yield box


@pytest.fixture
def connect(box: Sandbox, shop: Organization) -> Callable[[int], Account]:  # noqa: F811
    """Connect a seller of the box to Ana's shop."""

    def connect_seller(seller_id: int) -> Account:
        tokens = box.grant(seller_id)
        return make_account(
            shop,
            meli_user_id=str(seller_id),
            access_token=tokens["access_token"],
            refresh_token=tokens["refresh_token"],
            token_expires_at=timezone.now() + timedelta(hours=6),
            profile={"tags": box.world.sellers[seller_id].tags},
        )

    return connect_seller


@pytest.fixture
def seller(connect: Callable[[int], Account]) -> Account:
    return connect(SELLER)
