"""A bulk change survives the death of its workers: every listing is written, and none of them twice."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import Organization, User
from catalog import tasks
from catalog.bulk import How, preview, start
from catalog.bulk_work import work
from catalog.models import BulkLine, Item, LineState
from painelml.sandbox import Drills
from painelml.sync.engine import apply
from tests.sync.conftest import OpenBox, connect, open_box  # noqa: F401
from tests.sync.test_resume import ROOT, database_url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "ring_worker", lambda change_id: None)


def start_worker(change_id: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "MELI_API_URL": settings.MELI_API_URL,
        "MELI_CLIENT_ID": settings.MELI_CLIENT_ID,
        "MELI_CLIENT_SECRET": settings.MELI_CLIENT_SECRET,
        "MELI_MAX_RPM": "0",
        "DJANGO_SETTINGS_MODULE": "painelml.settings",
    }
    command = [sys.executable, "-m", "tests.catalog.bulk_worker", str(change_id)]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def test_stock_is_added_once_although_three_workers_are_killed(
    shop: Organization,
    ana: User,
    open_box: OpenBox,  # noqa: F811
) -> None:
    box = open_box(orders=0, items=40, questions=0, drills=Drills(latency_ms=25))
    account = connect(shop, box)
    own = [one for one in box.world.items_of[int(account.meli_user_id)] if not one.variations]
    for truth in own:
        truth.status, truth.sub_status, truth.logistic, truth.quantity = "active", [], "drop_off", 10
    apply(account, "items", [one.id for one in own])
    change = preview(shop, ana, Item.objects.filter(account=account), How("stock_up", 5))
    ready = set(change.lines.filter(state=LineState.READY).values_list("item__meli_id", flat=True))
    assert len(ready) > 15
    assert start(change)

    for done in (3, 7, 11):
        worker = start_worker(change.pk)
        until = time.monotonic() + 60
        while BulkLine.objects.filter(state=LineState.DONE).count() < done and worker.poll() is None:
            assert time.monotonic() < until, "the worker did not get on"
            time.sleep(0.01)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        # As if the lease's time had passed: nobody who lives holds one.
        held = BulkLine.objects.filter(state=LineState.WORKING)
        held.update(lease_until=timezone.now() - timedelta(seconds=1))
    box.drills.latency_ms = 0
    assert not work(change.pk, 60)

    change.refresh_from_db()
    assert change.status == "done"
    assert not change.lines.filter(state=LineState.FAILED).values_list("words")
    assert {one.id: one.quantity for one in own if one.id in ready} == dict.fromkeys(ready, 15)
