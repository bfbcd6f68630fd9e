"""Ana's shop connected to the sandbox, and Mercado Livre's side of a delivery."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Organization, User
from painelml.sandbox import Sandbox
from tests.people import ana, carla  # noqa: F401
from webhooks import bell

# Without Redis everything is one process: there is nothing that could go away.
collect_ignore = [] if settings.REDIS_URL else ["test_outages.py", "test_storm.py"]

ANAS_SHOP = 1987654321
CARLAS_SHOP = 1876543210
STRANGER = 4040404040


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which sellers' bells were rung. The rings end here: no worker listens in a test."""
    sellers: list[str] = []
    monkeypatch.setattr(bell, "ring", sellers.append)
    return sellers


@pytest.fixture(scope="session")
def shared_box() -> Iterator[Sandbox]:
    with Sandbox(port=0, seed=3, sellers=2, orders=120, items=60, questions=40) as box:
        yield box


@pytest.fixture
def box(shared_box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Mercado Livre's stand-in, calm, with nothing counted yet."""
    monkeypatch.setattr(settings, "MELI_API_URL", shared_box.url)
    monkeypatch.setattr(settings, "MELI_CLIENT_ID", str(shared_box.box.application.id))
    monkeypatch.setattr(settings, "MELI_CLIENT_SECRET", shared_box.box.application.secret)
    monkeypatch.setattr(settings, "MELI_MAX_RPM", 0)
    shared_box.calls.clear()
    return shared_box


def connect(organization: Organization, seller_id: int, box: Sandbox) -> Account:
    tokens = box.grant(seller_id)
    return Account.objects.create(
        organization=organization,
        meli_user_id=str(seller_id),
        nickname=f"SHOP{seller_id}",
        api_host=box.url,
        access_token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        token_expires_at=timezone.now() + timedelta(hours=6),
    )


@pytest.fixture
def account(ana: User, box: Sandbox) -> Account:  # noqa: F811
    """Ana's shop, connected."""
    return connect(ana.organizations.get(), ANAS_SHOP, box)


@pytest.fixture
def other_account(carla: User, box: Sandbox) -> Account:  # noqa: F811
    """Carla's shop, connected."""
    return connect(carla.organizations.get(), CARLAS_SHOP, box)


numbers = itertools.count(1)


def envelope(
    topic: str = "orders_v2", resource: str = "/orders/2000000000000001", **fields: Any
) -> dict[str, Any]:
    """A notification as Mercado Livre sends it, each with an id of its own."""
    return {
        "_id": f"b3f1c9d2-7a44-4a0e-9a51-{next(numbers):012d}",
        "resource": resource,
        "user_id": ANAS_SHOP,
        "topic": topic,
        "application_id": 1122334455667788,
        "attempts": 1,
        "sent": "2026-11-20T13:44:33.006Z",
        "received": "2026-11-20T13:44:32.984Z",
        **fields,
    }


Deliver = Callable[..., int]


@pytest.fixture
def deliver() -> Deliver:
    """Send a body to the callback and return the status of the answer."""
    client = Client()

    def send(body: Any, **extra: Any) -> int:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = client.post("/meli/webhooks", raw, content_type="application/json", **extra)
        return response.status_code

    return send
