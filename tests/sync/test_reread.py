"""Regular re-reads find what no notification told, and cost little when there is nothing to find."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import actions as account_actions
from accounts.models import Account, Organization
from catalog.models import Item
from orders.sync import _next_page
from painelml.sandbox import Sandbox, life
from painelml.sync import engine
from painelml.sync.actions import cancel_run, start_sync
from painelml.sync.engine import Worker
from painelml.sync.models import RunKind, RunStatus, SyncRun
from painelml.sync.queries import found_by_rereads
from painelml.sync.resource import RESOURCES
from painelml.sync.tasks import sync_due_accounts
from questions.models import Question
from shipments import sync as shipment_sync
from shipments.models import Shipment
from tests.sync.conftest import CASA, OpenBox, connect, run_all
from tests.sync.truth import differences

pytestmark = pytest.mark.django_db(transaction=True)


def mirrored(shop: Organization, box: Sandbox) -> Account:
    """An account whose backfill has ended."""
    account = connect(shop, box)
    runs = run_all(start_sync(account, kind=RunKind.BACKFILL))
    assert {run.status for run in runs} == {RunStatus.DONE}
    return account


def reread(account: Account, scope: str = "all") -> list[SyncRun]:
    runs = run_all(start_sync(account, scope, kind=RunKind.INCREMENTAL))
    assert {(run.kind, run.status) for run in runs} == {("incremental", "done")}
    return runs


def much_happens(box: Sandbox) -> None:
    box.control(
        seller=CASA, sell=6, pay=2, cancel=2, refund=2, ask=4, answer=3, change_items=8, move=12
    )  # nobody is told: there is no callback


def in_days(days: float) -> time_machine.travel:
    """The same time for us and for the sandbox."""
    return time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=True)


def test_two_days_without_notifications_are_made_up_for(shop: Organization, open_box: OpenBox) -> None:
    box = open_box(orders=200, items=50, questions=60)
    account = mirrored(shop, box)
    for day in (1, 2):
        with in_days(day):
            much_happens(box)
    with in_days(2.01):
        lost = {(kind, meli_id) for kind, meli_id, *_ in differences_seen_from_theirs(account, box)}
        runs = reread(account)
        assert differences(account, box) == []
    assert len(lost) > 30
    assert found_by_rereads([account]) == sum(run.changed for run in runs) >= len(lost)


def differences_seen_from_theirs(account: Account, box: Sandbox) -> list[tuple[str, str]]:
    """What has changed there since we looked, by its own stamp."""
    found = []
    for kind, resource in RESOURCES.items():
        known = dict(resource(account).rows().values_list("meli_id", "payload"))
        for meli_id, payload in box.truth(CASA, kind).items():
            ours = known.get(str(meli_id), {})
            stamp = "status" if kind == "questions" else "last_updated"
            if ours.get(stamp) != payload.get(stamp):
                found.append((kind, str(meli_id)))
    return found


def test_a_change_behind_many_known_ones_is_found(shop: Organization, open_box: OpenBox) -> None:
    box = open_box(items=90, orders=5, questions=5)
    account = mirrored(shop, box)
    ids = list(box.world.items_of[CASA])[:50]
    with box.world.lock:
        for item in ids:
            box.world.set_price(item, item.price + 100)
    newest = [item.id for item in ids[-25:]]
    engine.apply(account, "items", newest[:20])
    engine.apply(account, "items", newest[20:])
    (run,) = reread(account, "items")
    assert run.changed == 25
    assert not [one for one in differences(account, box) if one[0] == "item"]


def test_a_reread_that_was_stopped_moves_no_mark(shop: Organization, open_box: OpenBox) -> None:
    box = open_box(items=90, orders=5, questions=5)
    account = mirrored(shop, box)
    mark = RESOURCES["items"](account).mark()
    with box.world.lock:
        for item in box.world.items_of[CASA][:50]:
            box.world.set_price(item, item.price + 100)
    (run,) = start_sync(account, "items", kind=RunKind.INCREMENTAL)
    worker = Worker(run)
    worker.do(worker.claim(), until=float("inf"))  # the plan
    worker.do(worker.claim(), until=0)  # the first page
    assert cancel_run(run)
    assert RESOURCES["items"](account).mark() == mark
    (run,) = reread(account, "items")
    assert run.changed == 30
    assert RESOURCES["items"](account).mark() > mark


def test_a_run_of_some_days_moves_no_mark(shop: Organization, open_box: OpenBox) -> None:
    account = mirrored(shop, open_box(orders=60))
    mark = RESOURCES["orders"](account).mark()
    run_all(start_sync(account, "orders", days=7))
    assert RESOURCES["orders"](account).mark() == mark


@pytest.mark.parametrize("scope", ["orders", "items", "questions"])
def test_without_a_recent_mark_everything_is_listed(
    shop: Organization, open_box: OpenBox, scope: str
) -> None:
    box = open_box(orders=80, items=30, questions=40)
    account = connect(shop, box)
    reread(account, scope)
    assert RESOURCES[scope](account).rows().count() == len(box.truth(CASA, scope))


def test_sales_made_while_pages_are_read_leave_no_order_out() -> None:
    last = {"sort": "date_desc", "offset": 50, "left": 50}
    assert _next_page(last, 50, total=100) is None
    assert _next_page(last, 50, total=103) == {"sort": "date_desc", "offset": 100, "left": 3}


def test_an_old_question_answered_elsewhere_waits_no_longer(shop: Organization, open_box: OpenBox) -> None:
    box = open_box(questions=200, orders=5)
    with box.world.lock:
        old = min(box.world.questions_of[CASA], key=lambda question: question.created)
        old.status, old.answer, old.answered = "UNANSWERED", "", 0
        box.world.question_changed(old)
    account = mirrored(shop, box)
    oldest = Question.objects.unanswered().get(meli_id=str(old.id))
    with box.world.lock:
        life.answer_elsewhere(box.world, old.id)
    (run,) = reread(account, "questions")
    oldest.refresh_from_db()
    assert (oldest.status, run.changed) == ("ANSWERED", 1)
    assert box.calls["GET /questions/{id}"] == 1


def test_a_question_that_was_removed_waits_no_longer(shop: Organization, open_box: OpenBox) -> None:
    box = open_box(orders=5, items=20)
    account = mirrored(shop, box)
    question = Question.objects.unanswered().first()
    with box.world.lock:
        gone = box.world.questions.pop(int(question.meli_id))
        box.world.questions_of[CASA].remove(gone)
        box.world.question_changed(gone)
    reread(account, "questions")
    question.refresh_from_db()
    assert question.status == "DELETED"
    box.calls.clear()
    reread(account, "questions")
    assert box.calls["GET /questions/{id}"] == 0


def test_a_quiet_shop_costs_its_open_parcels_and_a_handful_of_calls(
    shop: Organization, open_box: OpenBox
) -> None:
    box = open_box(orders=150, items=60, questions=60)
    account = mirrored(shop, box)
    with in_days(0.5):
        reread(account)  # what ripens by itself: costs, first rotation
        box.calls.clear()
        runs = reread(account)
    waiting, moving = Shipment.objects.to_dispatch().count(), Shipment.objects.on_the_way().count()
    assert box.calls["GET /shipments/{id}"] == waiting + moving
    assert box.calls["GET /shipments/{id}/sla"] == waiting
    assert sum(box.calls.values()) - 2 * waiting - moving <= 12
    assert {run.changed for run in runs if run.scope != "shipments"} == {0}


def test_shipments_are_read_in_rotation_and_settled_ones_never(
    shop: Organization, open_box: OpenBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = open_box(orders=400)
    account = mirrored(shop, box)
    monkeypatch.setattr(shipment_sync, "AT_LEAST", 4)
    monkeypatch.setattr(shipment_sync, "OPEN_A_MINUTE", 0)
    monkeypatch.setattr(shipment_sync, "MOVING_A_MINUTE", 0)
    still_here, moving = Shipment.objects.to_dispatch(), Shipment.objects.on_the_way()
    due = set(still_here.values_list("meli_id", flat=True)) | set(moving.values_list("meli_id", flat=True))
    rounds = max(-(-still_here.count() // 4), -(-moving.count() // 4))
    assert rounds > 2
    with in_days(0.1):
        began = timezone.now()
        for _ in range(rounds):
            box.calls.clear()
            reread(account, "shipments")
            assert box.calls["GET /shipments/{id}"] <= 8
        read = Shipment.objects.filter(read_at__gt=began)
        assert set(read.values_list("meli_id", flat=True)) == due


def test_the_longer_nobody_looked_the_more_parcels_are_read_at_once(
    shop: Organization, open_box: OpenBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = open_box(orders=400)
    account = mirrored(shop, box)
    monkeypatch.setattr(shipment_sync, "AT_LEAST", 1)
    monkeypatch.setattr(shipment_sync, "OPEN_A_MINUTE", 1)
    monkeypatch.setattr(shipment_sync, "MOVING_A_MINUTE", 1)
    monkeypatch.setattr(shipment_sync, "LISTED", 5)
    open_ones = Shipment.objects.to_dispatch() | Shipment.objects.on_the_way()
    due = set(open_ones.values_list("meli_id", flat=True))
    assert len(due) > 10
    with in_days(1):
        began = timezone.now()
        reread(account, "shipments")
        read = Shipment.objects.filter(read_at__gt=began)
        assert due <= set(read.values_list("meli_id", flat=True))


def test_the_reread_of_an_order_does_not_read_its_parcel_each_time(
    shop: Organization, open_box: OpenBox
) -> None:
    box = open_box(orders=100)
    account = mirrored(shop, box)
    box.control(seller=CASA, sell=5)
    reread(account, "orders")
    run_all(start_sync(account, "shipments", kind=RunKind.INCREMENTAL))
    box.calls.clear()
    reread(account, "orders")
    assert box.calls["GET /shipments/{id}"] == 0
    assert not account.pending_reads.filter(resource="shipments").exists()


def test_an_item_that_cannot_be_read_does_not_stop_the_others(
    shop: Organization, open_box: OpenBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = open_box(items=40, orders=5, questions=5)
    account = mirrored(shop, box)
    with box.world.lock:
        for item in box.world.items_of[CASA][:5]:
            box.world.set_price(item, item.price + 100)
    box.drills.forbidden = [f"/items/{box.world.items_of[CASA][0].id}/"]
    (run,) = reread(account, "items")
    assert run.changed >= 4
    assert Item.objects.filter(account=account).count() == 40


class TestDue:
    """Every account at its own interval."""

    def test_a_due_account_is_read_once_although_two_schedulers_ask(
        self, shop: Organization, open_box: OpenBox
    ) -> None:
        account = connect(shop, open_box(orders=10, items=5, questions=5))
        sync_due_accounts()
        sync_due_accounts()
        runs = SyncRun.objects.filter(account=account)
        assert Counter(run.scope for run in runs) == dict.fromkeys(RESOURCES, 1)
        run_all(list(runs))
        sync_due_accounts()
        assert runs.count() == 4

    def test_its_own_interval_decides_when_it_is_due_again(
        self, shop: Organization, open_box: OpenBox
    ) -> None:
        account = connect(shop, open_box(orders=10, items=5, questions=5))
        account_actions.change_interval(account, 600)
        sync_due_accounts()
        run_all(list(SyncRun.objects.all()))
        for minutes, runs in ((9, 4), (11, 8)):
            with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
                sync_due_accounts()
            assert SyncRun.objects.count() == runs

    @pytest.mark.parametrize("status", ["paused", "expired"])
    def test_a_resting_account_is_never_due(self, shop: Organization, open_box: OpenBox, status: str) -> None:
        account = connect(shop, open_box(orders=10, items=5, questions=5))
        Account.objects.filter(pk=account.pk).update(status=status, next_sync=None)
        sync_due_accounts()
        assert not SyncRun.objects.exists()
