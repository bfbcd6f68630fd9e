"""Every night all we hold is compared with all Mercado Livre lists, and what differs is repaired."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from accounts.models import Account, Organization
from catalog.models import Item
from orders.models import Order
from painelml.sync.actions import start_sync
from painelml.sync.audit import CHECKED, start_due_audits
from painelml.sync.models import RunKind, RunStatus, SyncRun
from painelml.sync.queries import found_by_rereads, ledger
from painelml.sync.tasks import audit_accounts
from questions.models import Question
from shipments.models import Shipment
from tests.factories import make_account
from tests.sync.conftest import CASA, OpenBox, connect, run_all
from tests.sync.truth import differences

pytestmark = pytest.mark.django_db(transaction=True)

NIGHT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
"""Half past three in São Paulo."""
DAY = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


def test_what_is_missing_stale_or_gone_is_repaired_and_counted(shop: Organization, open_box: OpenBox) -> None:
    box = open_box(orders=120, items=50, questions=60)
    account = connect(shop, box)
    run_all(start_sync(account, kind=RunKind.BACKFILL))
    lost_orders = Order.objects.order_by("date_created")[20:23].values("pk")
    Order.objects.filter(pk__in=list(lost_orders.values_list("pk", flat=True))).delete()
    lost_question = Question.objects.order_by("date_created").first()
    lost_question.delete()
    lost_shipment = Shipment.objects.order_by("date_created").first()
    lost_shipment.delete()
    with box.world.lock:
        spoken_of = {one.item_id for one in (*box.world.orders.values(), *box.world.questions.values())}
        unsold = [item for item in box.world.items_of[CASA] if item.id not in spoken_of]
        silent, deleted = unsold[:2]
        silent.title = "A new title that moved no stamp"
        box.world.items_of[CASA].remove(deleted)
        del box.world.items[deleted.id]
    runs = run_all(start_sync(account, kind=RunKind.AUDIT))
    assert {(run.kind, run.status) for run in runs} == {("audit", "done")}
    changed = {run.scope: run.changed for run in runs}
    assert changed == {"orders": 3, "questions": 1, "shipments": 1, "items": 2}
    assert found_by_rereads([account]) == 7
    row = Item.objects.get(meli_id=deleted.id)
    assert (row.status, row.sub_status) == ("closed", ["deleted"])
    row.delete()
    assert differences(account, box) == []


def test_the_ledger_says_what_there_is_what_we_hold_and_since_when(
    shop: Organization, open_box: OpenBox
) -> None:
    account = connect(shop, open_box(orders=60, items=30, questions=30))
    run_all(start_sync(account, kind=RunKind.AUDIT))
    run_all(start_sync(account, kind=RunKind.INCREMENTAL))
    run_all(start_sync(account, kind=RunKind.AUDIT))
    shown = {one.run.scope: (one.run.total, one.run.done, one.run.kind) for one in ledger([account])}
    parcels = Order.objects.exclude(shipment_id="").values("shipment_id").distinct().count()
    assert shown == {
        "orders": (60, 60, "audit"),
        "items": (30, 30, "audit"),
        "questions": (30, 30, "audit"),
        "shipments": (parcels, parcels, "audit"),
    }
    assert all(timezone.now() - one.run.finished_at < timedelta(minutes=2) for one in ledger([account]))


def test_the_api_tells_an_audit_as_the_re_read_it_is() -> None:
    assert [SyncRun(kind=kind).public_kind for kind in RunKind] == [
        "backfill",
        "incremental",
        "manual",
        "incremental",
    ]


def test_an_audit_of_a_true_mirror_changes_nothing(shop: Organization, open_box: OpenBox) -> None:
    account = connect(shop, open_box(orders=60, items=30, questions=30))
    run_all(start_sync(account, kind=RunKind.BACKFILL))
    runs = run_all(start_sync(account, kind=RunKind.AUDIT))
    assert {run.changed for run in runs} == {0}


class TestNight:
    def test_audits_start_in_the_sellers_own_night(self, account: Account) -> None:
        assert start_due_audits(DAY) == []
        assert Counter(run.kind for run in start_due_audits(NIGHT)) == {"audit": 4}

    def test_night_is_where_the_seller_lives(self, account: Account, shop: Organization) -> None:
        mexico = make_account(shop, site_id="MLM")
        assert {run.account_id for run in start_due_audits(NIGHT)} == {account.pk}
        four_hours_later = {run.account_id for run in start_due_audits(NIGHT + timedelta(hours=4))}
        assert four_hours_later == {mexico.pk}

    def test_two_schedulers_start_one_audit(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(timezone, "now", lambda: NIGHT)
        audit_accounts()
        audit_accounts()
        assert SyncRun.objects.count() == 4

    def test_what_was_listed_as_a_whole_lately_needs_none(self, account: Account) -> None:
        for scope, kind, ago in (
            ("orders", RunKind.BACKFILL, CHECKED / 2),
            ("items", RunKind.AUDIT, CHECKED / 2),
            ("questions", RunKind.AUDIT, CHECKED * 1.1),
            ("shipments", RunKind.INCREMENTAL, CHECKED / 2),
        ):
            SyncRun.objects.create(
                account=account, scope=scope, kind=kind, status=RunStatus.DONE, created_at=NIGHT - ago
            )
        assert {run.scope for run in start_due_audits(NIGHT)} == {"questions", "shipments"}

    def test_a_failed_audit_is_tried_again_in_the_same_night(self, account: Account) -> None:
        start_due_audits(NIGHT)
        SyncRun.objects.update(status=RunStatus.FAILED, created_at=F("created_at"))
        assert len(start_due_audits(NIGHT + timedelta(minutes=30))) == 4

    @pytest.mark.parametrize("status", ["paused", "expired"])
    def test_a_resting_account_is_left_alone(self, account: Account, status: str) -> None:
        Account.objects.update(status=status)
        assert start_due_audits(NIGHT) == []
