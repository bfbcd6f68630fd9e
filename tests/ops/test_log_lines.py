"""What production writes: JSON with the ids of request, account, run and event, from web to worker."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from pytest_django import Settings

from accounts.keys import make_key
from accounts.models import Account, Organization, Scope, User
from painelml import slow_queries
from painelml.logs import Formatter
from painelml.sandbox import Sandbox
from tests import processes
from tests.ops.conftest import WORKER, ask, notification
from webhooks.models import Notification

pytestmark = pytest.mark.django_db(transaction=True)

Line = dict[str, Any]


@contextmanager
def writing(file: Path, *command: str) -> Iterator[subprocess.Popen[Any]]:
    """Start `python -m command` as in production, with what it writes in the file."""
    words = {"LOG_FORMAT": "json", "LOG_LEVEL": "INFO"}
    with (
        file.open("w") as log,
        processes.running(*command, ready=lambda: True, stderr=log, **words) as process,
    ):
        yield process


def lines(file: Path) -> list[Line]:
    return [json.loads(line) for line in file.read_text().splitlines() if line.startswith("{")]


def told(file: Path, event: str, **known: Any) -> Line:
    """Wait for the line of this event with these values in it."""

    def found() -> list[Line]:
        return [line for line in lines(file) if {"event": event, **known}.items() <= line.items()]

    return processes.until(found, 60)[0]


def test_a_request_is_followed_from_web_to_worker(
    connected: Account, shop: Organization, ana: User, small_box: Sandbox, tmp_path: Path
) -> None:
    key = make_key(shop, "drill", [Scope.READ, Scope.ACCOUNTS, Scope.ORDERS], ana)[1]
    small_box.drills.forbidden = ["/orders/"]
    port, account = processes.free_port(), connected.pk
    web, worker = tmp_path / "web.log", tmp_path / "worker.log"
    granian = ("granian", "--interface", "wsgi", "painelml.wsgi:application", "--port", str(port))

    def post(path: str, request_id: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {key}", "X-Request-ID": request_id}
        status, said = ask(port, path, "POST", body, headers)
        assert status < 300, said
        return json.loads(said)

    with writing(web, *granian) as front, writing(worker, *WORKER) as back:
        processes.until(lambda: processes.listens(port), processes.START_S, front)
        processes.until(lambda: cache.get("heartbeat:worker"), processes.START_S, back)
        costs = {"account_id": account, "tax_percent": "6.00", "per_order": "1.50"}
        post("/api/sale-costs", "asks-for-costs", costs)
        run = post(f"/api/sync/start?account_id={account}&scope=questions", "asks-for-a-run")["runs"][0]["id"]
        assert ask(port, "/meli/webhooks", "POST", notification(connected, "2000000000000001", 1))[0] == 200

        # What a request asks of the workers itself carries the request's id there.
        answered = told(web, "request_answered", request_id="asks-for-costs")
        assert (answered["route"], answered["method"], answered["status"]) == ("sale-cost-list", "POST", 201)
        done = told(worker, "task_ended", request_id="asks-for-costs")
        assert (done["task"], done["account"], done["state"]) == ("orders.set_profits", account, "SUCCESS")

        # A sync is named where it starts and known by that to every worker that has a part in it.
        started = told(web, "run_started", request_id="asks-for-a-run")
        assert (started["run"], started["account"]) == (run, account)
        ended = told(worker, "run_ended", run=run)
        assert (ended["account"], ended["status"]) == (account, "done")
        assert ended["task"] == "painelml.sync.work"
        assert told(worker, "task_ended", task_id=ended["task_id"])["run"] == run

        # An event that could not be applied is named with its account and seller.
        put_off = told(worker, "notifications_put_off")
        assert put_off["events"] == [Notification.objects.get().pk]
        assert (put_off["task"], put_off["account"]) == ("webhooks.drain", account)
        assert put_off["seller"] == connected.meli_user_id

    assert "account_id" not in json.dumps(lines(web)), "addresses are told by their names"
    for line in lines(web) + lines(worker):
        assert {"event", "level", "logger", "timestamp"} <= line.keys()


def test_developers_are_told_of_slow_statements_without_their_values(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    def told() -> list[Line]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s), %s", [slow_queries.SLOW_S * 1.2, "Joana Prado"])
            cursor.execute("SELECT 1")
        form = Formatter(as_json=True)
        lines = [json.loads(form.format(record)) for record in caplog.records]
        return [line for line in lines if "pg_sleep" in line.get("sql", "")]

    try:
        connection.close()
        assert told() == [], "not in production"
        connection.close()
        settings.DEBUG = True
        (line,) = told()
    finally:
        connection.execute_wrappers.clear()
    assert (line["event"], line["sql"]) == ("slow_query", "SELECT pg_sleep(%s), %s")
    assert line["ms"] >= slow_queries.SLOW_S * 1000
