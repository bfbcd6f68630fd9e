"""What a drain asks in the middle of a flood, of which PostgreSQL's statistics do not know yet."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from webhooks.drain import storm_left
from webhooks.models import Notification

pytestmark = pytest.mark.django_db(transaction=True)

SELLER = "1987654321"


def store(first: int, last: int, state: str) -> None:
    """Keep events of so many numbers, each target told of again and again."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {Notification._meta.db_table} (
                dedupe_key, topic, resource, kind, target, seller_id, application_id, source, created_at,
                next_try_at, repeats, attempts, lease_owner, error, outcome, state
            )
            SELECT number, 'orders_v2', '', 'orders', number %% 500, %s, '', 'webhook', now(),
                now(), 0, 0, '', '', '', %s
            FROM generate_series(%s, %s) AS number
            """,
            [SELLER, state, first, last],
        )


def test_the_first_open_event_is_looked_up_and_not_sorted_for() -> None:
    store(1, 1_000, "done")
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {Notification._meta.db_table}")
    store(1_001, 40_000, "pending")

    with CaptureQueriesContext(connection) as asked:
        assert storm_left(SELLER) > 0
    first = next(query["sql"] for query in asked if "'orders'" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {first}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "notification_open" in plan
    assert "Sort" not in plan
