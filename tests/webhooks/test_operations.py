"""The operations page, its JSON and its buttons."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, ApiUsage, Membership, Role, User
from webhooks import queries
from webhooks.models import Notification

from .conftest import STRANGER, Deliver, envelope

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana_in(ana: User) -> Client:
    client = Client()
    client.force_login(ana)
    return client


@pytest.fixture
def carla_in(carla: User) -> Client:
    client = Client()
    client.force_login(carla)
    return client


@pytest.fixture
def failed(account: Account, deliver: Deliver) -> Notification:
    deliver(envelope("orders_v2", "/orders/2000000000000001"))
    event = Notification.objects.get()
    event.state, event.error, event.attempts = "failed", "Mercado Livre could not answer.", 10
    event.save()
    return event


def shop_with_every_state(deliver: Deliver) -> None:
    for number, (state, topic) in enumerate(
        [("pending", "orders_v2"), ("done", "orders_v2"), ("failed", "items"), ("working", "items")]
    ):
        resource = f"/orders/200000000000000{number}" if topic == "orders_v2" else f"/items/MLB{number}"
        deliver(envelope(topic, resource))
        event = Notification.objects.latest("id")
        event.state = state
        event.done_at = event.created_at + timedelta(seconds=2)
        event.outcome = "updated" if state == "done" else ""
        event.save()
    deliver(envelope("messages", "4c0ffee1a35ac84f70a24af7360d24c7"))
    body = envelope()
    deliver(body)
    deliver(body)
    deliver(body)


def test_stats_add_up(account: Account, other_account: Account, deliver: Deliver, ana_in: Client) -> None:
    shop_with_every_state(deliver)
    deliver(envelope(user_id=STRANGER))
    deliver(envelope(user_id=int(other_account.meli_user_id)))
    Notification.objects.filter(state="pending").update(created_at=timezone.now() - timedelta(hours=1))

    stats = ana_in.get("/meli/webhooks/stats").json()

    assert stats["by_state"] == {"pending": 2, "working": 1, "done": 1, "ignored": 1, "failed": 1}
    assert stats["total"] == sum(stats["by_state"].values())
    assert stats["by_topic"]["orders_v2"]["pending"] == 2
    assert sum(sum(states.values()) for states in stats["by_topic"].values()) == stats["total"]
    assert stats["repeats"] == 2
    assert 3600 <= stats["oldest_pending_seconds"] < 3700
    assert stats["processing_seconds"] == {"p50": 2.0, "p95": 2.0, "p99": 2.0}


@pytest.mark.parametrize("number", [1, 2, 3, 10, 11, 40, 60])
def test_processing_times_are_those_of_the_latest_events(
    account: Account, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(queries, "MEASURED", 40)
    now, chance = timezone.now(), random.Random(number)
    events = [
        Notification(
            dedupe_key=str(position),
            topic="items",
            seller_id=account.meli_user_id,
            state="done" if position % 5 else "failed",
            created_at=now,
            done_at=now + timedelta(milliseconds=chance.choice([7, 1_000, 90_000, chance.randrange(10**8)])),
        )
        for position in range(1, number + 1)
    ]
    Notification.objects.bulk_create(events)
    done = [event for event in events if event.state == "done"][-40:]
    spans = sorted((event.done_at - event.created_at).total_seconds() for event in done)

    found = queries.processing_times(queries.events_of([account]).order_by())

    last = len(spans) - 1
    places = [round(share * last) for share in (0.5, 0.95, 0.99)]
    assert [found.p50, found.p95, found.p99] == [round(spans[place], 3) for place in places]


def test_stats_of_an_empty_inbox(account: Account, ana_in: Client) -> None:
    stats = ana_in.get("/meli/webhooks/stats").json()

    assert stats["total"] == 0
    assert stats["oldest_pending_seconds"] is None
    assert stats["processing_seconds"]["p95"] is None


def test_pending_lists_what_is_not_applied_with_the_reason(
    failed: Notification, deliver: Deliver, ana_in: Client
) -> None:
    deliver(envelope("messages", "4c0ffee1a35ac84f70a24af7360d24c7"))
    deliver(envelope())

    found = ana_in.get("/meli/webhooks/pending").json()["results"]

    assert [row["state"] for row in found] == ["pending", "failed"]
    assert found[1]["error"] == "Mercado Livre could not answer."
    assert found[1]["created_at"].endswith("Z")
    assert [row["id"] for row in ana_in.get("/meli/webhooks/pending?state=failed").json()["results"]] == [
        str(failed.pk)
    ]


def test_a_token_opens_the_json(failed: Notification, ana: User) -> None:
    given = Client().post(
        "/api/auth/token",
        {"email": ana.email, "password": "correct horse"},
        content_type="application/json",
    )
    bearer = {"Authorization": f"Bearer {given.json()['access']}"}

    assert Client().get("/meli/webhooks/stats", headers=bearer).json()["total"] == 1


@pytest.mark.parametrize("path", ["/meli/webhooks/stats", "/meli/webhooks/pending"])
def test_nobody_reads_without_a_login(path: str) -> None:
    assert Client().get(path).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/meli/webhooks/stats?color=red",
        "/meli/webhooks/pending?state=sleeping",
        "/meli/webhooks/pending?page_size=9999",
    ],
)
def test_unknown_parameters_are_refused(path: str, ana_in: Client) -> None:
    assert ana_in.get(path).status_code == 400


def test_carla_sees_nothing_of_anas(
    failed: Notification, account: Account, other_account: Account, carla_in: Client
) -> None:
    assert carla_in.get("/meli/webhooks/stats").json()["total"] == 0
    assert carla_in.get("/meli/webhooks/pending").json()["results"] == []
    assert carla_in.get(f"/meli/webhooks/stats?account_id={account.pk}").status_code == 404
    assert carla_in.get(f"/webhooks/?account_id={account.pk}").status_code == 404
    assert "2000000000000001" not in carla_in.get("/webhooks/").content.decode()
    assert carla_in.post(f"/webhooks/{failed.pk}/try-again/").status_code == 404
    carla_in.post("/webhooks/try-again/")
    failed.refresh_from_db()
    assert failed.state == "failed"


def test_the_page_tells_everything_on_one_screen(account: Account, deliver: Deliver, ana_in: Client) -> None:
    shop_with_every_state(deliver)
    ApiUsage.objects.create(
        account=account, hour=timezone.now(), endpoint="GET /orders/{id}", status=200, calls=7, seconds=0.7
    )

    page = ana_in.get("/webhooks/").content.decode()

    assert "GET /orders/{id}" in page
    assert "100&nbsp;ms" in page or "100 ms" in page
    assert "/orders/2000000000000001" in page
    assert "messages" in page


def test_an_empty_page_says_so(account: Account, ana_in: Client) -> None:
    assert ana_in.get("/webhooks/").status_code == 200
    assert ana_in.get("/webhooks/figures/").status_code == 200


def test_the_list_filters_by_state_topic_and_resource(
    account: Account, deliver: Deliver, ana_in: Client
) -> None:
    shop_with_every_state(deliver)
    part = {"HX-Request": "true"}

    def count(query: str) -> int:
        return ana_in.get(f"/webhooks/?{query}", headers=part).content.decode().count("<tr id=")

    assert count("") == 6
    assert count("state=failed") == 1
    assert count("topic=items") == 2
    assert count("q=MLB2") == 1
    assert count("source=missed_feed") == 0


def test_trying_again_puts_the_event_back_in_line(
    failed: Notification, ana_in: Client, rung: list[str]
) -> None:
    rung.clear()
    response = ana_in.post(f"/webhooks/{failed.pk}/try-again/")

    failed.refresh_from_db()
    assert response.status_code == 200
    assert (failed.state, failed.attempts, failed.error) == ("pending", 0, "")
    assert failed.next_try_at <= timezone.now()
    assert rung == [failed.seller_id]


def test_trying_all_again_keeps_to_the_filter(failed: Notification, deliver: Deliver, ana_in: Client) -> None:
    deliver(envelope("items", "/items/MLB7"))
    Notification.objects.update(state="failed")

    ana_in.post("/webhooks/try-again/?topic=items")

    assert dict(Notification.objects.values_list("topic", "state")) == {
        "orders_v2": "failed",
        "items": "pending",
    }


def test_what_is_done_cannot_be_tried_again(failed: Notification, ana_in: Client) -> None:
    Notification.objects.update(state="done")

    ana_in.post(f"/webhooks/{failed.pk}/try-again/")

    assert Notification.objects.get().state == "done"


def test_a_viewer_reads_and_changes_nothing(failed: Notification, ana: User, ana_in: Client) -> None:
    Membership.objects.filter(user=ana).update(role=Role.VIEWER)

    assert ana_in.get("/webhooks/").status_code == 200
    assert ana_in.post(f"/webhooks/{failed.pk}/try-again/").status_code == 403
    assert ana_in.post("/webhooks/try-again/").status_code == 403
    assert Notification.objects.get().state == "failed"


def test_looking_changes_nothing(failed: Notification, ana_in: Client) -> None:
    assert ana_in.get(f"/webhooks/{failed.pk}/try-again/").status_code == 405
    assert ana_in.get("/webhooks/try-again/").status_code == 405


def test_the_page_asks_the_same_number_of_questions_for_two_and_for_twenty_events(
    account: Account, deliver: Deliver, ana_in: Client, django_assert_num_queries
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def asked(events: int) -> int:
        for _ in range(events):
            deliver(envelope())
        with CaptureQueriesContext(
            connection,
        ) as queries:
            ana_in.get("/webhooks/")
        return len(queries)

    asked(1)
    assert asked(1) == asked(18)


def test_the_administrator_sees_strangers_too(deliver: Deliver) -> None:
    deliver(envelope(user_id=STRANGER))
    admin = User.objects.create_superuser("root@example.com", "correct horse")
    client = Client()
    client.force_login(admin)

    page = client.get("/admin/webhooks/notification/")

    assert page.status_code == 200
    assert str(STRANGER) in page.content.decode()
