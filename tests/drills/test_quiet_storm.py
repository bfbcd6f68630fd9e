"""A flood while everything works: little is read, it is in the rows at once, and the counters add up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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
from tests.drills.panel import FULL, Panel
from tests.drills.settling import fill, inbox_is_empty, reread, settle
from tests.sync.truth import differences
from webhooks.models import Notification, NotificationState

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]

LONG_FLOOD_S = 60
"""Longer than the 20 seconds that drains wait for the end of a flood."""


def test_a_flood_is_read_once_and_leaves_the_rows_true(
    ana: User, carla: User, accounts: list[Account], box: Sandbox, panel: Panel, say: Say
) -> None:
    fill(accounts)
    flood = Flood(box, accounts)
    before = Counter(box.calls)

    began = time.monotonic()
    with ThreadPoolExecutor(1) as sender:  # the next wave comes up while this one is sent
        waves = [sender.submit(send, panel.port, letters) for letters in flood.waves()]
        answers = sum((wave.result() for wave in waves), Counter())
    ended = timezone.now()
    took = time.monotonic() - began
    settle(inbox_is_empty)

    sent = flood.letters
    say(f"{sent.total()} letters for {len(flood.told)} of {flood.resources} resources in {took:.1f} s")
    assert_read_once(accounts, flood, box.calls - before, say)
    say(f"from the end of the flood to the row: {waits(ended)}")
    assert answers == {200: sent.total() - sent["garbage"], 400: sent["garbage"]}
    for person, account in zip((ana, carla), accounts, strict=True):
        assert_counters_add_up(person, account, sent, answers)
    assert_one_reread_finds_the_rest(accounts, box)


@pytest.mark.skipif(not FULL, reason="it takes a minute, and fewer letters in a minute are no flood")
def test_in_a_flood_longer_than_its_patience_old_news_is_not_read_again(
    accounts: list[Account], box: Sandbox, panel: Panel, say: Say
) -> None:
    """Everything has changed once before the first letter. What changes again while the flood lasts has to be
    read again, once for each 20 seconds in which it did: that is as much as can be promised then."""
    fill(accounts)
    flood = Flood(box, accounts)
    before = Counter(box.calls)

    letters = flood.all_at_once()
    send(panel.port, letters, LONG_FLOOD_S)
    settle(inbox_is_empty)

    say(f"{len(letters)} letters for {len(flood.told)} of {flood.resources} resources in {LONG_FLOOD_S} s")
    assert_read_once(accounts, flood, box.calls - before, say)
    assert_one_reread_finds_the_rest(accounts, box)


def assert_read_once(accounts: Sequence[Account], flood: Flood, calls: Counter[str], say: Say) -> None:
    """Every event is applied, and what was told of costs little more than a call each, items one for ten."""
    told = Counter(change.topic for change in flood.told)
    say(f"told of {dict(told)}; calls {dict(calls)}")
    events = Notification.objects.filter(seller_id__in=[account.meli_user_id for account in accounts])
    assert set(events.values_list("state", flat=True)) == {NotificationState.DONE}
    assert calls["GET /orders/{id}"] <= 1.1 * told["orders_v2"]
    assert calls["GET /questions/{id}"] <= 1.1 * told["questions"]
    assert calls["GET /items/bulk"] <= told["items"] / 10


def assert_one_reread_finds_the_rest(accounts: Sequence[Account], box: Sandbox) -> None:
    reread(accounts, RunKind.INCREMENTAL)
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
