"""Emptying the database behind a test that committed, in milliseconds: Django's flush takes half a second.

Flush truncates every table and then makes permissions, content types and the schedule again. Few tables have
rows, and hardly a test changes what `migrate` put there: only where one did, everything is flushed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase


class Furniture:
    """The tables that `migrate` filled, and what is in them."""

    def __init__(self) -> None:
        self.tables = tables_with_rows()
        self.content = self.look()

    def look(self) -> str:
        found = hashlib.sha256()
        with connection.cursor() as cursor:
            for table in self.tables:
                cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
                found.update(repr(cursor.fetchall()).encode())
        return found.hexdigest()

    def empty_the_rest(self) -> bool:
        """Delete all other rows, unless the furniture was moved."""
        if self.look() != self.content:
            return False
        # Foreign keys are looked at when the transaction ends.
        with transaction.atomic(), connection.cursor() as cursor:
            for table in tables_with_rows():
                if table not in self.tables:
                    cursor.execute(f'DELETE FROM "{table}"')
        return True


def tables_with_rows() -> list[str]:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    asked = " UNION ALL ".join(f"SELECT '{one}' WHERE EXISTS (SELECT 1 FROM \"{one}\")" for one in tables)
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return sorted(row[0] for row in cursor.fetchall())


@contextmanager
def quickly(furniture: Furniture) -> Iterator[None]:
    """Until the block ends, transactional tests are followed by this."""
    database = connection.settings_dict["NAME"]
    flush: Callable[[Any], None] = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def empty(case: Any) -> None:
        nonlocal furniture
        if connection.settings_dict["NAME"] != database:  # a drill's own
            flush(case)
        elif not furniture.empty_the_rest():
            flush(case)
            furniture = Furniture()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield
