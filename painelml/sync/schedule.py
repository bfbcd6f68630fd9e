"""What runs regularly. One list, written to the database after `migrate`; only its own rows are touched."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.apps import AppConfig


class Job(NamedTuple):
    """A row of the scheduler: `name` as people look for it in the admin, the Celery task, and seconds
    between runs.
    """

    name: str
    task: str
    seconds: int


JOBS = [
    Job("Painel: heartbeat", "painelml.heartbeat", 15),
    Job("Painel: resume interrupted syncs", "painelml.sync.resume", 15),
    # Every account has an interval of its own, five minutes unless its people chose another.
    Job("Painel: re-read due accounts", "painelml.sync.due_accounts", 60),
    # Every account in its own night.
    Job("Painel: nightly audit", "painelml.sync.audit", 1800),
    Job("Painel: delete old audit entries", "audit.cleanup", 24 * 3600),
    Job("Painel: delete old runs", "painelml.sync.cleanup", 24 * 3600),
    Job("Painel: forget the buyers of old sales", "painelml.sync.forget_buyers", 24 * 3600),
    Job("Painel: resume interrupted exports", "painelml.exports.resume", 15),
    Job("Painel: delete expired exports", "painelml.exports.cleanup", 3600),
    Job("Painel: webhook fallback", "webhooks.sweep", 15),
    Job("Painel: missed notifications", "webhooks.missed_feeds", 300),
    Job("Painel: look for silent accounts", "webhooks.silence", 900),
    Job("Painel: delete old notifications", "webhooks.cleanup", 24 * 3600),
    Job("Painel: renew expiring tokens", "accounts.refresh_tokens", 1800),
    Job("Painel: check accounts", "accounts.check", 900),
    Job("Painel: send alerts by mail", "accounts.send_alerts", 300),
    Job("Painel: remove disconnected accounts", "accounts.remove_disconnected", 60),
    Job("Painel: resume interrupted bulk changes", "catalog.resume_bulk", 15),
    Job("Painel: delete old previews", "catalog.cleanup", 3600),
    Job("Painel: check the clocks of questions", "questions.check_clocks", 24 * 3600),
    Job("Painel: check the profit of orders", "orders.check_profits", 24 * 3600),
    Job("Painel: delete old API usage and errors", "accounts.cleanup", 24 * 3600),
]


def apply_schedule(sender: AppConfig, using: str, **_: Any) -> None:
    """Create the missing rows of `JOBS`; what people changed in the admin and rows of their own stay."""
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    for job in JOBS:
        every, _created = IntervalSchedule.objects.using(using).get_or_create(
            every=job.seconds, period=IntervalSchedule.SECONDS
        )
        PeriodicTask.objects.using(using).get_or_create(
            name=job.name, defaults={"task": job.task, "interval": every, "expire_seconds": job.seconds * 2}
        )
