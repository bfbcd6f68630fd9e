"""A storm through the whole production path; afterwards the rows equal the truth and little was read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal

import pytest

from accounts.models import Account
from catalog.models import Item
from orders.models import Order
from painelml.sandbox import Sandbox
from painelml.sandbox.drills import Drills
from questions.models import Question
from tests import processes
from webhooks.models import Notification

pytestmark = pytest.mark.django_db(transaction=True)

WORKER = ("celery", "-A", "painelml", "worker", "--pool", "threads", "--concurrency", "4")


@pytest.fixture
def panel(account: Account, other_account: Account, box: Sandbox) -> Iterator[int]:
    """A web server and two workers; Mercado Livre calls the server back."""
    callback = box.box.notifier.callback
    with ExitStack() as stack:
        port = stack.enter_context(processes.web())
        for _ in range(2):
            stack.enter_context(processes.running(*WORKER, ready=lambda: True, LOG_LEVEL="ERROR"))
        box.control(callback=f"http://127.0.0.1:{port}/meli/webhooks", speed=20)
        yield port
        box.control(callback=callback, speed=1)
        box.box.drills.__dict__.update(Drills().__dict__)


def all_is_settled() -> bool:
    return Notification.objects.exists() and not Notification.objects.open().exists()


def test_after_the_storm_every_row_equals_the_truth(
    panel: int, account: Account, other_account: Account, box: Sandbox
) -> None:
    box.drills.duplicates, box.drills.reorder, box.drills.garbage = 0.3, 0.3, 0.02
    for seller in (account, other_account):
        seller_id = int(seller.meli_user_id)
        box.control(sell=30, seller=seller_id)
        box.control(change_items=60, ask=15, move=30, seller=seller_id)
    assert box.wait_until_told(60)

    processes.until(all_is_settled, 90)

    for seller in (account, other_account):
        assert_rows_equal_truth(seller, box)
    told = Notification.objects.filter(seller_id__in=[account.meli_user_id, other_account.meli_user_id])
    assert not told.filter(state="failed").exists()
    assert_frugal(box)


def assert_rows_equal_truth(account: Account, box: Sandbox) -> None:
    seller_id = int(account.meli_user_id)
    named = {
        kind: set(
            Notification.objects.filter(seller_id=seller_id, kind=kind).values_list("target", flat=True)
        )
        for kind in ("orders", "items", "questions")
    }
    orders, items = box.truth(seller_id, "orders"), box.truth(seller_id, "items")
    questions = box.truth(seller_id, "questions")
    rows = Order.objects.filter(account=account)
    assert named["orders"] <= set(rows.values_list("meli_id", flat=True))
    for row in rows:
        assert (row.status, row.total_amount) == (
            orders[row.meli_id]["status"],
            Decimal(str(orders[row.meli_id]["total_amount"])),
        )
    held = Item.objects.filter(account=account)
    assert named["items"] <= set(held.values_list("meli_id", flat=True))
    for row in held:
        truth = items[row.meli_id]
        assert (row.status, row.available_quantity) == (truth["status"], truth["available_quantity"])
    asked = Question.objects.filter(account=account)
    assert named["questions"] == set(asked.values_list("meli_id", flat=True))
    assert {row.meli_id: row.status for row in asked} == {
        row.meli_id: questions[row.meli_id]["status"] for row in asked
    }


def assert_frugal(box: Sandbox) -> None:
    """However often a resource was named, it was read about once: the flood was waited out."""
    distinct = {
        kind: Notification.objects.filter(kind=kind).values("seller_id", "target").distinct().count()
        for kind in ("orders", "questions", "items")
    }
    assert box.calls["GET /orders/{id}"] <= 1.1 * distinct["orders"] + 2
    assert box.calls["GET /questions/{id}"] <= 1.1 * distinct["questions"] + 2
    assert box.calls["GET /items/bulk"] <= distinct["items"] / 10 + 2
