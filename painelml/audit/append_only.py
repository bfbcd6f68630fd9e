"""The triggers that keep the audit log as it was written, and the one way past them: the clean-up.

Rows are never changed, and deleted only when they are 30 days old and the transaction opened the clean-up. On
PostgreSQL that is a setting of the transaction, on SQLite, which has none, a row in a table of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

DAYS_KEPT_WHATEVER = 30
CHUNK = 5_000

POSTGRESQL = [
    f"""
    CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND current_setting('painelml.audit_cleanup', true) = 'on'
            AND OLD.at < now() - interval '{DAYS_KEPT_WHATEVER} days' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'The audit log is append-only.' USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change()
    """,
    """
    CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()
    """,
]
POSTGRESQL_GONE = [
    "DROP TRIGGER IF EXISTS audit_append_only ON audit_entry",
    "DROP TRIGGER IF EXISTS audit_no_truncate ON audit_entry",
    "DROP FUNCTION IF EXISTS audit_refuse_change()",
]

SQLITE = [
    "CREATE TABLE audit_cleanup (is_open INTEGER NOT NULL)",
    """
    CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'The audit log is append-only.'); END
    """,
    f"""
    CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_entry
    WHEN OLD.at >= datetime('now', '-{DAYS_KEPT_WHATEVER} days')
        OR NOT EXISTS (SELECT 1 FROM audit_cleanup)
    BEGIN SELECT RAISE(ABORT, 'The audit log is append-only.'); END
    """,  # noqa: S608  nothing here comes from outside
]
SQLITE_GONE = [
    "DROP TRIGGER IF EXISTS audit_no_update",
    "DROP TRIGGER IF EXISTS audit_no_delete",
    "DROP TABLE IF EXISTS audit_cleanup",
]


def install(database: Any) -> None:
    run(database, POSTGRESQL if database.vendor == "postgresql" else SQLITE)


def remove(database: Any) -> None:
    run(database, POSTGRESQL_GONE if database.vendor == "postgresql" else SQLITE_GONE)


def run(database: Any, statements: list[str]) -> None:
    with database.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def delete_before(moment: datetime) -> int:
    """Delete the rows older than that, a chunk in each transaction, and return how many. Rows of the last 30
    days stay whatever is asked."""
    from .models import Entry

    moment = min(moment, timezone.now() - timedelta(days=DAYS_KEPT_WHATEVER, minutes=1))

    deleted = 0
    while True:
        with transaction.atomic():
            ids = list(
                Entry.objects.filter(at__lt=moment).order_by("at").values_list("pk", flat=True)[:CHUNK]
            )
            if not ids:
                return deleted
            with connection.cursor() as cursor:
                if connection.vendor == "postgresql":
                    cursor.execute("SET LOCAL painelml.audit_cleanup = 'on'")
                else:
                    cursor.execute("INSERT INTO audit_cleanup VALUES (1)")
                Entry.objects.filter(pk__in=ids).delete()
                if connection.vendor == "postgresql":
                    cursor.execute("SET LOCAL painelml.audit_cleanup = 'off'")
                else:
                    cursor.execute("DELETE FROM audit_cleanup")
        deleted += len(ids)
