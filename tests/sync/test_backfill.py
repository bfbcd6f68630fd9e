"""A backfill ends with rows equal to Mercado Livre's truth, whatever happened on the way, in few calls."""

from datetime import timedelta
from math import ceil

import pytest
from django.utils import timezone

from accounts.models import Organization, User
from orders import sync as order_sync
from orders.models import Order
from painelml.sandbox import Drills
from painelml.sync.actions import start_sync
from painelml.sync.models import PendingRead, RunKind, RunStatus
from tests.sync.conftest import AURORA, OpenBox, connect, run_all
from tests.sync.truth import differences, questions

pytestmark = pytest.mark.django_db(transaction=True)


def test_everything_of_two_sellers_is_mirrored_as_mercado_livre_has_it(
    shop: Organization, carla: User, open_box: OpenBox
) -> None:
    box = open_box(orders=400, items=120, questions=150)
    casa = connect(shop, box)
    aurora = connect(carla.organizations.get(), box, AURORA)
    runs = run_all(start_sync(casa, kind=RunKind.BACKFILL) + start_sync(aurora, kind=RunKind.BACKFILL))
    assert {run.status for run in runs} == {RunStatus.DONE}
    assert differences(casa, box) == []
    assert differences(aurora, box) == []
    assert {(run.scope, run.total == run.done) for run in runs} == {
        (scope, True) for scope in ("orders", "items", "questions", "shipments")
    }
    assert not PendingRead.objects.exists()


def test_failing_answers_cost_time_and_nothing_else(shop: Organization, open_box: OpenBox) -> None:
    drills = Drills(error_rate=0.05, errors=["429", "5xx", "drop"])
    box = open_box(orders=200, items=60, questions=60, drills=drills)
    account = connect(shop, box)
    runs = run_all(start_sync(account, kind=RunKind.BACKFILL), seconds=240)
    assert [(run.status, run.failed) for run in runs] == [(RunStatus.DONE, 0)] * 4
    assert differences(account, box) == []


def test_a_backfill_is_frugal(shop: Organization, open_box: OpenBox) -> None:
    box = open_box(orders=600, items=250, questions=60)
    account = connect(shop, box)
    run_all(start_sync(account, kind=RunKind.BACKFILL))
    calls = box.calls
    assert (
        calls["GET /users/{id}/items/search"] + calls["GET /items/bulk"]
        <= ceil(250 / 100) + ceil(250 / 20) + 3
    )
    assert calls["GET /orders/search"] <= 1.2 * ceil(600 / 50) + 20
    shipments = set(Order.objects.exclude(shipment_id="").values_list("shipment_id", flat=True))
    assert calls["GET /shipments/{id}"] == len(shipments)
    assert calls["GET /shipments/{id}/costs"] <= len(shipments)
    parcels = account.shipments.exclude(logistic_type="fulfillment").exclude(status="cancelled")
    judged = parcels.filter(date_created__gte=timezone.now() - timedelta(days=60)).count()
    assert account.shipments.to_dispatch().count() < judged
    assert judged <= calls["GET /shipments/{id}/sla"] <= judged + 20  # those of the last days of the window
    announced = sum("order_has_discount" in order.tags for order in Order.objects.all())
    assert calls["GET /orders/{id}/discounts"] == announced


def test_a_detail_is_read_only_where_its_search_row_lacks_something(
    shop: Organization, open_box: OpenBox
) -> None:
    box = open_box(orders=300)
    account = connect(shop, box)
    run_all(start_sync(account, "orders", kind=RunKind.BACKFILL))
    read = sum("detail" in order.parts for order in Order.objects.all())
    assert 0 < read < 250
    assert box.calls["GET /orders/{id}"] <= 1.1 * read


def test_many_orders_are_listed_in_windows_small_enough_for_the_ceiling(
    shop: Organization, open_box: OpenBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_sync, "WINDOW", 100)
    box = open_box(orders=900)
    account = connect(shop, box)
    (run,) = run_all(start_sync(account, "orders", kind=RunKind.BACKFILL))
    windows = run.steps.filter(name="window")
    assert windows.count() > 8
    assert max(step.expected for step in windows) <= 150
    assert Order.objects.count() == run.total == run.done == 900


def test_the_newest_sales_are_saved_first(shop: Organization, open_box: OpenBox) -> None:
    box = open_box(orders=800)
    account = connect(shop, box)
    (run,) = start_sync(account, "orders", kind=RunKind.BACKFILL)
    from painelml.sync.engine import Worker

    worker = Worker(run)
    worker.do(worker.claim(), until=float("inf"))  # the plan
    worker.do(worker.claim(), until=0)  # one page
    newest = sorted(
        order["date_created"] for order in box.truth(int(account.meli_user_id), "orders").values()
    )
    assert Order.objects.count() == 50
    assert sum(box.calls.values()) <= 5
    from painelml.meli import parse_instant

    assert Order.objects.earliest("date_created").date_created >= parse_instant(newest[-60])


def test_a_second_backfill_changes_nothing_and_reads_no_detail_again(
    shop: Organization, open_box: OpenBox
) -> None:
    box = open_box(orders=150, items=40, questions=40)
    account = connect(shop, box)
    run_all(start_sync(account, kind=RunKind.BACKFILL))
    before = dict(Order.objects.values_list("meli_id", "pk"))
    box.calls.clear()
    runs = run_all(start_sync(account, kind=RunKind.BACKFILL))
    assert dict(Order.objects.values_list("meli_id", "pk")) == before
    assert {run.changed for run in runs} == {0}
    assert box.calls["GET /orders/{id}"] == 0
    assert box.calls["GET /orders/{id}/discounts"] == 0


def test_the_days_of_a_run_limit_orders_and_not_items(shop: Organization, open_box: OpenBox) -> None:
    box = open_box(orders=400, items=40)
    account = connect(shop, box)
    runs = run_all(start_sync(account, kind=RunKind.MANUAL, days=30))
    assert 0 < Order.objects.count() < 200
    assert account.items.count() == 40
    assert Order.objects.earliest("date_created").date_created >= runs[0].since


def test_a_run_of_some_days_counts_what_it_covers(shop: Organization, open_box: OpenBox) -> None:
    account = connect(shop, open_box(orders=100, items=40, questions=150))
    runs = {run.scope: run for run in run_all(start_sync(account, kind=RunKind.MANUAL, days=30))}
    recent = account.questions.filter(date_created__gte=runs["questions"].since).count()
    assert 0 < recent < 150
    assert {scope: (run.status, run.done) for scope, run in runs.items()} == {
        scope: ("done", run.total) for scope, run in runs.items()
    }
    assert runs["questions"].total == recent


def test_the_same_scope_is_never_run_twice_at_once(shop: Organization, open_box: OpenBox) -> None:
    account = connect(shop, open_box(orders=10, items=5, questions=5))
    first = start_sync(account)
    assert [run.pk for run in start_sync(account)] == [run.pk for run in first]


def test_more_questions_than_offsets_reach_are_scanned(shop: Organization, open_box: OpenBox) -> None:
    box = open_box(orders=10, items=20, questions=1300)
    account = connect(shop, box)
    (run,) = run_all(start_sync(account, "questions", kind=RunKind.BACKFILL))
    assert run.status == RunStatus.DONE
    assert list(questions(account, box)) == []
    assert box.calls["GET /questions/search"] < 1300 / 50 + 20
