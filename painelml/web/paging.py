"""Lists by key: a page costs the same however deep it lies, and rows that arrive meanwhile shift nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from django.core import signing
from django.db import connection
from django.db.models import Model, Q, QuerySet

from accounts.models import Account

Row = TypeVar("Row", bound=Model)

PAGE_SIZE = 50


class WrongCursor(ValueError):
    """The cursor was not made by `encode_cursor`, or for a list in another order."""


def encode_cursor(row: Model, order: str) -> str:
    """Return where a row lies in a list in this order, as signed text for an address."""
    key = getattr(row, order.removeprefix("-"))
    text = key.isoformat() if isinstance(key, date) else None if key is None else str(key)
    return signing.dumps([order, text, row.pk], salt=__name__)


def decode_cursor(cursor: str, order: str) -> tuple[str | None, Any]:
    """Return the key, as text, and the row id of a cursor. Raises WrongCursor."""
    try:
        made_for, key, pk = signing.loads(cursor, salt=__name__)
    except signing.BadSignature as error:
        raise WrongCursor(cursor) from error
    if made_for != order:
        raise WrongCursor(cursor)
    return key, pk


def beyond(column: str, *, descending: bool, key: str | None, pk: Any) -> Q:
    """Return the condition for rows after that key and id in a list ordered by `column`, then by id.

    Where rows without a `column` lie differs between databases: PostgreSQL holds NULL for the greatest value,
    SQLite for the least.
    """
    side = "lt" if descending else "gt"
    same_side = Q(**{f"pk__{side}": pk})
    nulls_come_first = connection.features.order_by_nulls_first != descending
    is_null = Q(**{f"{column}__isnull": True})
    if key is None:
        rest = is_null & same_side
        return rest | ~is_null if nulls_come_first else rest
    # Written this way the first part bounds the scan of an index, which an OR alone does not.
    rest = Q(**{f"{column}__{side}e": key}) & (Q(**{f"{column}__{side}": key}) | same_side)
    return rest if nulls_come_first else rest | is_null


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


def give_accounts(rows: Iterable[Any], accounts: Iterable[Account]) -> None:
    """Tell rows their account, of those that were read already. No query."""
    of_id = {account.pk: account for account in accounts}
    for row in rows:
        row.account = of_id[row.account_id]


def page_at(
    queryset: QuerySet[Row], *, order: str, size: int, after: str | None = None, before: str | None = None
) -> Page[Row]:
    """Return the page after or before a cursor, the first one without. One query. Raises WrongCursor.

    `order` is a column, `-` before it for the greatest first; the row id decides between equals.
    """
    column, descending = order.removeprefix("-"), order.startswith("-")
    backwards = bool(before and not after)
    towards = descending != backwards
    if cursor := after or before:
        key, pk = decode_cursor(cursor, order)
        queryset = queryset.filter(beyond(column, descending=towards, key=key, pk=pk))
    sign = "-" if towards else ""
    rows = list(queryset.order_by(f"{sign}{column}", f"{sign}pk")[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return Page([], None, None)
    has_next = True if backwards else more
    has_previous = more if backwards else bool(after)
    return Page(
        rows,
        encode_cursor(rows[-1], order) if has_next else None,
        encode_cursor(rows[0], order) if has_previous else None,
    )


def paginate(
    queryset: QuerySet[Row], params: Mapping[str, str], *, order: str = "-date_created", size: int = PAGE_SIZE
) -> Page[Row]:
    """Return the page the address asks for with `after` or `before`; the first one when it asks for none.

    A cursor nobody made counts as none: old bookmarks still open the list.
    """
    try:
        return page_at(
            queryset, order=order, size=size, after=params.get("after"), before=params.get("before")
        )
    except WrongCursor:
        return page_at(queryset, order=order, size=size)
