"""Lists by key: a page costs the same however deep it lies, and rows that arrive meanwhile shift nothing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.db import connection
from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)

PAGE_SIZE = 50


class WrongCursor(ValueError):
    """The cursor was not made by `encode_cursor`."""


def encode_cursor(key: datetime | None, pk: int) -> str:
    """Return where a row lies in its list, as text for an address."""
    raw = json.dumps([key.isoformat() if key else None, pk]).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime | None, int]:
    """Return the key and the row id of a cursor. Raises WrongCursor."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key, pk = json.loads(raw)
        instant = None if key is None else datetime.fromisoformat(key)
        if type(pk) is not int or (instant is not None and instant.tzinfo is None):
            raise WrongCursor(cursor)
        return instant, pk
    except (binascii.Error, UnicodeDecodeError, ValueError, TypeError) as error:
        raise WrongCursor(cursor) from error


def beyond(model: type[Model], field: str, *, descending: bool, cursor: str) -> Q:
    """Return the condition for rows of `model` after the cursor's row, ordered by `field`, then by id.

    Where rows without a `field` lie differs between databases: PostgreSQL holds NULL for the greatest value,
    SQLite for the least. Raises WrongCursor.
    """
    key, pk = decode_cursor(cursor)
    side = "lt" if descending else "gt"
    same_side = Q(**{f"pk__{side}": pk})
    is_null = Q(**{f"{field}__isnull": True})
    nulls_come_first = connection.features.order_by_nulls_first != descending
    if key is None:
        rest = is_null & same_side
        return rest | ~is_null if nulls_come_first else rest
    # Written this way the first part bounds the scan of an index, which an OR alone does not.
    rest = Q(**{f"{field}__{side}e": key}) & (Q(**{f"{field}__{side}": key}) | same_side)
    may_be_null = model._meta.get_field(field).null  # type: ignore[union-attr]
    return rest | is_null if may_be_null and not nulls_come_first else rest


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a list: its rows, and the cursors of its neighbours (None where there is none)."""

    rows: list[Row]
    next: str | None
    previous: str | None

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def has_neighbours(self) -> bool:
        return bool(self.next or self.previous)


def paginate(
    queryset: QuerySet[Row], params: Mapping[str, str], *, order: str = "-date_created", size: int = PAGE_SIZE
) -> Page[Row]:
    """Return the page the address asks for with `after` or `before`; the first one when it asks for none.

    `order` is a column of instants, `-` before it for newest first; the row id decides between equals. One
    query. A cursor nobody made counts as none: old bookmarks still open the list.
    """
    field, descending = order.removeprefix("-"), order.startswith("-")
    after, before = params.get("after"), params.get("before")
    backwards = bool(before and not after)
    towards = descending != backwards
    try:
        if cursor := after or before:
            queryset = queryset.filter(beyond(queryset.model, field, descending=towards, cursor=cursor))
    except WrongCursor:
        after = before = None
        backwards, towards = False, descending
    sign = "-" if towards else ""
    rows = list(queryset.order_by(f"{sign}{field}", f"{sign}pk")[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return Page([], None, None)
    has_next = True if backwards else more
    has_previous = more if backwards else bool(after)
    first, last = rows[0], rows[-1]
    return Page(
        rows,
        encode_cursor(getattr(last, field), last.pk) if has_next else None,
        encode_cursor(getattr(first, field), first.pk) if has_previous else None,
    )
