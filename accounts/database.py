"""Database connections of short-lived threads."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def borrowed_connection() -> Iterator[None]:
    """Leave a thread as it was found: one that had no connection open has none afterwards.

    The client calls back from threads that live for one call, where Django would never close a connection.
    """
    was_open = connection.connection is not None
    try:
        yield
    finally:
        if not was_open:
            connection.close()
