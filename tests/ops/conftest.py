"""A small shop connected to a sandbox of its own, and the worker that mirrors it."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache

from accounts.models import Account, Organization
from painelml.sandbox import Sandbox
from tests import processes
from tests.people import ana, carla, shop  # noqa: F401
from tests.sync.conftest import connect

WORKER = ("celery", "-A", "painelml", "worker", "--concurrency", "4")


@pytest.fixture
def small_box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox(port=0, seed=5, sellers=1, orders=200, items=300, questions=12) as box:
        monkeypatch.setattr(settings, "MELI_API_URL", box.url)
        monkeypatch.setattr(settings, "MELI_CLIENT_ID", str(box.box.application.id))
        monkeypatch.setattr(settings, "MELI_CLIENT_SECRET", box.box.application.secret)
        yield box


@pytest.fixture
def connected(shop: Organization, small_box: Sandbox) -> Account:  # noqa: F811
    """Ana's shop, nothing mirrored yet."""
    return connect(shop, small_box)


@contextmanager
def worker(**changes: str) -> Iterator[subprocess.Popen[Any]]:
    """The production worker; the block begins once it works."""
    began = time.time()

    def is_heard() -> bool:
        return (cache.get("heartbeat:worker") or 0) >= began

    with processes.running(*WORKER, ready=is_heard, **changes) as process:
        yield process


def ask(
    port: int, path: str, method: str = "GET", body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    """Ask a web process once and return status and body. Raises what a broken connection raises."""
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        content = body if isinstance(body, str | None) else json.dumps(body)
        wire.request(method, path, content, {"Content-Type": "application/json", **(headers or {})})
        answer = wire.getresponse()
        return answer.status, answer.read().decode()
    finally:
        wire.close()


def notification(account: Account, meli_id: str, number: int, topic: str = "orders_v2") -> dict[str, Any]:
    kind = {"orders_v2": "orders", "items": "items"}[topic]
    return {
        "_id": f"b3f1c9d2-7a44-4a0e-9a51-{number:012d}",
        "resource": f"/{kind}/{meli_id}",
        "user_id": int(account.meli_user_id),
        "topic": topic,
        "application_id": 1122334455667788,
        "attempts": 1,
        "sent": "2026-11-20T13:44:33.006Z",
        "received": "2026-11-20T13:44:32.984Z",
    }
