"""Is it alive, can it work, and how much is waiting: `/healthz`, `/readyz`, `/metrics`.

Worker and scheduler leave a heartbeat in the cache. The worker's comes from Celery's own heartbeat, so that
one that is busy for minutes still counts as alive; the scheduler's is when it started or last sent the
heartbeat task.
"""

import hmac
import time
from collections.abc import Callable, Iterable, Iterator

import redis
from celery.signals import beat_init, before_task_publish, heartbeat_sent
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

HEARTBEAT_TASK = "painelml.heartbeat"
FRESH_S = 60
"""A heartbeat older than this counts as missing; the scheduler sends its own every 15 s."""

_worker_wrote_at = 0.0


def leave_heartbeat(part: str) -> None:
    cache.set(f"heartbeat:{part}", time.time(), timeout=24 * 3600)


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
    """What the database and the heartbeats say now: the same from every web process."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        from accounts.models import Account
        from painelml.sync.models import PendingRead, SyncRun
        from webhooks.models import Notification, NotificationState

        yield from ages()
        yield counted("painel_accounts", "Connected accounts", Account, "status")
        yield counted("painel_runs", "Sync runs", SyncRun, "status")
        yield counted("painel_pending_reads", "Resources still to be read", PendingRead, "resource")
        yield counted("painel_notifications", "Notifications", Notification, "state")
        oldest = Notification.objects.filter(state=NotificationState.PENDING).aggregate(at=Min("created_at"))[
            "at"
        ]
        yield GaugeMetricFamily(
            "painel_oldest_pending_notification_seconds",
            "Age of the oldest notification that waits",
            value=(timezone.now() - oldest).total_seconds() if oldest else 0,
        )


def ages() -> Iterator[GaugeMetricFamily]:
    gauge = GaugeMetricFamily(
        "painel_heartbeat_age_seconds", "Seconds since a part was last heard of", labels=["part"]
    )
    for part in ("worker", "scheduler"):
        age = heartbeat_age(part)
        gauge.add_metric([part], float("inf") if age is None else age)
    yield gauge


def counted(name: str, meaning: str, model: type, column: str) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, meaning, labels=[column])
    for value, count in model._default_manager.order_by().values_list(column).annotate(Count("pk")):  # type: ignore[attr-defined]
        gauge.add_metric([value], count)
    return gauge
