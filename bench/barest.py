"""The reference of the acknowledgement: Django with one view and no middleware that keeps the same event.

Its insert fills the same columns of the same table, with the same indexes and the same durability; it checks
nothing and answers.
"""

from __future__ import annotations

import json
import os
import uuid

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from psycopg.conninfo import conninfo_to_dict

address = conninfo_to_dict(os.environ["DATABASE_URL"])
settings.configure(
    SECRET_KEY="a key that signs nothing",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": address["dbname"],
            "USER": address["user"],
            "HOST": address["host"],
            "PORT": address["port"],
            "CONN_MAX_AGE": 60,
        }
    },
)
django.setup()

INSERT = """
    INSERT INTO webhooks_notification (dedupe_key, topic, resource, kind, target, seller_id, application_id,
        received, sent, source, created_at, repeats, state, attempts, next_try_at, lease_owner,
        outcome, error)
    VALUES (%s, %s, %s, 'orders', %s, %s, %s, %s, %s, 'webhook', now(), 0, 'pending', 0, now(), '', '', '')
    ON CONFLICT DO NOTHING
"""


def receive(request: HttpRequest) -> HttpResponse:
    told = json.loads(request.body)
    values = (
        uuid.uuid4().hex,
        told["topic"],
        told["resource"],
        told["resource"].rsplit("/", 1)[-1],
        str(told["user_id"]),
        str(told["application_id"]),
        told["received"],
        told["sent"],
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
    return HttpResponse()


urlpatterns = [path("meli/webhooks", receive)]
application = get_wsgi_application()
