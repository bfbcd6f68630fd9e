"""A flood while everything works: little is read, it is in the rows at once, and the counters add up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, User
from painelml.sandbox import Sandbox
from painelml.sync.models import PendingRead, RunKind
from painelml.sync.queries import found_by_rereads
from tests import processes
from tests.drills.conftest import Say
from tests.drills.flood import Flood, send
from tests.drills.panel import Panel
from tests.drills.settling import fill, inbox_is_empty, reread, settle
from tests.sync.truth import differences
from webhooks.models import Notification, NotificationState

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]


def test_a_flood_is_read_once_and_leaves_the_rows_true(
    ana: User, carla: User, accounts: list[Account], box: Sandbox, panel: Panel, say: Say
) -> None:
    fill(accounts)
    flood = Flood(box, accounts)
    before = Counter(box.calls)

    began = time.monotonic()
    answers: Counter[int] = Counter()
    for letters in flood.waves():
        answers += send(panel.port, letters)
    ended = timezone.now()
    took = time.monotonic() - began
    settle(inbox_is_empty)
    calls = box.calls - before

    sent = flood.letters
    assert answers == {200: sent.total() - sent["garbage"], 400: sent["garbage"]}
    told = Counter(change.topic for change in flood.told)
    say(f"{sent.total()} letters for {len(flood.told)} of {flood.resources} resources in {took:.1f} s")
    say(f"told of {dict(told)}; calls {dict(calls)}")
    say(f"from the end of the flood to the row: {waits(ended)}")
    events = Notification.objects.filter(seller_id__in=[account.meli_user_id for account in accounts])
    assert set(events.values_list("state", flat=True)) == {NotificationState.DONE}
    assert calls["GET /orders/{id}"] <= 1.1 * told["orders_v2"]
    assert calls["GET /questions/{id}"] <= 1.1 * told["questions"]
    assert calls["GET /items/bulk"] <= told["items"] / 10
    for person, account in zip((ana, carla), accounts, strict=True):
        assert_counters_add_up(person, account, sent, answers)

    # Packages on their way that were read a moment ago are left to a later re-read; the audit reads them too.
    for kind in (RunKind.INCREMENTAL, RunKind.AUDIT):
        reread(accounts, kind)

    assert found_by_rereads(accounts) > 0
    assert not PendingRead.objects.exists()
    for account in accounts:
        assert differences(account, box) == []


def assert_counters_add_up(person: User, account: Account, sent: Counter[str], answers: Counter[int]) -> None:
    """What was stored, repeated and refused is what was sent."""
    client = Client()
    client.force_login(person)

    def figures() -> dict[str, Any]:
        return client.get("/meli/webhooks/stats").json()

    # The web server passes its counts on once a second.
    processes.until(lambda: sum(figures()["answers"].values()) >= answers.total())
    said = figures()
    assert said["total"] + said["repeats"] == sent[account.meli_user_id]
    assert said["total"] == sum(said["by_state"].values()) == said["by_state"]["done"]
    assert {int(status): times for status, times in said["answers"].items() if times} == answers
    strangers = Notification.objects.filter(state=NotificationState.IGNORED)
    repeats = sum(strangers.values_list("repeats", flat=True))
    assert strangers.count() + repeats == sent["stranger"]


def waits(ended: datetime) -> str:
    """Return how long rows lagged behind their notifications, those of the flood itself counted from its
    end."""
    done = Notification.objects.filter(state=NotificationState.DONE).values_list("created_at", "done_at")
    spans: Sequence[float] = sorted(
        max(0.0, (done_at - max(created_at, ended)).total_seconds()) for created_at, done_at in done
    )
    return ", ".join(f"p{p} {spans[round((len(spans) - 1) * p / 100)]:.1f} s" for p in (50, 95, 100))
