"""The Celery application: `celery -A painelml worker`, `celery -A painelml beat`."""

import os
import threading

from celery import Celery
from celery.signals import setup_logging, worker_init, worker_shutting_down

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "painelml.settings")

app = Celery("painelml")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

stopping = threading.Event()
"""Set once this process is about to end: a long task gives its work back at the next page."""


@setup_logging.connect
def leave_logging(**_: object) -> None:
    """Logs are what the settings say, `LOG_LEVEL` above all; Celery's own default is to say nothing."""


NICENESS = 10


@worker_init.connect
def give_way(**_: object) -> None:
    """Let what answers people and Mercado Livre on the same host have the processors first."""
    os.nice(NICENESS)


@worker_shutting_down.connect
def note_stopping(**_: object) -> None:
    stopping.set()
