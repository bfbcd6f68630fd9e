"""Writing mirrored rows: many at once, and never backwards in time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import connection, models

from .models import MirroredRow


def write_rows(rows: Sequence[MirroredRow], keep: Collection[str] = ()) -> dict[str, int]:
    """Insert or update `rows` in one statement and return `{meli_id: pk}` of those that were written.

    The database decides who won: a row whose stored reading is newer (by `remote_updated_at`, then by
    `read_at`) stays as it is and is absent from the answer, also when two workers write at the same moment.
    Columns named in `keep` are left alone on update: something other than the payload decides them.
    All rows are of one model. Call it in a transaction: the rows stay locked until it ends.
    """
    if not rows:
        return {}
    model = type(rows[0])
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = [quote(str(field.column)) for field in fields]
    kept = {"account", "meli_id", *keep}
    updates = [f"{c} = EXCLUDED.{c}" for f, c in zip(fields, columns, strict=True) if f.name not in kept]
    # Sorted, so that two workers lock the rows they share in the same order.
    newest = {row.meli_id: row for row in sorted(rows, key=lambda row: (row.remote_updated_at, row.read_at))}
    ordered = [newest[meli_id] for meli_id in sorted(newest)]
    params = [
        field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for row in ordered
        for field in fields
    ]
    placeholders = ", ".join(["(" + ", ".join(["%s"] * len(fields)) + ")"] * len(ordered))
    sql = (  # only names of our own models are put in; values are parameters
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES {placeholders} "  # noqa: S608
        f"ON CONFLICT (account_id, meli_id) DO UPDATE SET {', '.join(updates)} "
        f"WHERE {table}.remote_updated_at < EXCLUDED.remote_updated_at OR ("
        f"{table}.remote_updated_at = EXCLUDED.remote_updated_at AND {table}.read_at <= EXCLUDED.read_at) "
        f"RETURNING meli_id, {quote(str(model._meta.pk.column))}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return dict(cursor.fetchall())


def replace_children(
    child: type[models.Model], parent: str, parent_pks: Collection[int], values: Iterable[dict[str, Any]]
) -> None:
    """Make `values` the only `child` rows of these parents. The parents are locked by `write_rows`."""
    manager = child._default_manager
    manager.filter(**{f"{parent}_id__in": parent_pks}).delete()
    manager.bulk_create([child(**value) for value in values], batch_size=500)
