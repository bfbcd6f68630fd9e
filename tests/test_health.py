"""`/healthz`, `/readyz` and `/metrics`: what a supervisor and an operator rely on."""

import time
from collections.abc import Callable

import pytest
from celery.signals import before_task_publish, heartbeat_sent
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from painelml import health

pytestmark = pytest.mark.django_db


@pytest.fixture
def all_alive() -> None:
    for part in ("worker", "scheduler"):
        health.leave_heartbeat(part)


def fail_with(error: Exception) -> Callable[[], None]:
    def check() -> None:
        raise error

    return check


def test_healthz_answers_while_the_process_lives(client: Client) -> None:
    assert client.get("/healthz").status_code == 200


@pytest.mark.usefixtures("all_alive")
def test_readyz_answers_200_when_every_part_works(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "missing": []})


def test_readyz_names_the_parts_that_were_never_heard_of(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, ["worker", "scheduler"])


@pytest.mark.usefixtures("all_alive")
def test_a_heartbeat_goes_stale(client: Client) -> None:
    cache.set("heartbeat:worker", time.time() - health.FRESH_S - 1)
    assert client.get("/readyz").json()["missing"] == ["worker"]


@pytest.mark.usefixtures("all_alive")
def test_readyz_says_that_the_database_or_the_broker_is_gone(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(health.CHECKS, "database", fail_with(OperationalError("no password for you")))
    monkeypatch.setitem(health.CHECKS, "broker", fail_with(ConnectionError()))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, ["database", "broker"])
    assert "password" not in answer.text


def test_a_broker_that_does_not_answer_is_missing(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert "broker" in client.get("/readyz").json()["missing"]


def test_celery_itself_leaves_the_heartbeats() -> None:
    health._worker_wrote_at = float("-inf")
    heartbeat_sent.send(sender=None)
    before_task_publish.send(sender=health.HEARTBEAT_TASK)
    assert health.heartbeat_age("worker") is not None
    assert health.heartbeat_age("scheduler") is not None


def test_another_task_is_no_heartbeat_of_the_scheduler() -> None:
    before_task_publish.send(sender="painelml.sync.work")
    assert health.heartbeat_age("scheduler") is None


@pytest.mark.usefixtures("all_alive")
def test_metrics_are_prometheus_text(client: Client) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    assert 'painel_heartbeat_age_seconds{part="worker"}' in answer.text
    assert "painel_oldest_pending_notification_seconds 0.0" in answer.text


def test_metrics_want_the_token_when_there_is_one(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "only-for-prometheus"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer only-for-prometheus"}).status_code == 200


def test_metrics_without_a_token_stay_on_this_machine(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.7").status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 404
