"""The triggers that keep the audit log as it was written, and the one way past them: the clean-up.

Rows are never changed. They are deleted only when the transaction opened the clean-up, and they are 30 days
old or their organization was deleted. On PostgreSQL the clean-up is a setting of the transaction, and the
organization is looked up. On SQLite, which has no settings and whose triggers break when a table they name
is altered, both are rows in a table of its own: 1 opens it, the negative number of an organization says that
this one is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
            AND (OLD.at < now() - interval '{DAYS_KEPT_WHATEVER} days'
                OR OLD.organization_id IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM accounts_organization
                    WHERE id = OLD.organization_id AND deleted_at IS NULL)) THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'The audit log is append-only.' USING ERRCODE = 'insufficient_privilege';
    END $$
    """,  # noqa: S608  nothing here comes from outside
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
    "CREATE TABLE IF NOT EXISTS audit_cleanup (is_open INTEGER NOT NULL)",
    """
    CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'The audit log is append-only.'); END
    """,
    f"""
    CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_entry
    WHEN NOT EXISTS (SELECT 1 FROM audit_cleanup WHERE is_open = -OLD.organization_id)
        AND (OLD.at >= datetime('now', '-{DAYS_KEPT_WHATEVER} days')
            OR NOT EXISTS (SELECT 1 FROM audit_cleanup WHERE is_open = 1))
    BEGIN SELECT RAISE(ABORT, 'The audit log is append-only.'); END
    """,  # noqa: S608  nothing here comes from outside
]
SQLITE_GONE = [
    "DROP TRIGGER IF EXISTS audit_no_update",
    "DROP TRIGGER IF EXISTS audit_no_delete",
]


def install(database: Any) -> None:
    run(database, POSTGRESQL if database.vendor == "postgresql" else SQLITE)


def remove(database: Any) -> None:
    run(database, POSTGRESQL_GONE if database.vendor == "postgresql" else SQLITE_GONE)


def run(database: Any, statements: list[str]) -> None:
    with database.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def opened(organization_id: int | None = None) -> Iterator[None]:
    """Open the clean-up for one transaction, which has to be under way."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL painelml.audit_cleanup = 'on'")
        else:
            cursor.execute(
                "INSERT INTO audit_cleanup VALUES (%s)", [-organization_id if organization_id else 1]
            )
        yield
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL painelml.audit_cleanup = 'off'")
        else:
            cursor.execute("DELETE FROM audit_cleanup")


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
            with opened():
                Entry.objects.filter(pk__in=ids).delete()
        deleted += len(ids)


def delete_of(organization_id: int) -> bool:
    """Delete a chunk of what happened in an organization that was deleted. Return whether none is left."""
    from .models import Entry

    with transaction.atomic():
        rows = Entry.objects.filter(organization_id=organization_id)
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if ids:
            with opened(organization_id):
                Entry.objects.filter(pk__in=ids).delete()
    return len(ids) < CHUNK
