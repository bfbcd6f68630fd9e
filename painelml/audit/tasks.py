from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from . import append_only


@shared_task(name="audit.cleanup", ignore_result=True)
def forget_old() -> None:
    """Every day: delete what is older than `AUDIT_DAYS`."""
    append_only.delete_before(timezone.now() - timedelta(days=settings.AUDIT_DAYS))
