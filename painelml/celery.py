"""The Celery application: `celery -A painelml worker`, `celery -A painelml beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "painelml.settings")

app = Celery("painelml")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
