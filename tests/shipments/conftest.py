"""Ana's browser on the day the rows of the factories live in, and a Mercado Livre that prints."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone, translation

from accounts.models import Account, Organization
from painelml.sandbox import Sandbox
from tests.factories import make_account
from tests.people import account, ana, bruno, carla, other_account, shop, vera  # noqa: F401
from tests.web.conftest import login, page  # noqa: F401

CASA, AURORA = 1987654321, 1876543210
"""Sellers of the sandbox."""

Connect = Callable[[int], Account]


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox(port=0, seed=7, sellers=2, orders=60, items=30, questions=5) as box:
        monkeypatch.setattr(settings, "MELI_API_URL", box.url)
        yield box


@pytest.fixture
def connect(box: Sandbox, shop: Organization) -> Connect:  # noqa: F811
    """Connect a seller of the box to Ana's shop."""

    def connect_seller(seller_id: int) -> Account:
        tokens = box.grant(seller_id)
        return make_account(
            shop,
            meli_user_id=str(seller_id),
            access_token=tokens["access_token"],
            refresh_token=tokens["refresh_token"],
            token_expires_at=timezone.now() + timedelta(hours=6),
        )

    return connect_seller
