"""Indexes for parts of words: with them `LIKE '%part%'` reads the rows that match, and not all there are.

They need PostgreSQL's extension pg_trgm, which the owner of a database may install where the server ships it.
Elsewhere (SQLite, a server without it) the same searches find the same rows, only more slowly.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import Error, connection, migrations, transaction

log = logging.getLogger(__name__)

SHORTEST = 3
"""Letters a part must have: shorter ones have no trigram, so no index finds them."""
SAMPLED = 300
"""Texts of a table PostgreSQL guesses by: enough for words that one row of a hundred has."""
READY = "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass(%s) AND indisvalid"


def add_index(name: str, table: str) -> migrations.RunPython:
    """Return the operation that indexes `search_text` of a table, where that can be done."""

    def add(apps: Any, schema_editor: Any) -> None:
        if not install(schema_editor.connection):
            return
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(f"CREATE INDEX {name} ON {table} USING gin (search_text gin_trgm_ops)")

    def remove(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            with schema_editor.connection.cursor() as cursor:
                cursor.execute(f"DROP INDEX IF EXISTS {name}")

    return migrations.RunPython(add, remove)


def know_common_words(table: str) -> migrations.RunPython:
    """Return the operation that lets PostgreSQL tell common words of `search_text` from rare ones.

    Its usual sample of a hundred texts often has none with a word that one row of fifty has; then it reads
    all those rows to sort them, where the newest are found at once. It learns with the next ANALYZE.
    """

    def sample(count: int) -> Any:
        def change(apps: Any, schema_editor: Any) -> None:
            if schema_editor.connection.vendor == "postgresql":
                schema_editor.execute(f"ALTER TABLE {table} ALTER COLUMN search_text SET STATISTICS {count}")

        return change

    return migrations.RunPython(sample(SAMPLED), sample(-1))


def install(connection: Any) -> bool:
    """Install the extension if the server has it and lets us; return whether it is there."""
    if connection.vendor != "postgresql":
        return False
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except Error as error:
        log.warning("Searching for words stays slow with many rows, without pg_trgm: %s", error)
        return False
    return True


def is_indexed(name: str) -> bool:
    """Return whether that index is there. One quick query."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute(READY, [name])
        return bool(cursor.fetchone()[0])
