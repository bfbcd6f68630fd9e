"""The nets under the inbox: the bell, the sweep, the missed feeds, and what is thrown away."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
import time_machine
from celery.app.task import Task
from django.core.cache import cache
from django.utils import timezone

from accounts.models import Account, AccountStatus
from painelml.celery import app
from painelml.later import Later
from painelml.sandbox import Sandbox
from painelml.sandbox.drills import Drills
from webhooks import acks, bell, tasks, upkeep
from webhooks.drain import drain
from webhooks.inbox import read_envelope, store
from webhooks.models import Notification

from .conftest import ANAS_SHOP, STRANGER, Deliver, envelope

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple, float | None]]:
    """What was handed to the broker."""
    sent: list[tuple[str, tuple, float | None]] = []

    def publish(task: Task, args: tuple, **options: object) -> None:
        sent.append((task.name, tuple(args), options.get("countdown")))

    monkeypatch.setattr(Task, "apply_async", publish)
    return sent


class TestBell:
    def test_one_ring_waits_however_often_it_is_pressed(self, published: list) -> None:
        for _ in range(50):
            bell.call_worker("1987654321")
        bell.call_worker("1876543210")

        assert published == [
            ("webhooks.drain", ("1987654321",), None),
            ("webhooks.drain", ("1876543210",), None),
        ]

    def test_once_a_worker_came_the_next_event_rings_again(self, published: list) -> None:
        bell.call_worker("1987654321")
        bell.answered("1987654321")
        bell.call_worker("1987654321")

        assert len(published) == 2

    def test_a_broker_that_refuses_leaves_no_ring_behind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise ConnectionError

        monkeypatch.setattr(Task, "apply_async", refuse)
        with pytest.raises(ConnectionError):
            bell.call_worker("1987654321")

        assert cache.get(bell.waiting("1987654321")) is None

    def test_a_storm_asks_for_a_later_turn(self, published: list, account: Account, box: Sandbox) -> None:
        ids = list(box.truth(ANAS_SHOP, "orders"))[:70]
        with time_machine.travel(timezone.now(), tick=False):
            for meli_id in ids:
                store(read_envelope(envelope("orders_v2", f"/orders/{meli_id}")))
            tasks.drain_account(account.meli_user_id)

        assert published == [("webhooks.drain", (account.meli_user_id,), 1.0)]
        assert not box.calls


class TestLater:
    def test_who_adds_never_waits_and_nothing_is_delivered_twice(self) -> None:
        delivered: Counter[str] = Counter()

        def deliver(gathered: Counter[str]) -> None:
            time.sleep(0.02)
            delivered.update(gathered)

        later = Later(deliver, pause_s=0)
        began = time.perf_counter()
        for _ in range(1000):
            later.add("a", "b")
        assert time.perf_counter() - began < 0.5
        wait_for(lambda: delivered.total() == 2000)
        assert delivered == {"a": 1000, "b": 1000}

    def test_what_could_not_be_delivered_is_tried_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Later, "FAILED_PAUSE_S", 0.01)
        tries: list[Counter[str]] = []

        def deliver(gathered: Counter[str]) -> None:
            tries.append(gathered)
            if len(tries) < 3:
                raise ConnectionError

        Later(deliver, pause_s=0).add("a")
        wait_for(lambda: len(tries) == 3)
        assert tries[-1] == {"a": 1}

    def test_the_end_cuts_off_no_delivery_and_delivers_the_rest(self) -> None:
        began, may_end = Event(), Event()
        delivered: Counter[str] = Counter()

        def hand_over(gathered: Counter[str]) -> None:
            began.set()
            assert may_end.wait(5)
            delivered.update(gathered)

        later = Later(hand_over, pause_s=60)
        later.add("a")
        assert began.wait(5)
        later.add("b")
        with ThreadPoolExecutor(1) as pool:
            end = pool.submit(later.close)
            wait_for(later._is_over.is_set)
            assert not delivered
            may_end.set()
            end.result(timeout=5)
        assert delivered == {"a": 1, "b": 1}
        assert "later-hand_over" not in {thread.name for thread in threading.enumerate()}


def wait_for(condition, seconds: float = 5) -> None:  # type: ignore[no-untyped-def]
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


class TestSweep:
    def test_it_rings_for_what_is_due_and_for_what_a_dead_worker_held(
        self, account: Account, other_account: Account, published: list, deliver: Deliver
    ) -> None:
        deliver(envelope())
        deliver(envelope(user_id=int(other_account.meli_user_id)))
        Notification.objects.filter(seller_id=other_account.meli_user_id).update(
            state="working", lease_until=timezone.now() - timedelta(seconds=1)
        )

        tasks.sweep()

        assert {args for _name, args, _wait in published} == {
            (account.meli_user_id,),
            (other_account.meli_user_id,),
        }

    @pytest.mark.parametrize("status", [AccountStatus.PAUSED, AccountStatus.EXPIRED])
    def test_it_lets_resting_accounts_rest(
        self, status: str, account: Account, published: list, deliver: Deliver
    ) -> None:
        deliver(envelope())
        Account.objects.update(status=status)

        tasks.sweep()

        assert not published

    def test_it_waits_until_a_retry_is_due(self, account: Account, published: list, deliver: Deliver) -> None:
        deliver(envelope())
        Notification.objects.update(next_try_at=timezone.now() + timedelta(minutes=1))

        tasks.sweep()

        assert not published


class TestMissedFeeds:
    @pytest.fixture(autouse=True)
    def _nobody_listens(self, shared_box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Everything Mercado Livre tells is missed and ends in the feed."""
        notifier = shared_box.box.notifier
        monkeypatch.setattr(notifier, "callback", "http://127.0.0.1:9/meli/webhooks")
        shared_box.box.drills.missed = 1.0
        notifier.missed.clear()
        yield
        notifier.missed.clear()
        shared_box.box.drills.__dict__.update(Drills().__dict__)

    def test_what_could_not_be_delivered_is_found_and_applied(
        self, account: Account, box: Sandbox, published: list
    ) -> None:
        box.control(sell=45, seller=ANAS_SHOP)
        missed = len(box.box.notifier.missed)
        assert missed > upkeep.FEED_PAGE, "the feed has several pages"

        tasks.read_missed_feeds()
        assert published == [("webhooks.drain", (account.meli_user_id,), None)]
        assert Notification.objects.filter(source="missed_feed").count() == missed

        drain(account.meli_user_id, seconds=60)
        open_ones = Notification.objects.exclude(state__in=["done", "ignored"])
        assert not open_ones.exists()
        assert Notification.objects.filter(outcome="created").exists()

    def test_reading_the_same_feed_again_changes_nothing(
        self, account: Account, box: Sandbox, published: list
    ) -> None:
        box.control(sell=3, seller=ANAS_SHOP)
        upkeep.fetch_missed_feeds()
        before = list(Notification.objects.order_by("id").values())

        assert upkeep.fetch_missed_feeds() == set()
        assert list(Notification.objects.order_by("id").values()) == before

    def test_what_arrived_after_all_is_not_taken_twice(self, account: Account, box: Sandbox) -> None:
        box.control(sell=1, seller=ANAS_SHOP)
        entry = box.box.notifier.missed_feeds()[0]
        sent = {name: entry[name] for name in entry if name not in ("request", "response")}
        arrived = read_envelope({**sent, "attempts": 1})
        store(arrived)

        upkeep.fetch_missed_feeds()

        twin = Notification.objects.get(dedupe_key=arrived.dedupe_key)
        assert (twin.source, twin.repeats) == ("webhook", 0)

    def test_sellers_of_other_panels_stay_out(self, account: Account, box: Sandbox) -> None:
        box.grant(1876543210)
        box.control(sell=2, seller=1876543210)

        upkeep.fetch_missed_feeds()

        assert not Notification.objects.exclude(seller_id=account.meli_user_id).exists()

    def test_an_empty_feed_costs_one_call(self, account: Account, box: Sandbox) -> None:
        assert upkeep.fetch_missed_feeds() == set()
        assert box.calls["GET /missed_feeds"] == 1

    def test_one_account_in_trouble_keeps_no_other_back(
        self, account: Account, other_account: Account, box: Sandbox
    ) -> None:
        box.control(sell=1, seller=1876543210)
        Account.objects.filter(pk=account.pk).update(api_host="https://api.mercadolibre.com")

        assert other_account.meli_user_id in upkeep.fetch_missed_feeds()


def test_old_events_go_when_their_time_has_come(account: Account, deliver: Deliver, settings) -> None:
    settings.NOTIFICATION_DAYS_KEPT = {"done": 14, "ignored": 3, "failed": 90}
    for state, days in [
        ("done", 15),
        ("done", 13),
        ("ignored", 4),
        ("ignored", 2),
        ("failed", 91),
        ("pending", 400),
    ]:
        deliver(envelope())
        event = Notification.objects.latest("id")
        Notification.objects.filter(pk=event.pk).update(
            state=state, created_at=timezone.now() - timedelta(days=days)
        )

    tasks.delete_old_events()

    assert list(Notification.objects.order_by("id").values_list("state", flat=True)) == [
        "done",
        "ignored",
        "pending",
    ]


def test_the_answers_are_counted(deliver: Deliver, account: Account) -> None:
    acks._answers.flush()  # what the tests before have left
    before = acks.latest()
    deliver(envelope())
    deliver(envelope(user_id=STRANGER))
    deliver(b"garbage")
    acks._answers.flush()

    counted = acks.latest()

    assert counted[200].total() - before[200].total() == 2
    assert counted[400].total() - before[400].total() == 1
    assert acks.percentile(counted[200], 0.5) in acks.BOUNDS_MS
    assert acks.percentile(counted[503], 0.5) is None


def test_percentiles_are_the_bound_most_stayed_under() -> None:
    counted = Counter({1: 50, 5: 45, 100: 5})

    assert [acks.percentile(counted, share) for share in (0.5, 0.95, 0.99)] == [1, 5, 100]


def test_the_schedule_knows_these_tasks() -> None:
    from painelml.sync.schedule import JOBS

    ours = {job.task for job in JOBS if job.task.startswith("webhooks.")}
    assert {"webhooks.sweep", "webhooks.missed_feeds", "webhooks.cleanup"} <= ours
    assert ours <= set(app.tasks)
