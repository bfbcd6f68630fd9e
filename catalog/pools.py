"""Units that listings share, and what they sold: added up by the database, a row for each pool."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import DurationField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Greatest, Least

from accounts.models import Account
from orders.models import Order

from .models import StockOut, StockPartQuerySet

WINDOW = timedelta(days=30)
"""How far back sales tell how fast stock sells."""
CENT, NO_TIME = Decimal("0.01"), timedelta()

Seller = tuple[str, str]
"""An item and one of its variations; "" stands for all of them."""


@dataclass(slots=True)
class Pool:
    """Units that one or several listings sell from. `available` is what the listing read last told.

    `price` is the lowest any of them asks, so that stock is not valued above what it may sell for. `sold` are
    the units of the last 30 days, in which for so long none of the listings had a unit (`without_stock`);
    `listed_since` is None where the first of them is older than that. Which listings those are is told by
    `describe`.
    """

    account_id: int
    key: str
    available: int
    price: Decimal | None
    listed_since: datetime | None
    sold: int
    without_stock: timedelta
    currency_id: str = ""
    title: str = ""
    sku: str = ""
    sellers: Sequence[Seller] = ()

    @property
    def value(self) -> Decimal | None:
        """What the units are worth at their price; None while the price is unknown."""
        if not self.available:
            return Decimal(0)
        return None if self.price is None else self.price * self.available


# A line of an order sells from the part of its variation, or of the whole item. What a pool has is told by
# the part read last; it is without stock only while all of its parts are.
POOLS = """
SELECT account_id, key, MAX(CASE WHEN age = 1 THEN units END), MIN(price),
    CASE WHEN MIN(listed_since) > %s THEN MIN(listed_since) END, sold,
    CASE WHEN COUNT(missed) = COUNT(*) THEN MIN(missed) END
FROM (
    SELECT part.account_id, part.key, part.units, part.price, part.listed_since, pool.sold, part.missed,
        ROW_NUMBER() OVER (
            PARTITION BY part.account_id, part.key
            ORDER BY part.changed_at DESC, part.item_id DESC, part.position DESC
        ) AS age
    FROM (
        SELECT part.account_id, part.key, COALESCE(SUM(line.units), 0) AS sold
        FROM ({parts}) AS part {joined} ({lines}) AS line
            ON line.seller = part.account_id AND line.item = part.item_meli_id
            AND (part.variation_id = '' OR part.variation_id = line.variation)
        GROUP BY part.account_id, part.key
    ) AS pool
    JOIN ({timed}) AS part ON part.account_id = pool.account_id AND part.key = pool.key
) AS ranked
GROUP BY account_id, key, sold
"""
# What was on sale for all 30 days and lasts longer at that pace need not be read: most of a catalog. Days are
# rounded to tenths, so that a twentieth of one more still counts.
ENDING = """
HAVING 600 * CAST(MAX(CASE WHEN age = 1 THEN units END) AS bigint) <= %s * sold
    OR MIN(listed_since) > %s OR COUNT(missed) = COUNT(*)
"""


def pools_that_sold(
    accounts: Collection[Account], parts: StockPartQuerySet, now: datetime, within: int | None = None
) -> list[Pool]:
    """Return the pools of `parts` that sold something in the last 30 days. One query.

    Given `within`, most of those are left out that certainly last longer than so many days.
    """
    return [pool for pool in _pools(parts, _lines(accounts, now), now, "JOIN", within) if pool.sold]


def pools_of(accounts: Collection[Account], parts: StockPartQuerySet, now: datetime) -> list[Pool]:
    """Return the pools of a few `parts`, described. Two queries."""
    rows = _listed(parts)
    # Named one by one: their lines are found by index, and what else the accounts sold is not read.
    lines = _lines(accounts, now, items__item_id__among={row[4] for row in rows})
    pools = _pools(parts, lines, now, "LEFT JOIN")
    _tell(pools, rows)
    return [pool for pool in pools if pool.sellers]


def describe(pools: Iterable[Pool], parts: StockPartQuerySet) -> None:
    """Tell of each pool which of `parts` sell from it, and what the first of those is; nothing of those that
    went since the pools were read. One query.
    """
    keys: dict[int, list[str]] = defaultdict(list)
    pools = list(pools)
    for pool in pools:
        keys[pool.account_id].append(pool.key)
    # Account by account: every key would be looked for in each.
    theirs = [Q(account=account_id, key__among=mine) for account_id, mine in keys.items()]
    _tell(pools, _listed(parts.filter(reduce(or_, theirs))) if theirs else [])


def _listed(parts: StockPartQuerySet) -> list[tuple[Any, ...]]:
    names = ("account_id", "key", "currency_id", "sku", "item_meli_id", "variation_id", "item__title")
    return list(parts.order_by("item_id", "position").values_list(*names))


def _tell(pools: Iterable[Pool], rows: Iterable[tuple[Any, ...]]) -> None:
    by_key: dict[tuple[int, str], list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        by_key[row[0], row[1]].append(row)
    for pool in pools:
        if mine := by_key[pool.account_id, pool.key]:
            _account, _key, pool.currency_id, pool.sku, _item, _variation, pool.title = mine[0]
            pool.sellers = [(item_id, variation_id) for *_more, item_id, variation_id, _title in mine]


def _pools(
    parts: StockPartQuerySet, lines: QuerySet[Any], now: datetime, joined: str, within: int | None = None
) -> list[Pool]:
    bare = parts.order_by().values("account_id", "key", "item_meli_id", "variation_id")
    # Looked up for each part of these pools alone: joined, all times without stock would be gone through.
    timed = parts.order_by().values(
        "account_id", "key", "item_id", "position", "units", "price", "changed_at", "listed_since",
        missed=Subquery(_missed(now)),
    )  # fmt: skip
    try:
        bare_sql, of_bare = bare.query.sql_with_params()
        lines_sql, of_lines = lines.query.sql_with_params()
        timed_sql, of_timed = timed.query.sql_with_params()
    except EmptyResultSet:
        return []
    sql = POOLS.format(parts=bare_sql, lines=lines_sql, timed=timed_sql, joined=joined)
    since = connection.ops.adapt_datetimefield_value(now - WINDOW)
    params = [since, *of_bare, *of_lines, *of_timed]
    if within is not None:
        sql, params = sql + ENDING, [*params, 20 * within + 1, since]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [
            Pool(account_id, key, units, as_amount(price), _instant(listed), int(sold), _duration(missed))
            for account_id, key, units, price, listed, sold, missed in cursor.fetchall()
        ]


def _lines(accounts: Collection[Account], now: datetime, **lines: Any) -> QuerySet[Any]:
    """Return the units each item, and each of its variations, sold in the last 30 days, in these `lines`."""
    sales = Order.objects.filter(account__in=accounts, date_created__gte=now - WINDOW).sales()
    # In one filter, or the lines are joined twice.
    rows = sales.filter(items__isnull=False, **lines).order_by()
    of_what = {"seller": F("account_id"), "item": F("items__item_id"), "variation": F("items__variation_id")}
    return rows.values(**of_what).annotate(units=Sum("items__quantity"))


def _missed(now: datetime) -> QuerySet[Any]:
    """Return for how long, of the last 30 days, a part had no unit: of the item or its variation alone."""
    since = now - WINDOW
    end = Least(Coalesce("ended_at", Value(now)), Value(now))
    missed = ExpressionWrapper(end - Greatest("began_at", Value(since)), DurationField())
    outs = StockOut.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=since),
        item=OuterRef("item"),
        variation_id=OuterRef("variation_id"),
        began_at__lt=now,
    )
    return outs.order_by().values("item_id").annotate(missed=Sum(missed)).values("missed")


# SQLite knows neither decimals nor instants nor durations.


def as_amount(value: Any) -> Decimal | None:
    return value if value is None or isinstance(value, Decimal) else Decimal(str(value)).quantize(CENT)


def _instant(value: Any) -> datetime | None:
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value


def _duration(value: Any) -> timedelta:
    return NO_TIME if value is None else timedelta(microseconds=value) if isinstance(value, int) else value
