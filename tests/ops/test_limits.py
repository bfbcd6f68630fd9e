"""Who is held back, over HTTP and behind a proxy: strangers, and never a notification of a seller we know."""

from __future__ import annotations

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from accounts.models import Account, Organization
from tests import processes
from tests.factories import make_account
from tests.ops.conftest import ask, notification
from webhooks.inbox import IGNORED_KEPT
from webhooks.models import Notification, NotificationState, Outcome

pytestmark = pytest.mark.django_db(transaction=True)

STRANGER = 4040404040
HOOK = "/meli/webhooks"


@pytest.fixture
def account(shop: Organization) -> Account:
    return make_account(shop)


def through_proxy(*hops: str) -> dict[str, str]:
    """Return what reaches us from a caller who wrote all but the last hop; that one the proxy added."""
    return {"X-Forwarded-For": ", ".join(hops)}


def test_a_flood_of_strangers_fills_no_table_and_keeps_no_known_seller_out(account: Account) -> None:
    Notification.objects.bulk_create(
        Notification(dedupe_key=f"stranger {number}", topic="items", resource="/items/MLB1",
                     seller_id=str(STRANGER), state=NotificationState.IGNORED, outcome=Outcome.UNKNOWN_SELLER)
        for number in range(IGNORED_KEPT)
    )  # fmt: skip
    strangers, known = itertools.count(1), itertools.count(10_000)

    with processes.web(PROXY_COUNT="1") as port, ThreadPoolExecutor(8) as senders:

        def knock(number: int) -> tuple[str, int]:
            """Every third is a real one; all come through one address, as Mercado Livre's do."""
            whose = "known" if number % 3 == 0 else "stranger"
            body = notification(account, str(2 * 10**15 + number), next(known))
            if whose == "stranger":
                body |= {"user_id": STRANGER, "_id": f"stranger-{next(strangers)}"}
            return whose, ask(port, HOOK, "POST", body, through_proxy("198.51.100.9"))[0]

        answers = Counter(senders.map(knock, range(600)))
        assert ask(port, HOOK, "POST", "x" * 65_537, through_proxy("198.51.100.9"))[0] == 413

    assert answers == {("known", 200): 200, ("stranger", 200): 400}
    assert Notification.objects.filter(seller_id=STRANGER).count() == IGNORED_KEPT
    ours = Notification.objects.filter(seller_id=account.meli_user_id)
    assert set(ours.values_list("state", "repeats")) == {("pending", 0)}
    assert ours.count() == 200


def test_the_list_of_allowed_networks_believes_the_proxy_and_nobody_else(account: Account) -> None:
    numbers = itertools.count(1)

    def knock(port: int, headers: dict[str, str]) -> int:
        return ask(port, HOOK, "POST", notification(account, "2000000000000001", next(numbers)), headers)[0]

    with processes.web(PROXY_COUNT="1", MELI_WEBHOOK_IPS="203.0.113.0/24") as port:
        assert knock(port, through_proxy("203.0.113.7")) == 200
        assert knock(port, through_proxy("10.9.9.9", "203.0.113.7")) == 200
        assert knock(port, through_proxy("203.0.113.7", "198.51.100.9")) == 403
        assert knock(port, {}) == 403
        assert knock(port, {"X-Real-Ip": "203.0.113.7", "Forwarded": "for=203.0.113.7"}) == 403
    assert Notification.objects.count() == 2


def test_calls_without_a_login_are_counted_by_the_address_the_proxy_saw() -> None:
    def call(port: int, *hops: str) -> int:
        return ask(port, "/api/ml-accounts", headers=through_proxy(*hops))[0]

    with processes.web(PROXY_COUNT="1") as port:
        answers = Counter(call(port, f"192.0.2.{number}", "198.51.100.9") for number in range(62))
        assert answers[429] == 2, "another address on each call, as anybody can write it"
        assert call(port, "203.0.113.7") == 401


def test_notifications_are_limited_by_seller_and_by_address_where_that_is_wanted(
    account: Account, client: Client, settings: Settings
) -> None:
    settings.PROXY_COUNT, settings.MELI_WEBHOOK_MAX_RPM = 1, 3
    numbers = itertools.count(1)

    def knock(address: str, seller: str = account.meli_user_id) -> int:
        body = {**notification(account, "2000000000000001", next(numbers)), "user_id": int(seller)}
        headers = through_proxy("203.0.113.7", address)
        return client.post(HOOK, body, "application/json", headers=headers).status_code

    with time_machine.travel(datetime(2026, 11, 21, 12, 0, tzinfo=UTC), tick=False) as clock:
        assert [knock("198.51.100.9") for _ in range(5)] == [200, 200, 200, 429, 429]
        assert knock("198.51.100.9", str(STRANGER)) == 200, "another seller"
        answers = [knock("198.51.100.9", str(STRANGER + number)) for number in range(1, 26)]
        assert answers == [200] * 24 + [429], "thirty came from that address"
        assert knock("198.51.100.10", str(STRANGER + 99)) == 200
        clock.shift(60)
        assert knock("198.51.100.9") == 200
    assert Notification.objects.filter(seller_id=account.meli_user_id).count() == 4
