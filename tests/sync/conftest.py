"""Ana's shop connected to a sandbox of its own size, and workers that run its backfills."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import Account, Organization
from painelml.sandbox import Sandbox
from painelml.sync import engine, tasks
from painelml.sync.models import SyncRun
from tests.people import account, ana, carla, shop  # noqa: F401

CASA, AURORA = 1987654321, 1876543210

OpenBox = Callable[..., Sandbox]


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which runs rang for a worker. The rings end here: a test brings its own workers."""
    runs: list[int] = []
    monkeypatch.setattr(tasks, "ring_worker", runs.append)
    return runs


@pytest.fixture
def open_box(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenBox]:
    """Start a sandbox and make it the Mercado Livre of the settings."""
    boxes: list[Sandbox] = []

    def start(**options: object) -> Sandbox:
        box = Sandbox(port=0, **{"seed": 7, "orders": 300, "items": 60, "questions": 80, **options}).start()
        boxes.append(box)
        monkeypatch.setattr(settings, "MELI_API_URL", box.url)
        monkeypatch.setattr(settings, "MELI_CLIENT_ID", str(box.box.application.id))
        monkeypatch.setattr(settings, "MELI_CLIENT_SECRET", box.box.application.secret)
        monkeypatch.setattr(settings, "MELI_MAX_RPM", 0)
        return box

    yield start
    for box in boxes:
        box.stop()


def connect(organization: Organization, box: Sandbox, seller_id: int = CASA) -> Account:
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


def run_all(runs: Sequence[SyncRun], helpers: int = 2, seconds: float = 120) -> list[SyncRun]:
    """Work on the runs as Celery workers would, several at once, until all have ended."""
    until = time.monotonic() + seconds

    def help_run(run_id: int) -> None:
        try:
            while SyncRun.objects.active().filter(pk=run_id).exists():
                assert time.monotonic() < until, "the run did not end in time"
                if not engine.work(run_id, 30):
                    time.sleep(0.05)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(runs) * helpers) as pool:
        for future in [pool.submit(help_run, run.pk) for run in runs for _ in range(helpers)]:
            future.result()
    return list(SyncRun.objects.filter(pk__in=[run.pk for run in runs]).order_by("id"))
