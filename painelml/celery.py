"""The Celery application: `celery -A painelml worker`, `celery -A painelml beat`."""

import os
import threading

from celery import Celery
from celery.signals import worker_shutting_down

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "painelml.settings")

app = Celery("painelml")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

stopping = threading.Event()
"""Set once this process is about to end: a long task gives its work back at the next page."""


@worker_shutting_down.connect
def note_stopping(**_: object) -> None:
    stopping.set()
