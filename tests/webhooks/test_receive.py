"""`POST /meli/webhooks`: every spelling is understood, every event kept once, strangers kept small."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network

import psycopg
import pytest
from django.db import connection
from django.test import Client

from accounts.models import Account
from webhooks import inbox
from webhooks.models import Notification

from .conftest import STRANGER, Deliver, envelope

pytestmark = pytest.mark.django_db


def test_an_event_is_kept_whole_and_its_seller_rung_for(
    account: Account, deliver: Deliver, rung: list[str]
) -> None:
    assert deliver(envelope("orders_v2", "/orders/2000009876543210")) == 200

    kept = Notification.objects.get()
    assert (kept.topic, kept.resource, kept.seller_id) == (
        "orders_v2",
        "/orders/2000009876543210",
        account.meli_user_id,
    )
    assert (kept.kind, kept.target, kept.state) == ("orders", "2000009876543210", "pending")
    assert kept.received == datetime(2026, 11, 20, 13, 44, 32, 984000, UTC)
    assert kept.application_id == "1122334455667788"
    assert rung == [account.meli_user_id]


def without(body: dict, *names: str) -> dict:
    return {name: value for name, value in body.items() if name not in names}


SPELLINGS = {
    "with _id": envelope(),
    "with id, as typed topics": {**without(envelope(), "_id"), "id": "0c7b5a2e", "actions": ["created"]},
    "with a number as id": envelope(_id=77),
    "with neither": without(envelope(), "_id"),
    "user_id in quotes": envelope(user_id="1987654321"),
    "user_id with a fraction": envelope(user_id=1987654321.0),
    "application_id in quotes": envelope(application_id="1122334455667788"),
    "recieved": {**without(envelope(), "received"), "recieved": "2026-11-20T13:44:32.984Z"},
    "nanoseconds": envelope(received="2026-11-20T13:44:32.984123456Z"),
    "an offset": envelope(received="2026-11-20T09:44:32.984-04:00"),
    "no slash": envelope(resource="orders/2000000000000001"),
    "a slash too many": envelope(resource="/orders/2000000000000001/"),
    "only what is needed": {
        "user_id": 1987654321,
        "topic": "orders_v2",
        "resource": "/orders/2000000000000001",
    },
    "more than is known": envelope(attempts=5, surprise={"deep": [1, 2]}),
}


@pytest.mark.parametrize("body", SPELLINGS.values(), ids=SPELLINGS)
def test_every_known_spelling_points_to_the_same_order(
    body: dict, account: Account, deliver: Deliver
) -> None:
    assert deliver(body) == 200

    kept = Notification.objects.get()
    assert (kept.seller_id, kept.kind, kept.target) == ("1987654321", "orders", "2000000000000001")
    assert kept.state == "pending"
    if "rec" in str(body):
        assert kept.received.replace(microsecond=0) == datetime(2026, 11, 20, 13, 44, 32, tzinfo=UTC)


POINTED_AT = [
    ("items", "/items/MLB4100200300", ("items", "MLB4100200300")),
    ("items_prices", "/items/MLB4100200300/prices", ("items", "MLB4100200300")),
    ("questions", "/questions/13500000001", ("questions", "13500000001")),
    ("shipments", "/shipments/45000000001", ("shipments", "45000000001")),
    ("orders_feedback", "/orders/2000000000000001/feedback", ("orders", "2000000000000001")),
    ("orders", "/orders/2000000000000001", ("orders", "2000000000000001")),
    ("flex-handshakes", "/flex/sites/MLB/shipments/45000000001/assignment/v1", ("shipments", "45000000001")),
    ("stock-locations", "/user-products/MLBU3000000001/stock", ("user_products", "MLBU3000000001")),
    ("stock-location", "/user-products/MLBU3000000001/stock", ("user_products", "MLBU3000000001")),
    ("stock_locations", "user-products/MLBU3000000001/stock", ("user_products", "MLBU3000000001")),
]


@pytest.mark.parametrize(("topic", "resource", "target"), POINTED_AT)
def test_a_topic_leads_to_the_resource_we_mirror(
    topic: str, resource: str, target: tuple[str, str], account: Account, deliver: Deliver
) -> None:
    deliver(envelope(topic, resource))

    kept = Notification.objects.get()
    assert (kept.kind, kept.target) == target
    assert kept.state == "pending"


UNMIRRORED = [
    ("messages", "4c0ffee1a35ac84f70a24af7360d24c7"),
    ("post_purchase", "post-purchase/v1/claims/5123456789"),
    ("price_suggestion", "suggestions/items/MLB4100200300/details"),
    ("payments", "/collections/90123456789"),
    ("a topic of tomorrow", "/tomorrow/1"),
    ("orders_v2", "/items/MLB4100200300"),
    ("items", "/items/MLB4100200300?access_token=1"),
    ("items", "/items/MLB4100200300%2f%2e%2e%2fusers"),
]


@pytest.mark.parametrize(("topic", "resource"), UNMIRRORED)
def test_what_we_do_not_mirror_is_acknowledged_and_ignored(
    topic: str, resource: str, account: Account, deliver: Deliver, rung: list[str]
) -> None:
    assert deliver(envelope(topic, resource)) == 200

    kept = Notification.objects.get()
    assert (kept.topic, kept.state, kept.outcome) == (topic, "ignored", "unmirrored")
    assert not rung


def test_a_repeat_only_counts_on_the_known_event(account: Account, deliver: Deliver) -> None:
    body = envelope()
    deliver(body)
    assert deliver({**body, "attempts": 2, "sent": "2026-11-20T13:50:00.000Z"}) == 200

    kept = Notification.objects.get()
    assert kept.repeats == 1
    assert kept.sent == datetime(2026, 11, 20, 13, 44, 33, 6000, UTC)


def test_without_an_id_the_moment_it_happened_tells_a_repeat(account: Account, deliver: Deliver) -> None:
    body = without(envelope(), "_id")
    deliver(body)
    deliver({**body, "attempts": 2, "sent": "2026-11-20T13:50:00.000Z"})
    deliver({**body, "received": "2026-11-20T13:59:00.000Z"})

    assert sorted(Notification.objects.values_list("repeats", flat=True)) == [0, 1]


def test_without_id_and_times_every_event_is_news(account: Account, deliver: Deliver) -> None:
    bare = without(envelope(), "_id", "sent", "received")
    deliver(bare)
    deliver(bare)

    assert list(Notification.objects.values_list("repeats", flat=True)) == [0, 0]


def test_one_id_used_for_two_resources_is_two_events(account: Account, deliver: Deliver) -> None:
    deliver(envelope(_id="same", resource="/orders/2000000000000001"))
    deliver(envelope(_id="same", resource="/orders/2000000000000002"))

    assert Notification.objects.count() == 2


GARBAGE = {
    "nothing": b"",
    "not JSON": b"<html>",
    "not UTF-8": b'{"topic": "\xff\xfe"}',
    "half a body": b'{"topic": "orders_v2", "resource": "/ord',
    "a list": b"[]",
    "a number": b"7",
    "too deep": b"[" * 60_000,
    "a number too long": b'{"topic": "a", "resource": "/b", "user_id": ' + b"9" * 5000 + b"}",
    "no topic": without(envelope(), "topic"),
    "no resource": without(envelope(), "resource"),
    "an empty topic": envelope(topic="  "),
    "a topic that is no text": envelope(topic=["orders_v2"]),
    "a topic without end": envelope(topic="a" * 61),
    "a resource without end": envelope(resource="/" + "a" * 200),
    "a NUL": envelope(resource="/orders/1\x00"),
    "half a character": b'{"topic": "\\ud800", "resource": "/orders/1", "user_id": 1987654321}',
    "an address": envelope(resource="https://evil.example/orders/2000000000000001"),
    "an address without a scheme": envelope(resource="//evil.example/orders/1"),
    "a way up": envelope(resource="/orders/../users/me"),
    "a way up on Windows": envelope(resource="/orders\\1"),
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_what_is_no_notification_is_refused_and_not_kept(
    body: bytes | dict, account: Account, deliver: Deliver, rung: list[str]
) -> None:
    assert deliver(body) == 400

    assert not Notification.objects.exists()
    assert not rung


@pytest.mark.parametrize("user_id", [None, "", "not a number", [1], {}, True, "9" * 40, -1])
def test_without_a_seller_it_is_acknowledged_and_ignored(
    user_id: object, account: Account, deliver: Deliver
) -> None:
    assert deliver(envelope(user_id=user_id)) == 200

    assert Notification.objects.get().outcome == "unknown_seller"


def test_a_body_above_64_kib_is_refused(account: Account, deliver: Deliver) -> None:
    assert deliver(envelope(padding="x" * 64 * 1024)) == 413
    assert deliver(envelope(padding="x" * 63 * 1024)) == 200


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
def test_other_methods_are_refused(method: str) -> None:
    response = getattr(Client(), method)("/meli/webhooks")

    assert response.status_code == 405
    assert response["Allow"] == "POST"


def test_no_token_of_ours_is_asked_for() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/meli/webhooks", envelope(), content_type="application/json")

    assert response.status_code == 200


def test_it_is_answered_before_anything_pages_need(account: Account, deliver: Deliver) -> None:
    assert deliver(envelope(), HTTP_HOST="behind-the-proxy", HTTP_ACCEPT_LANGUAGE="es") == 200
    response = Client().post("/meli/webhooks", envelope(), content_type="application/json")
    assert not {"Content-Security-Policy", "Content-Language", "Set-Cookie"} & set(response.headers)


def test_a_seller_nobody_connected_is_ignored(account: Account, deliver: Deliver, rung: list[str]) -> None:
    assert deliver(envelope(user_id=STRANGER)) == 200

    kept = Notification.objects.get()
    assert (kept.state, kept.outcome) == ("ignored", "unknown_seller")
    assert not rung


def test_strangers_fill_only_so_much_and_keep_nobody_out(
    account: Account, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "IGNORED_KEPT", 3)
    inbox.insert.cache_clear()
    statuses = {deliver(envelope(user_id=STRANGER)) for _ in range(5)}
    deliver(envelope())
    inbox.insert.cache_clear()

    assert statuses == {200}
    assert Notification.objects.filter(state="ignored").count() == 3
    assert Notification.objects.filter(state="pending").count() == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connection to lose")
@pytest.mark.django_db(transaction=True)
def test_a_connection_the_database_closed_costs_no_event(account: Account, deliver: Deliver) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    own = connection.settings_dict
    with psycopg.connect(
        dbname=own["NAME"], user=own["USER"], host=own["HOST"], port=own["PORT"], autocommit=True
    ) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])

    assert deliver(envelope()) == 200
    assert Notification.objects.get().repeats == 0


def test_one_event_costs_one_query(account: Account, deliver: Deliver, django_assert_num_queries) -> None:
    deliver(envelope())
    with django_assert_num_queries(1):
        deliver(envelope())


class TestAllowedAddresses:
    @pytest.fixture(autouse=True)
    def _allow_list(self, settings) -> None:
        settings.MELI_WEBHOOK_IPS = (ip_network("54.88.218.97/32"), ip_network("2001:db8::/32"))

    @pytest.mark.parametrize(
        ("proxies", "peer", "forwarded", "status"),
        [
            (0, "54.88.218.97", "", 200),
            (0, "2001:db8::7", "", 200),
            (0, "203.0.113.9", "", 403),
            (0, "203.0.113.9", "54.88.218.97", 403),
            (1, "10.0.0.2", "54.88.218.97", 200),
            (1, "10.0.0.2", "54.88.218.97, 203.0.113.9", 403),
            (1, "10.0.0.2", "203.0.113.9, 54.88.218.97", 200),
            (2, "10.0.0.2", "203.0.113.9, 54.88.218.97, 10.0.0.1", 200),
            (1, "10.0.0.2", "not an address", 403),
        ],
    )
    def test_the_callers_own_address_decides(
        self,
        proxies: int,
        peer: str,
        forwarded: str,
        status: int,
        account: Account,
        deliver: Deliver,
        settings,
    ) -> None:
        settings.PROXY_COUNT = proxies
        headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}

        assert deliver(envelope(), REMOTE_ADDR=peer, **headers) == status
        assert Notification.objects.count() == (status == 200)
