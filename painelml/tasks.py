"""Tasks that belong to no app."""

from celery import shared_task

from . import health


@shared_task(name=health.HEARTBEAT_TASK, expires=30)
def heartbeat() -> None:
    """Prove that a task gets from the scheduler to a worker; sending it is the scheduler's heartbeat."""
    health.leave_heartbeat("worker")
