"""Draining: each resource is read once however often it was named, and nothing is given up silently."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import Account, AccountStatus
from catalog.models import Item
from catalog.sync import ItemResource
from orders.models import Order
from painelml.meli import door
from painelml.sandbox import Sandbox
from painelml.sandbox.drills import Drills
from painelml.sync.models import SyncRun
from questions.models import Question
from shipments.models import Shipment
from webhooks import drain as draining
from webhooks.drain import drain
from webhooks.inbox import read_envelope, store
from webhooks.models import Notification

from .conftest import ANAS_SHOP, envelope

pytestmark = pytest.mark.django_db(transaction=True)


STORM, BURST = draining.STORM, draining.BURST


@pytest.fixture(autouse=True)
def _calm(shared_box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No storm by a test's own haste; no trouble left over from the test before."""
    monkeypatch.setattr(draining, "STORM", 10_000)
    monkeypatch.setattr(draining, "BURST", 10_000)
    yield
    shared_box.box.drills.__dict__.update(Drills().__dict__)


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client does not try again by itself."""
    monkeypatch.setattr(door, "Patience", partial(door.Patience, tries=1))


def tell(topic: str, resource: str, **fields: Any) -> None:
    store(read_envelope(envelope(topic, resource, **fields)))


def tell_orders(box: Sandbox, count: int, times: int = 1) -> list[str]:
    ids = list(box.truth(ANAS_SHOP, "orders"))[:count]
    for _ in range(times):
        for meli_id in ids:
            tell("orders_v2", f"/orders/{meli_id}")
    return ids


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Notification.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def test_a_notification_becomes_a_row(account: Account, box: Sandbox) -> None:
    (meli_id,) = tell_orders(box, 1)

    assert drain(account.meli_user_id) is None

    assert Order.objects.get().meli_id == meli_id
    event = Notification.objects.get()
    assert (event.state, event.outcome, event.attempts) == ("done", "created", 1)
    assert event.done_at >= event.created_at


def test_a_hundred_notifications_about_one_order_cost_one_reading(account: Account, box: Sandbox) -> None:
    tell_orders(box, 1, times=100)

    drain(account.meli_user_id)

    assert box.calls["GET /orders/{id}"] <= 2  # one in forty orders is told in parts and read once more
    assert states() == {"done": 100}


def test_twenty_items_are_read_in_one_call(account: Account, box: Sandbox) -> None:
    for meli_id in list(box.truth(ANAS_SHOP, "items"))[:20]:
        tell("items", f"/items/{meli_id}")

    drain(account.meli_user_id)

    assert box.calls["GET /items/bulk"] == 1
    assert Item.objects.count() == 20


def test_a_second_reading_without_news_says_unchanged(account: Account, box: Sandbox) -> None:
    tell_orders(box, 1)
    drain(account.meli_user_id)
    tell_orders(box, 1)
    drain(account.meli_user_id)

    assert list(Notification.objects.order_by("id").values_list("outcome", flat=True)) == [
        "created",
        "unchanged",
    ]


def test_money_comes_first(account: Account, box: Sandbox) -> None:
    tell("items", f"/items/{next(iter(box.truth(ANAS_SHOP, 'items')))}")
    tell("questions", f"/questions/{next(iter(box.truth(ANAS_SHOP, 'questions')))}")
    tell_orders(box, 1)

    drain(account.meli_user_id)

    in_turn = Notification.objects.order_by("done_at").values_list("kind", flat=True)
    assert list(in_turn) == ["orders", "questions", "items"]


def test_stock_of_a_user_product_reads_its_items(account: Account, box: Sandbox) -> None:
    ids = list(box.truth(ANAS_SHOP, "items"))[:2]
    for meli_id in ids:
        tell("items", f"/items/{meli_id}")
    drain(account.meli_user_id)
    Item.objects.filter(meli_id=ids[0]).update(user_product_id="MLBU3000000001", title="an old title")
    box.calls.clear()

    tell("stock-locations", "/user-products/MLBU3000000001/stock")
    tell("stock-locations", "/user-products/MLBU9999999999/stock")
    drain(account.meli_user_id)

    assert box.calls["GET /items/bulk"] == 1
    outcomes = (
        Notification.objects.filter(kind="user_products").order_by("id").values_list("outcome", flat=True)
    )
    assert list(outcomes) == ["unchanged", "unmirrored"]


def test_what_mercado_livre_does_not_have_is_done_as_gone(account: Account, box: Sandbox) -> None:
    tell("orders_v2", "/orders/2000999999999999")

    drain(account.meli_user_id)

    assert Notification.objects.get().outcome == "gone"


def test_what_belongs_to_another_seller_fails_at_once_in_words(account: Account, box: Sandbox) -> None:
    (theirs,) = list(box.truth(1876543210, "orders"))[:1]
    tell("orders_v2", f"/orders/{theirs}")

    drain(account.meli_user_id)

    event = Notification.objects.get()
    assert (event.state, event.attempts) == ("failed", 1)
    assert event.error
    assert not Order.objects.exists()


def test_a_passing_trouble_waits_longer_each_time_then_fails_in_words(
    account: Account, box: Sandbox, no_patience: None
) -> None:
    box.drills.error_rate, box.drills.errors = 1.0, ["5xx"]
    tell_orders(box, 1)
    waits = []
    for _ in range(draining.TRIES):
        Notification.objects.update(next_try_at=timezone.now())
        drain(account.meli_user_id)
        waits.append((Notification.objects.get().next_try_at - timezone.now()).total_seconds())

    event = Notification.objects.get()
    assert all(4 * 3**n * 0.8 < wait for n, wait in enumerate(waits[:7]))
    assert max(waits) < 8 * 3600
    assert (event.state, event.attempts) == ("failed", draining.TRIES)
    assert "Mercado Livre" in event.error
    assert account.access_token not in event.error


def test_after_the_trouble_the_waiting_event_is_applied(
    account: Account, box: Sandbox, no_patience: None
) -> None:
    box.drills.error_rate, box.drills.errors = 1.0, ["5xx"]
    tell_orders(box, 1)
    drain(account.meli_user_id)
    box.drills.error_rate = 0.0
    drain(account.meli_user_id)
    assert states() == {"pending": 1}, "it is not due yet"

    Notification.objects.update(next_try_at=timezone.now())
    drain(account.meli_user_id)

    assert states() == {"done": 1}
    assert Notification.objects.get().error == ""


def test_a_newer_event_settles_the_ones_that_wait_for_another_try(account: Account, box: Sandbox) -> None:
    (meli_id,) = tell_orders(box, 1)
    Notification.objects.update(attempts=3, next_try_at=timezone.now() + timedelta(hours=1))
    tell("orders_v2", f"/orders/{meli_id}")

    drain(account.meli_user_id)

    assert states() == {"done": 2}


def test_one_that_cannot_be_saved_keeps_no_other_back(
    account: Account, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = list(box.truth(ANAS_SHOP, "items"))[:5]
    for meli_id in ids:
        tell("items", f"/items/{meli_id}")
    understand = ItemResource.map

    def stumble(self: ItemResource, reading: Any) -> Any:
        if reading.payload["id"] == ids[2]:
            raise ValueError("a shape nobody has seen")
        return understand(self, reading)

    monkeypatch.setattr(ItemResource, "map", stumble)
    drain(account.meli_user_id)

    assert states() == {"done": 4, "pending": 1}
    left = Notification.objects.get(state="pending")
    assert left.target == ids[2]
    assert "ValueError" in left.error


def test_a_paused_account_keeps_its_events_and_applies_them_on_resume(account: Account, box: Sandbox) -> None:
    Account.objects.update(status=AccountStatus.PAUSED)
    tell_orders(box, 3)
    assert drain(account.meli_user_id) is None
    assert states() == {"pending": 3}
    assert not box.calls

    Account.objects.update(status=AccountStatus.ACTIVE)
    drain(account.meli_user_id)

    assert states() == {"done": 3}


def test_a_dead_grant_costs_no_attempt(account: Account, box: Sandbox) -> None:
    tell_orders(box, 2)
    box.control(revoke=ANAS_SHOP)

    drain(account.meli_user_id)

    account.refresh_from_db()
    assert account.status == AccountStatus.EXPIRED
    assert states() == {"pending": 2}
    assert set(Notification.objects.values_list("attempts", flat=True)) == {0}


def test_events_go_with_their_account(account: Account, other_account: Account, box: Sandbox) -> None:
    tell_orders(box, 1)
    tell("items", "/items/MLB1", user_id=1876543210)

    account.delete()

    assert Notification.objects.get().seller_id == other_account.meli_user_id


def test_what_arrived_while_the_account_was_removed_is_put_aside(account: Account, box: Sandbox) -> None:
    account.delete()
    tell_orders(box, 1)
    Notification.objects.update(state="pending")

    drain(str(ANAS_SHOP))

    event = Notification.objects.get()
    assert (event.state, event.outcome) == ("ignored", "unknown_seller")


def last_outcome() -> str:
    return Notification.objects.latest("id").outcome


def test_a_reading_that_began_later_covers_an_event(account: Account, box: Sandbox) -> None:
    (meli_id,) = tell_orders(box, 1)
    drain(account.meli_user_id)
    box.calls.clear()
    tell("orders_v2", f"/orders/{meli_id}")
    Order.objects.update(read_at=timezone.now() + draining.DETAIL_LAG * 2)

    drain(account.meli_user_id)

    assert last_outcome() == "covered"
    assert not box.calls


def test_what_may_be_from_a_listing_covers_only_what_is_clearly_older(account: Account, box: Sandbox) -> None:
    (meli_id,) = tell_orders(box, 1)
    drain(account.meli_user_id)
    began = timezone.now()
    SyncRun.objects.create(
        account=account, scope="orders", created_at=began, finished_at=began + timedelta(minutes=9)
    )
    for lag, outcome in ((draining.DETAIL_LAG, "unchanged"), (draining.SEARCH_LAG, "covered")):
        tell("orders_v2", f"/orders/{meli_id}")
        Order.objects.update(read_at=timezone.now() + lag * 2)
        drain(account.meli_user_id)
        assert last_outcome() == outcome


def test_old_news_that_arrives_late_is_not_read_again(account: Account, box: Sandbox) -> None:
    (meli_id,) = tell_orders(box, 1)
    drain(account.meli_user_id)
    box.calls.clear()
    now = timezone.now()

    tell(
        "orders_v2",
        f"/orders/{meli_id}",
        received=(now - timedelta(minutes=2)).isoformat(),
        sent=now.isoformat(),
    )
    drain(account.meli_user_id)

    assert last_outcome() == "covered"
    assert not box.calls


@pytest.mark.parametrize("skew", [timedelta(hours=-3), timedelta(hours=3)])
def test_clocks_that_differ_hide_no_news(account: Account, box: Sandbox, skew: timedelta) -> None:
    (meli_id,) = tell_orders(box, 1)
    drain(account.meli_user_id)
    there = (timezone.now() + skew).isoformat()

    tell("orders_v2", f"/orders/{meli_id}", received=there, sent=there)
    drain(account.meli_user_id)

    assert last_outcome() == "unchanged"


@pytest.mark.parametrize(
    "stamps",
    [
        {"received": None},
        {"sent": None},
        {"received": "2026-11-20T13:44:32.984Z", "sent": "2026-11-20T12:00:00Z"},
        {"received": "2026-11-20T09:44:32.984Z", "sent": "2026-11-20T12:44:33Z"},
    ],
    ids=["not received", "not sent", "sent before it was received", "sent hours later"],
)
def test_without_stamps_that_make_sense_an_event_is_news(
    account: Account, box: Sandbox, stamps: dict[str, Any]
) -> None:
    (meli_id,) = tell_orders(box, 1)
    drain(account.meli_user_id)

    tell("orders_v2", f"/orders/{meli_id}", **stamps)
    drain(account.meli_user_id)

    assert last_outcome() == "unchanged"


def test_a_shipment_that_came_with_its_order_is_not_read_again(account: Account, box: Sandbox) -> None:
    shipment = next(iter(box.truth(ANAS_SHOP, "shipments")))
    tell("shipments", f"/shipments/{shipment}")
    drain(account.meli_user_id)
    box.calls.clear()
    tell("shipments", f"/shipments/{shipment}")
    Shipment.objects.update(read_at=timezone.now() + draining.DETAIL_LAG * 2)

    drain(account.meli_user_id)

    assert last_outcome() == "covered"
    assert not box.calls


def test_what_another_drain_is_reading_for_is_left_to_it(account: Account, box: Sandbox) -> None:
    first, second = tell_orders(box, 2)
    soon = timezone.now() + timedelta(minutes=1)
    Notification.objects.filter(target=first).update(state="working", lease_owner="x", lease_until=soon)
    tell("orders_v2", f"/orders/{first}")

    drain(account.meli_user_id)

    assert states() == {"working": 1, "pending": 1, "done": 1}
    assert Order.objects.get().meli_id == second


def test_what_a_dead_drain_held_is_taken_over(account: Account, box: Sandbox) -> None:
    tell_orders(box, 1)
    Notification.objects.update(
        state="working", lease_owner="x", lease_until=timezone.now() - timedelta(seconds=1)
    )

    drain(account.meli_user_id)

    assert states() == {"done": 1}


def test_a_drain_that_lost_its_lease_settles_nothing(account: Account, box: Sandbox) -> None:
    tell_orders(box, 1)
    batch = draining.claim(account)
    Notification.objects.update(lease_owner="somebody else")

    draining.settle(batch, "created", batch.happened)

    assert states() == {"working": 1}


@pytest.mark.parametrize("workers", [2, 8])
def test_many_workers_read_each_order_once(workers: int, account: Account, box: Sandbox) -> None:
    ids = tell_orders(box, 45, times=3)
    box.drills.latency_ms = 5

    def work(_: int) -> None:
        try:
            drain(account.meli_user_id)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(work, range(workers)))

    assert states() == {"done": 135}
    assert set(Order.objects.values_list("meli_id", flat=True)) == set(ids)
    told_in_parts = len(ids) // 40 + 1
    assert len(ids) <= box.calls["GET /orders/{id}"] <= len(ids) + told_in_parts


def test_a_drain_with_more_than_a_batch_calls_another_to_help(
    account: Account, box: Sandbox, rung: list[str]
) -> None:
    tell_orders(box, draining.BATCH + 1)
    drain(account.meli_user_id)
    assert rung == [account.meli_user_id]


def test_one_sellers_flood_takes_two_workers_at_most(account: Account, box: Sandbox) -> None:
    tell_orders(box, 45)
    assert draining.claim(account)
    assert draining.claim(account)

    assert draining.claim(account) is None


def test_a_drain_asks_for_another_turn_when_its_time_is_up(account: Account, box: Sandbox) -> None:
    tell_orders(box, 1)

    assert drain(account.meli_user_id, seconds=0) == 0
    assert states() == {"pending": 1}


class TestStorm:
    """Events that arrive faster than single reads are allowed wait for the end of the flood."""

    @pytest.fixture(autouse=True)
    def _storm(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(draining, "STORM", STORM)

    def test_it_is_waited_out(self, account: Account, box: Sandbox) -> None:
        tell_orders(box, 20, times=4)
        Notification.objects.update(created_at=timezone.now())
        assert 0 < drain(account.meli_user_id) <= draining.STORM_WINDOW.total_seconds()
        assert not box.calls

        Notification.objects.update(created_at=timezone.now() - draining.STORM_WINDOW)
        assert drain(account.meli_user_id) is None

        assert states() == {"done": 80}
        assert box.calls["GET /orders/{id}"] <= 21

    def test_its_first_half_second_is_enough(
        self, account: Account, box: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(draining, "BURST", BURST)
        tell_orders(box, BURST)
        Notification.objects.update(created_at=timezone.now())
        assert 0 < drain(account.meli_user_id) <= draining.BURST_WINDOW.total_seconds()

        Notification.objects.update(created_at=timezone.now() - draining.BURST_WINDOW)
        assert drain(account.meli_user_id) is None

        assert states() == {"done": BURST}

    def test_what_was_settled_as_it_came_belongs_to_it(self, account: Account, box: Sandbox) -> None:
        tell_orders(box, 20)
        Notification.objects.update(created_at=timezone.now(), state="done")
        tell_orders(box, 1)

        assert drain(account.meli_user_id)
        assert not box.calls

    def test_nobody_waits_longer_than_the_patience(self, account: Account, box: Sandbox) -> None:
        tell_orders(box, 20, times=4)
        oldest = Notification.objects.earliest("id")
        Notification.objects.filter(pk=oldest.pk).update(created_at=timezone.now() - draining.STORM_PATIENCE)

        drain(account.meli_user_id, seconds=5)

        assert Notification.objects.get(pk=oldest.pk).state == "done"

    def test_another_seller_does_not_wait(
        self, account: Account, other_account: Account, box: Sandbox
    ) -> None:
        tell_orders(box, 20, times=4)
        question = next(iter(box.truth(1876543210, "questions")))
        tell("questions", f"/questions/{question}", user_id=1876543210)

        drain(other_account.meli_user_id)

        assert Question.objects.get().account == other_account
