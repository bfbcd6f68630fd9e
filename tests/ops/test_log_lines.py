"""What production writes: JSON with the ids of request, account, run and event, from web to worker."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
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
def writing(file: Path, *command: str, ready: Callable[[], bool]) -> Iterator[None]:
    """Run `python -m command` as in production, with what it writes in the file."""
    environ = processes.environment(LOG_FORMAT="json", LOG_LEVEL="INFO")
    with file.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=processes.ROOT, env=environ, stderr=log
        )
        try:
            processes.until(ready, 150, process)
            yield
        finally:
            process.terminate()
            process.wait(30)


def lines(file: Path) -> list[Line]:
    return [json.loads(line) for line in file.read_text().splitlines() if line.startswith("{")]


def found(file: Path, event: str) -> Callable[[], list[Line]]:
    return lambda: [line for line in lines(file) if line["event"] == event]


def test_a_request_is_followed_through_web_and_worker(
    connected: Account, shop: Organization, ana: User, small_box: Sandbox, tmp_path: Path
) -> None:
    key = make_key(shop, "drill", [Scope.READ, Scope.ACCOUNTS], ana)[1]
    small_box.drills.forbidden = ["/orders/"]
    port = processes.free_port()
    web, worker = tmp_path / "web.log", tmp_path / "worker.log"
    command = ("granian", "--interface", "wsgi", "painelml.wsgi:application", "--port", str(port))
    with (
        writing(web, *command, ready=lambda: processes.listens(port)),
        writing(worker, *WORKER, ready=lambda: cache.get("heartbeat:worker") is not None),
    ):
        path = f"/api/sync/start?account_id={connected.pk}&scope=questions"
        headers = {"Authorization": f"Bearer {key}", "X-Request-ID": "asked-by-a-person"}
        status, said = ask(port, path, "POST", headers=headers)
        assert status == 202, said
        run = json.loads(said)["runs"][0]["id"]
        assert ask(port, "/meli/webhooks", "POST", notification(connected, "2000000000000001", 1))[0] == 200

        # The web process: the request, and the run it started.
        (started,) = processes.until(found(web, "run_started"), 20)
        (answered,) = processes.until(found(web, "request_answered"), 20)
        for line in (started, answered):
            assert line["request_id"] == "asked-by-a-person"
        assert (started["run"], started["account"]) == (run, connected.pk)
        assert (answered["route"], answered["method"], answered["status"]) == ("sync-start", "POST", 202)
        assert "account_id" not in json.dumps(answered), "addresses are told by their names"

        # The worker: the same run, and the event that could not be applied.
        (ended,) = processes.until(found(worker, "run_ended"), 150)
        (put_off,) = processes.until(found(worker, "notifications_put_off"), 150)
    assert (ended["run"], ended["account"], ended["status"]) == (run, connected.pk, "done")
    assert (ended["task"], bool(ended["task_id"])) == ("painelml.sync.work", True)
    assert put_off["events"] == [Notification.objects.get().pk]
    assert (put_off["task"], put_off["account"]) == ("webhooks.drain", connected.pk)
    assert put_off["seller"] == connected.meli_user_id
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
        return [json.loads(form.format(record)) for record in caplog.records]

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
