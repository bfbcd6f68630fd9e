"""The graceful-restart drill: what a process has begun when it is told to stop is finished or given back."""

from __future__ import annotations

import itertools
import signal
import time

import pytest

from accounts.keys import make_key
from accounts.models import Account, Organization, Scope, User
from painelml.sandbox import Sandbox
from tests import processes
from tests.ops.conftest import ask, notification
from tests.ops.test_containers import command_of
from tests.ops.traffic import Front, again, going_on, read
from webhooks.models import Notification

pytestmark = pytest.mark.django_db(transaction=True)

SLOW_MS = 1500


def web_as_in_production(port: int) -> list[str]:
    words = [word.replace("8000", str(port)).replace("0.0.0.0", "127.0.0.1") for word in command_of("web")]
    assert words[0] == "granian"
    return words


def test_a_web_process_answers_what_it_has_begun(
    connected: Account, shop: Organization, ana: User, small_box: Sandbox
) -> None:
    key = make_key(shop, "drill", [Scope.READ, Scope.ACCOUNTS], ana)[1]
    renewal = f"/api/ml-accounts/{connected.pk}/refresh-token"
    orders = itertools.cycle(small_box.truth(int(connected.meli_user_id), "orders"))
    numbers = itertools.count()
    ports = [processes.free_port(), processes.free_port()]
    small_box.drills.latency_ms = SLOW_MS
    with (
        processes.running(
            *web_as_in_production(ports[0]), ready=lambda: processes.listens(ports[0])
        ) as first,
        processes.running(*web_as_in_production(ports[1]), ready=lambda: processes.listens(ports[1])),
    ):
        front = Front([ports[0]])
        with going_on(
            front,
            0.02,
            reading=read("/api/ml-accounts", key),
            slow=lambda port: ask(port, renewal, "PUT", headers={"Authorization": f"Bearer {key}"}),
            notification=lambda port: ask(
                port, "/meli/webhooks", "POST", notification(connected, next(orders), next(numbers))
            ),
        ) as traffic:
            processes.until(again(traffic, "slow"), 60)
            processes.until(again(traffic, "reading", 20), 60)
            time.sleep(0.3)  # the next slow one is on its way
            began = small_box.calls["POST /oauth/token"]
            front.ports.insert(0, ports[1])  # a proxy is told first, or finds out by a refused connection
            first.send_signal(signal.SIGTERM)
            assert first.wait(40) == 0
            assert small_box.calls["POST /oauth/token"] >= began
            processes.until(again(traffic, "slow"), 60)
            processes.until(again(traffic, "reading", 20), 60)
    assert traffic.failures == []
    assert {status for _name, status in traffic.answers} == {"200"}
    assert Notification.objects.count() == traffic.total("notification")
