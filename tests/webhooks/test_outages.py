"""The answer to Mercado Livre while what is behind it is away."""

from __future__ import annotations

import http.client
import json
import time

import pytest
from django.conf import settings

from accounts.models import Account
from tests import processes
from tests.relay import Relay
from webhooks.models import Notification

from .conftest import envelope

pytestmark = pytest.mark.django_db(transaction=True)


def post(port: int) -> tuple[int, float]:
    """Send a notification to a running server; return the status and how long the answer took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    began = time.monotonic()
    connection.request("POST", "/meli/webhooks", json.dumps(envelope()), {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    return status, time.monotonic() - began


def test_without_the_broker_events_are_kept_as_fast_as_ever(account: Account) -> None:
    with Relay(settings.REDIS_URL) as relay, processes.web(REDIS_URL=relay.address) as port:
        assert post(port)[0] == 200
        relay.cut()

        answers = [post(port) for _ in range(40)]

        assert {status for status, _took in answers} == {200}
        assert sorted(took for _status, took in answers)[len(answers) // 2] < 0.25
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
