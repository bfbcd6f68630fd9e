"""The answer to Mercado Livre while what is behind it is away."""

from __future__ import annotations

import http.client
import json
import time

import pytest
from django.conf import settings

from accounts.models import Account
from painelml.sandbox import Sandbox
from tests import processes
from tests.relay import Relay
from webhooks.models import Notification

from .conftest import envelope
from .test_storm import WORKER

pytestmark = pytest.mark.django_db(transaction=True)


def post(port: int) -> tuple[int, float]:
    """Send a notification to a running server; return the status and how long the answer took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    began = time.monotonic()
    connection.request("POST", "/meli/webhooks", json.dumps(envelope()), {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    return status, time.monotonic() - began


def assert_answered_at_once(port: int, times: int) -> None:
    answers = [post(port) for _ in range(times)]
    assert {status for status, _took in answers} == {200}
    assert sorted(took for _status, took in answers)[times // 2] < 0.25


def test_neither_a_slow_mercado_livre_nor_a_dead_worker_delays_an_answer(
    account: Account, box: Sandbox
) -> None:
    box.drills.latency_ms = 30_000
    try:
        with processes.web() as port, processes.running(*WORKER, ready=lambda: True) as worker:
            assert post(port)[0] == 200
            processes.until(lambda: Notification.objects.filter(state="working").exists(), 60, worker)
            assert_answered_at_once(port, 20)  # the worker waits for Mercado Livre

            worker.kill()
            worker.wait()
            assert_answered_at_once(port, 20)
    finally:
        box.drills.latency_ms = 0
    assert Notification.objects.open().count() == 41


def test_without_the_broker_events_are_kept_as_fast_as_ever(account: Account) -> None:
    with Relay(settings.REDIS_URL) as relay, processes.web(REDIS_URL=relay.address) as port:
        assert post(port)[0] == 200
        relay.cut()

        assert_answered_at_once(port, 40)
    assert Notification.objects.filter(state="pending").count() == 41


def test_without_the_database_mercado_livre_is_asked_to_send_again(account: Account) -> None:
    with Relay(processes.database_url()) as relay, processes.web(DATABASE_URL=relay.address) as port:
        assert post(port)[0] == 200
        relay.cut()
        status, took = post(port)
        assert status == 503
        assert took < 1

        relay.mend()
        assert post(port)[0] == 200
    assert Notification.objects.count() == 2
