"""One bad thing does not stand in the way of the rest: an odd row, a dead id, a lost page, a refusal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.connecting import disconnect
from accounts.models import Account, Organization
from catalog.models import Item
from orders.models import Order
from orders.sync import OrderResource
from painelml.meli import Client, NotAllowed, Priority, TryLater
from painelml.sync.actions import start_sync
from painelml.sync.engine import Reader, Worker, owe, postpone, work
from painelml.sync.models import PendingRead, RunKind, RunStatus, SyncStep
from painelml.sync.resource import Mapped, Reading, Want
from painelml.sync.tasks import resume_runs
from shipments.models import Shipment
from tests.sync.conftest import CASA, OpenBox, connect, run_all
from tests.sync.test_save import ITEM, ORDER, SHIPMENT
from webhooks.models import Notification

NOON = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.mark.django_db
class TestOddRows:
    def save(self, account: Account, name: str, *payloads: dict[str, Any]) -> None:
        reader = Reader(account, Priority.BACKFILL)
        reader.save(reader.resource(name), [Reading(payload) for payload in payloads], NOON)

    def test_a_row_that_cannot_be_saved_is_set_aside_and_the_others_are_kept(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        understand = OrderResource.map

        def stumble(resource: OrderResource, reading: Reading) -> Mapped:
            if reading.payload["id"] == 3:
                raise ValueError("a shape nobody has seen")
            return understand(resource, reading)

        monkeypatch.setattr(OrderResource, "map", stumble)
        self.save(account, "orders", {**ORDER, "id": 1}, {**ORDER, "id": 3}, {**ORDER, "id": 2})
        assert sorted(Order.objects.values_list("meli_id", flat=True)) == ["1", "2"]
        aside = PendingRead.objects.get(meli_id="3")
        assert aside.given_up
        assert "ValueError" in aside.error

    @pytest.mark.parametrize(
        "changes",
        [
            {"order_items": [{"item": "MLB1", "quantity": -3, "unit_price": Decimal(10) ** 14}]},
            {"order_items": [{**ORDER["order_items"][0], "quantity": 10**12}]},
            {"payments": [{"id": 1, "installments": -1, "transaction_amount": "1e99"}]},
            {"payments": [{"id": 1, "installments": 40_000}]},
            {"total_amount": Decimal(10) ** 14},
            {"cancel_detail": "because"},
            {"buyer": {"id": 5, "nickname": "half an emoji \ud83d"}},
            {"context": {"note": "null \x00 and half \udc00"}},
        ],
    )
    def test_odd_orders_are_saved_and_can_be_read_back(
        self, account: Account, changes: dict[str, Any]
    ) -> None:
        self.save(account, "orders", {**ORDER, **changes})
        order = Order.objects.prefetch_related("items", "payments").get()
        assert order.status == "paid"
        assert order.cancel_detail is None
        assert not PendingRead.objects.filter(given_up=True).exists()

    def test_variations_that_cannot_be_told_apart_count_once(self, account: Account) -> None:
        twice = {**ITEM["variations"][0], "available_quantity": 9}
        nameless = {"available_quantity": 1}
        self.save(account, "items", {**ITEM, "variations": [*ITEM["variations"], twice, nameless]})
        assert sorted(Item.objects.get().variations.values_list("meli_id", flat=True)) == [
            "180000000001",
            "180000000002",
        ]

    def test_an_address_that_is_a_word_is_no_address(self, account: Account) -> None:
        self.save(account, "shipments", {**SHIPMENT, "destination": None, "receiver_address": "Rua 1"})
        assert Shipment.objects.get().receiver_city == ""


@pytest.mark.django_db(transaction=True)
class TestDeadIds:
    def test_a_read_that_always_fails_is_given_up_in_the_end(self, account: Account) -> None:
        owe(account, [Want("orders", "1", NOON)])
        waits = []
        for _ in range(40):
            read = PendingRead.objects.get()
            if postpone(read, "no"):
                break
            waits.append(PendingRead.objects.get().next_try_at - timezone.now())
        assert PendingRead.objects.get().given_up
        assert waits == sorted(waits)
        assert waits[-1] <= timedelta(hours=6)

    def test_a_dead_id_does_not_keep_the_others_from_being_read(
        self, shop: Organization, open_box: OpenBox
    ) -> None:
        box = open_box(orders=10)
        account = connect(shop, box)
        owe(
            account,
            [
                Want("orders", "4", NOON),
                *[Want("orders", i, NOON) for i in map(str, box.truth(CASA, "orders"))],
            ],
        )
        (run,) = run_all(start_sync(account, "orders", kind=RunKind.BACKFILL))
        assert run.status == RunStatus.DONE
        assert not PendingRead.objects.filter(resource="orders", given_up=False).exists()

    def test_an_outage_makes_the_step_wait_and_loses_no_read(
        self, shop: Organization, open_box: OpenBox
    ) -> None:
        box = open_box(orders=30)
        account = connect(shop, box)
        ids = list(map(str, box.truth(CASA, "orders")))
        owe(account, [Want("orders", meli_id, NOON) for meli_id in ids])
        box.stop()
        reader = Reader(account, Priority.BACKFILL)
        with pytest.raises(TryLater):
            reader.read_owed(reader.resource("orders"), list(PendingRead.objects.all()[:5]))
        assert PendingRead.objects.filter(given_up=False).count() == len(ids)


@pytest.mark.django_db(transaction=True)
def test_a_scan_that_lost_a_page_with_its_worker_walks_once_more_and_only_once(
    shop: Organization, open_box: OpenBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from catalog import sync as item_sync

    monkeypatch.setattr(item_sync, "SCAN_PAGE", 10)
    box = open_box(orders=5, items=80)
    account = connect(shop, box)
    (run,) = start_sync(account, "items", kind=RunKind.BACKFILL)
    worker = Worker(run)
    worker.do(worker.claim(), until=float("inf"))  # the plan
    worker.do(worker.claim(), until=0)  # one page
    # A page was asked for and lost: the cursor counts fewer than were listed.
    scan = SyncStep.objects.get(run=run, name="scan")
    scan.cursor["met"] = 0
    scan.save()
    for _ in range(60):
        if (step := worker.claim()) is None:
            break
        worker.do(step, until=0)  # every turn resumes
    (run,) = run_all([run])
    assert run.status == RunStatus.DONE
    assert Item.objects.count() == 80
    assert box.calls["GET /users/{id}/items/search"] <= 2 * 9 + 3


@pytest.mark.django_db(transaction=True)
def test_a_refused_application_ends_the_run_and_keeps_what_is_owed(
    shop: Organization, open_box: OpenBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = connect(shop, open_box(orders=10))
    Account.objects.update(token_expires_at=timezone.now())
    monkeypatch.setattr(settings, "MELI_CLIENT_SECRET", "wrong")
    owe(account, [Want("orders", "1", NOON)])
    (run,) = run_all(start_sync(account, "orders", kind=RunKind.BACKFILL))
    assert run.status == RunStatus.FAILED
    assert not PendingRead.objects.get().given_up
    assert Account.objects.get().status == "error"


@pytest.mark.django_db(transaction=True)
def test_runs_of_an_expired_account_end(shop: Organization, open_box: OpenBox) -> None:
    account = connect(shop, open_box(orders=10))
    runs = start_sync(account)
    Account.objects.update(status="expired", last_sync_error="connect again")
    resume_runs()
    for run in runs:
        run.refresh_from_db()
        assert (run.status, run.error) == (RunStatus.FAILED, "connect again")


@pytest.mark.django_db(transaction=True)
def test_an_account_of_another_host_is_not_worked_on(
    shop: Organization, open_box: OpenBox, rung: list[int]
) -> None:
    account = connect(shop, open_box(orders=10))
    (run,) = start_sync(account, "orders")
    Account.objects.update(api_host="http://127.0.0.1:1")
    assert not Account.objects.working().exists()
    assert work(run.pk, 5) is False
    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    rung.clear()
    resume_runs()
    assert rung == []


@pytest.mark.django_db(transaction=True)
def test_one_refused_part_does_not_hold_back_a_shipment(
    shop: Organization, open_box: OpenBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(client: Client, shipment_id: str) -> None:
        raise NotAllowed("not for you", status=403)

    monkeypatch.setattr(Client, "shipment_history", refuse)
    account = connect(shop, open_box(orders=60))
    run_all(start_sync(account, kind=RunKind.BACKFILL))
    assert Shipment.objects.filter(status="delivered", date_delivered=None, cost__isnull=False).exists()


@pytest.mark.django_db
def test_events_go_with_the_account_they_were_for(shop: Organization, open_box: OpenBox) -> None:
    account = connect(shop, open_box(orders=5))
    Notification.objects.create(dedupe_key="1", topic="items", resource="/items/1", seller_id=str(CASA))
    disconnect(account, None)
    assert not Notification.objects.exists()
