"""The database keeps the log as it was written, whoever asks."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from painelml.audit import append_only, trail
from painelml.audit.models import Entry
from painelml.audit.tasks import forget_old


@pytest.fixture(autouse=True)
def _triggers(db: None) -> None:
    """As after `migrate`; the test's transaction takes them off again."""
    append_only.install(connection)


def entry_of(days: int) -> Entry:
    entry = trail.record("account.paused", "Casa Verde")
    if not days:
        return entry
    return Entry.objects.create(action="account.paused", at=timezone.now() - timedelta(days=days))


def refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return "append-only" in str(error)
    return False


@pytest.mark.parametrize("days", [0, 400])
def test_a_row_is_never_changed(days: int) -> None:
    entry = entry_of(days)

    assert refused(f"UPDATE audit_entry SET actor = 'nobody' WHERE id = {entry.pk}")
    assert Entry.objects.get(pk=entry.pk).actor == ""


@pytest.mark.parametrize("days", [0, 400])
def test_a_row_is_not_deleted_by_anybody_who_just_tries(days: int) -> None:
    entry = entry_of(days)

    assert refused(f"DELETE FROM audit_entry WHERE id = {entry.pk}")
    with pytest.raises(DatabaseError), transaction.atomic():
        Entry.objects.all().delete()
    assert Entry.objects.filter(pk=entry.pk).exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no TRUNCATE")
def test_the_table_is_not_emptied() -> None:
    assert refused("TRUNCATE audit_entry")
    assert refused("SET LOCAL painelml.audit_cleanup = 'on'; TRUNCATE audit_entry")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the setting is PostgreSQL's")
def test_the_last_month_stays_even_for_who_knows_how_the_clean_up_does_it() -> None:
    entry = entry_of(0)

    assert refused(f"SET LOCAL painelml.audit_cleanup = 'on'; DELETE FROM audit_entry WHERE id = {entry.pk}")


def test_the_clean_up_deletes_what_is_past_its_days_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "AUDIT_DAYS", 365)
    old, recent, new = entry_of(400), entry_of(300), entry_of(0)

    forget_old()

    left = set(Entry.objects.values_list("pk", flat=True))
    assert old.pk not in left
    assert {recent.pk, new.pk} <= left


def test_the_clean_up_closes_the_door_behind_itself() -> None:
    append_only.delete_before(timezone.now() - timedelta(days=730))
    entry = entry_of(400)

    assert refused(f"DELETE FROM audit_entry WHERE id = {entry.pk}")


def test_the_clean_up_cannot_be_asked_for_the_last_month() -> None:
    entry = entry_of(0)

    assert append_only.delete_before(timezone.now() + timedelta(days=1)) == 0
    assert Entry.objects.filter(pk=entry.pk).exists()
