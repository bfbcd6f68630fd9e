"""A great many orders, written by the database itself."""

from __future__ import annotations

from typing import Any

from django.db import connection, models

from accounts.models import Account
from orders.models import Order, OrderItem
from tests.factories import make_order


def sell(account: Account, count: int) -> None:
    """Add that many orders of one line to the account, all like the first but for their number."""
    first = make_order(account, payments=0)
    made = 1
    while made < count:
        more = min(made, count - made)
        number = f"CAST(CAST(meli_id AS BIGINT) + {made} AS VARCHAR(32))"
        below = f"CAST(meli_id AS BIGINT) < {int(first.meli_id) + more}"
        copy(Order, {"meli_id": number}, below)
        made += more
    line = OrderItem.objects.get(order=first)
    copy(
        OrderItem,
        {"order_id": "sold.id"},
        f"orders_orderitem.id = {line.pk} AND sold.id <> {first.pk}",
        "CROSS JOIN orders_order sold",
    )


def copy(model: type[models.Model], changed: dict[str, Any], where: str, join: str = "") -> None:
    """Insert copies of a table's rows with some columns changed."""
    table = model._meta.db_table
    columns = [str(field.column) for field in model._meta.concrete_fields if not field.primary_key]
    values = [changed.get(column, f'{table}."{column}"') for column in columns]
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM {table} {join} WHERE {where}"
        )
