"""What the stock that is held is worth, at its price and at its cost: added up by the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from accounts.models import Account

from .models import ProductCost, StockPartQuerySet
from .pools import CENT, as_amount

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class StockValue:
    """What stock in one currency is worth. `at_price` and `at_cost` leave out pools with no known price or
    cost; those are counted.
    """

    currency_id: str
    units: int
    at_price: Decimal
    at_cost: Decimal
    without_price: int
    without_cost: int


# Pools are gone through once, in the order of the index: a pool has the units of the part read last, which
# comes first, and the currency and cost of its first part. The limit limits nothing; without it PostgreSQL
# would look each cost up twice.
WORTH = """
SELECT currency_id, SUM(units), SUM(lowest * units), SUM(cost * units),
    COUNT(CASE WHEN lowest IS NULL AND units > 0 THEN 1 END),
    COUNT(CASE WHEN cost IS NULL AND units > 0 THEN 1 END)
FROM (
    SELECT currency_id, units, lowest, {cost} AS cost
    FROM (
        SELECT account_id, currency_id, COALESCE(NULLIF(sku, ''), item_meli_id) AS named,
            item_id * 32768 + position AS place,
            MIN(item_id * 32768 + position) OVER newest AS first,
            FIRST_VALUE(units) OVER newest AS units,
            MIN(price) OVER newest AS lowest
        FROM ({parts}) AS part
        WINDOW newest AS (
            PARTITION BY account_id, key ORDER BY changed_at DESC, item_id DESC, position DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
    ) AS ranked
    WHERE place = first
    LIMIT 9223372036854775807
) AS pool
GROUP BY currency_id ORDER BY currency_id
"""
COST = """
    WHEN account_id IN ({accounts}) AND currency_id = %s THEN (
        SELECT amount FROM {table} AS told
        WHERE told.account_id = ranked.account_id AND told.sku = ranked.named AND told.starts_on <= %s
        ORDER BY told.starts_on DESC LIMIT 1
    )
"""
UNKNOWN = "CAST(NULL AS numeric(14, 2))"


def stock_values(
    parts: StockPartQuerySet, accounts: Collection[Account] = (), now: datetime | None = None
) -> list[StockValue]:
    """Return what the stock of `parts` is worth at its price and at what a unit costs `accounts` today, by
    currency. Two queries; one without accounts, whose costs then count as unknown.

    A cost is that of the pool's SKU or, where it has none, of its first listing; another currency than the
    account's has none.
    """
    columns = (
        "account_id", "key", "item_id", "position", "item_meli_id", "sku", "units", "price", "currency_id",
        "changed_at",
    )  # fmt: skip
    cost, of_cost = _cost(accounts, now) if now else (UNKNOWN, [])
    try:
        parts_sql, of_parts = parts.order_by().values(*columns).query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(WORTH.format(parts=parts_sql, cost=cost), [*of_cost, *of_parts])
        rows = cursor.fetchall()
    return [
        StockValue(currency, units, _sum(price), _sum(at_cost), without_price, without_cost)
        for currency, units, price, at_cost, without_price, without_cost in rows
    ]


def _cost(accounts: Collection[Account], now: datetime) -> tuple[str, list[Any]]:
    """Return the SQL of what a unit of a pool costs today, and its parameters. One query."""
    if not ProductCost.objects.filter(account__in=accounts).exists():
        return UNKNOWN, []  # rather than looked up for each pool in vain
    groups: dict[tuple[str, date], list[int]] = defaultdict(list)
    for account in accounts:
        groups[account.currency_id, now.astimezone(account.time_zone).date()].append(account.pk)
    table = connection.ops.quote_name(ProductCost._meta.db_table)
    cases, params = "", list[Any]()
    for (currency_id, today), pks in groups.items():
        cases += COST.format(accounts=", ".join(["%s"] * len(pks)), table=table)
        params += [*pks, currency_id, connection.ops.adapt_datefield_value(today)]
    return f"CASE {cases} END", params


def _sum(value: Any) -> Decimal:
    amount = as_amount(value)
    return NOTHING if amount is None else amount.quantize(CENT)
