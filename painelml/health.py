"""Is it alive, can it work, and how much is waiting: `/healthz`, `/readyz`, `/metrics`.

Worker and scheduler leave a heartbeat in the cache. The worker's comes from Celery's own heartbeat, so that
one that is busy for minutes still counts as alive; the scheduler's is when it started or last sent the
heartbeat task.
"""

import hmac
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import redis
from celery.signals import beat_init, before_task_publish, heartbeat_sent
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Min, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from . import metrics as counted_by_all

HEARTBEAT_TASK = "painelml.heartbeat"
FRESH_S = 60
"""A heartbeat older than this counts as missing; the scheduler sends its own every 15 s."""

_worker_wrote_at = 0.0


def leave_heartbeat(part: str) -> None:
    for name in (part, this_host(part)):
        cache.set(f"heartbeat:{name}", time.time(), timeout=24 * 3600)


def this_host(part: str) -> str:
    """Return the name under which the part of this host (of this container) is heard of by itself."""
    return f"{part}@{socket.gethostname()}"


def heartbeat_age(part: str) -> float | None:
    """Return the seconds since the part ("worker", "scheduler") was last heard of, None when never."""
    heard_at = cache.get(f"heartbeat:{part}")
    return None if heard_at is None else max(0.0, time.time() - heard_at)


@heartbeat_sent.connect
def note_worker(**_: object) -> None:
    global _worker_wrote_at
    if time.monotonic() - _worker_wrote_at > FRESH_S / 6:  # Celery beats every two seconds
        leave_heartbeat("worker")
        _worker_wrote_at = time.monotonic()


@beat_init.connect
@before_task_publish.connect(sender=HEARTBEAT_TASK)
def note_scheduler(**_: object) -> None:
    leave_heartbeat("scheduler")


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_broker() -> None:
    if settings.REDIS_URL:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2) as client:
            client.ping()


def check_heartbeat(part: str) -> Callable[[], None]:
    def check() -> None:
        age = heartbeat_age(part)
        if age is None or age > FRESH_S:
            raise TimeoutError

    return check


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "broker": check_broker,
    "worker": check_heartbeat("worker"),
    "scheduler": check_heartbeat("scheduler"),
}


def missing_parts() -> list[str]:
    """Return the names of the parts that do not work now; all are asked, whatever happens to one."""
    missing = []
    for name, check in CHECKS.items():
        try:
            check()
        except Exception:
            missing.append(name)
    return missing


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@require_GET
def readyz(request: HttpRequest) -> HttpResponse:
    missing = missing_parts()
    return JsonResponse({"ready": not missing, "missing": missing}, status=503 if missing else 200)


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with Prometheus text to whoever has METRICS_TOKEN; without one only to this machine itself."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
            return HttpResponse(
                "METRICS_TOKEN is wanted as a bearer token.\n", status=401, content_type="text/plain"
            )
    elif request.META["REMOTE_ADDR"] not in ("127.0.0.1", "::1") or "X-Forwarded-For" in request.headers:
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Figures(Collector):
    """What was counted, and what the database and the heartbeats say now: the same from every web process.

    What cannot be told while Redis or the database is away is left out; `painel_part_up` says so.
    """

    def collect(self) -> Iterable[Metric]:
        missing = missing_parts()
        up = GaugeMetricFamily("painel_part_up", "Whether a part works, as /readyz has it", labels=["part"])
        for part in CHECKS:
            up.add_metric([part], float(part not in missing))
        yield up
        if "broker" not in missing:
            yield from ages()
            yield from counted_by_all.families()
        if "database" not in missing:
            yield from self.stored()

    def stored(self) -> Iterator[GaugeMetricFamily]:
        from accounts.models import Account
        from painelml.exports.models import ExportFile, FileState
        from painelml.sync.models import PendingRead, SyncRun
        from painelml.sync.resource import RESOURCES
        from webhooks.models import Notification, NotificationState

        yield counted("painel_accounts", "Connected accounts", Account, "status")
        yield counted("painel_runs", "Sync runs", SyncRun, "status")
        yield counted(
            "painel_pending_reads", "Resources still to be read", PendingRead, "resource", known=RESOURCES
        )
        yield counted("painel_notifications", "Notifications", Notification, "state")
        yield counted("painel_exports", "Files people asked for", ExportFile, "state")
        yield oldest(
            "painel_oldest_pending_notification_seconds",
            "Age of the oldest notification that waits",
            Notification.objects.filter(state=NotificationState.PENDING),
            "created_at",
        )
        yield oldest(
            "painel_oldest_due_read_seconds",
            "How long the resource that waits longest could have been read",
            PendingRead.objects.ready(timezone.now()),
            "next_try_at",
        )
        yield oldest(
            "painel_oldest_queued_export_seconds",
            "Age of the oldest file that waits to be made",
            ExportFile.objects.filter(state=FileState.QUEUED),
            "created_at",
        )


def oldest(name: str, meaning: str, waiting: QuerySet[Any], column: str) -> GaugeMetricFamily:
    since = waiting.order_by().aggregate(since=Min(column))["since"]
    return GaugeMetricFamily(name, meaning, value=(timezone.now() - since).total_seconds() if since else 0)


def ages() -> Iterator[GaugeMetricFamily]:
    gauge = GaugeMetricFamily(
        "painel_heartbeat_age_seconds", "Seconds since a part was last heard of", labels=["part"]
    )
    for part in ("worker", "scheduler"):
        age = heartbeat_age(part)
        gauge.add_metric([part], float("inf") if age is None else age)
    yield gauge


def counted(
    name: str, meaning: str, model: type[Model], column: str, known: Iterable[str] = ()
) -> GaugeMetricFamily:
    """Count rows by a column. Values that are known and that no row has are told as 0."""
    choices = [value for value, _ in model._meta.get_field(column).flatchoices]  # type: ignore[union-attr]
    rows = model._default_manager.order_by().values_list(column).annotate(Count("pk"))
    counts = {**dict.fromkeys([*choices, *known], 0), **dict(rows)}
    gauge = GaugeMetricFamily(name, meaning, labels=[column])
    for value, count in counts.items():
        gauge.add_metric([value], count)
    return gauge
