"""`/metrics` of a running panel: every figure there, the same from every process, and the alerts and the
dashboard ask for nothing else."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import yaml
from django.conf import settings
from django.http import QueryDict
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import Account, Organization, User
from painelml import metrics
from painelml.celery import app
from painelml.exports.actions import start_file
from painelml.exports.listings import LISTINGS
from painelml.sandbox import Sandbox
from painelml.sync.actions import start_sync
from painelml.sync.models import RunKind
from painelml.web.exports import Export
from tests import processes
from tests.ops.conftest import ask, notification, worker

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = processes.ROOT
SERIES = re.compile(r"\b(painel_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
EXACTLY = re.compile(r'(\w+)="([^"]*)"')
STEM = re.compile(r"_(total|count|sum|bucket)$")
GROUPED = re.compile(r"\bby\s*\(([^)]*)\)")

Scraped = dict[str, list[dict[str, str]]]
"""By name of the series, the labels of each."""


@pytest.fixture(autouse=True)
def _from_zero() -> None:
    metrics.stored()  # what earlier tests counted in this process is on its way
    redis.Redis.from_url(settings.REDIS_URL).delete(metrics.KEY)


def scrape(port: int) -> Scraped:
    status, text = ask(port, "/metrics")
    assert status == 200
    found: Scraped = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


def value(port: int, name: str, **labels: str) -> float:
    families = text_string_to_metric_families(ask(port, "/metrics")[1])
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def expressions() -> Iterator[tuple[str, str]]:
    """Yield what the alerts and the dashboard ask, each with where."""
    for group in yaml.safe_load(Path(ROOT, "deploy/alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for panel in json.loads(Path(ROOT, "deploy/dashboard.json").read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def test_alerts_dashboard_and_runbook_ask_for_what_a_running_panel_exports(
    connected: Account, shop: Organization, ana: User, small_box: Sandbox
) -> None:
    Account.objects.update(token_expires_at=timezone.now() + timedelta(minutes=1))  # it is renewed first
    with processes.web() as first, processes.web() as second, worker():
        for port in (first, first, second):
            assert ask(port, "/api/ml-accounts")[0] == 401
        orders = list(small_box.truth(int(connected.meli_user_id), "orders"))
        for number, meli_id in enumerate(orders[:3]):
            assert ask(first, "/meli/webhooks", "POST", notification(connected, meli_id, number))[0] == 200
        assert ask(second, "/meli/webhooks", "POST", "no notification")[0] == 400
        start_sync(connected, "questions", kind=RunKind.BACKFILL)
        listing = LISTINGS["orders"]
        start_file(Export(listing, shop, listing.form(QueryDict(), organization=shop), "csv"), ana)

        wanted = {metric.name for metric in metrics.METRICS}

        def all_counted() -> bool:
            if wanted <= {STEM.sub("", name) for name in scrape(second)}:
                return True
            for task in ("webhooks.sweep", "painelml.sync.resume", "painelml.exports.resume"):
                app.send_task(task)  # in place of the scheduler
            time.sleep(1)
            return False

        processes.until(all_counted, 90)
        found = scrape(second)

        # What one process counted, another tells; the worker's and everybody's are one figure.
        refused = {"route": "account-list", "method": "GET", "status": "401"}
        for port in (first, second):
            processes.until(lambda port=port: value(port, "painel_request_seconds_count", **refused) == 3)
            assert value(port, "painel_acknowledgement_seconds_count", status="200") == 3
            assert value(port, "painel_acknowledgement_seconds_count", status="400") == 1
            assert value(port, "painel_token_refreshes_total", outcome="renewed") == 1
            assert value(port, "painel_runs_ended_total", scope="questions", outcome="done") == 1
            assert value(port, "painel_exports_ended_total", format="csv", outcome="done") == 1
            processes.until(lambda port=port: value(port, "painel_drained_notifications_total") == 3)
        assert value(first, "painel_meli_call_seconds_count", endpoint="GET /orders/{id}", status="200") == 3

    unknown = []
    asked = set()
    for where, expression in expressions():
        for name, matchers in SERIES.findall(expression):
            asked.add(name)
            labels = set(MATCHER.findall(matchers))
            if name not in found or not labels <= found[name][0].keys():
                unknown.append(f"{where}: {name} {sorted(labels)}")
        for grouped in GROUPED.findall(expression):
            names = {name for name, _ in SERIES.findall(expression)}
            by = {label.strip() for label in grouped.split(",")}
            if not any(by <= found.get(name, [{}])[0].keys() for name in names):
                unknown.append(f"{where}: by {sorted(by)}")
    assert unknown == []
    assert wanted <= {STEM.sub("", name) for name in asked}, "what is counted is shown somewhere"
    words = Path(ROOT, "docs/runbook.md").read_text() + Path(ROOT, "docs/operations.md").read_text()
    told = {name for name, _ in SERIES.findall(words) if name != "painel_"}
    assert told
    assert told - found.keys() == set()


def test_every_alert_says_what_it_is_about_and_how_urgent() -> None:
    rules = [
        rule
        for group in yaml.safe_load(Path(ROOT, "deploy/alerts.yml").read_text())["groups"]
        for rule in group["rules"]
    ]
    runbook = Path(ROOT, "docs/runbook.md").read_text()
    chapters = re.findall(r"^## (.+)$", runbook, re.MULTILINE)
    assert len({rule["alert"] for rule in rules}) == len(rules) > 10
    for rule in rules:
        assert rule["labels"]["severity"] in ("page", "ticket")
        summary = rule["annotations"]["summary"]
        for chapter in re.findall(r"\(runbook, ([^)]+)\)", summary):
            assert any(title.startswith(chapter) for title in chapters), (rule["alert"], chapter)


def test_without_redis_the_rest_is_still_told(connected: Account) -> None:
    with processes.web(REDIS_URL="redis://127.0.0.1:1/0") as port:
        found = scrape(port)
        assert value(port, "painel_part_up", part="broker") == 0
        assert value(port, "painel_part_up", part="database") == 1
        assert value(port, "painel_accounts", status="active") == 1
        assert "painel_request_seconds_count" not in found
