"""How long stock lasts, and what running out costs.

Listings of one product share units: Full ones an `inventory_id`, others a `user_product_id` (API facts, part
A sections 5.3 and 5.8). Such units are a `Pool`: they count once, and what any of its listings sells draws on
them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts.models import Account

from .costs import latest_costs
from .models import Item, ItemQuerySet, StockOut, StockPart, StockPartQuerySet, Variation
from .pools import CENT, WINDOW, Pool, describe, pools_of, pools_that_sold

DAY = timedelta(days=1)
DAY_S = 86_400
TENTH, NOTHING = Decimal("0.1"), Decimal("0.00")
LONGEST_COVER = 3650
"""Days of cover beyond which no date is projected."""


@dataclass(frozen=True, slots=True)
class Cover:
    """How long the units of a pool last at the pace of the last 30 days, days without stock left out.

    Where nothing was sold there is no pace: `days` and `out_on` are None. `lost_per_day` is what a day
    without stock costs in sales, at the present price; nothing while there is stock.
    """

    pool: Pool
    sold: int
    days_in_stock: Decimal
    per_day: Decimal
    days: Decimal | None
    out_on: date | None
    lost_per_day: Decimal | None


def sold_covers(
    accounts: Iterable[Account], parts: StockPartQuerySet, now: datetime, *, within: int | None = None
) -> list[Cover]:
    """Return how long the stock of `parts`, all of these accounts, lasts where it sold something in 30 days;
    only what ran out or lasts at most `within` days, if that is given. One query; `described`
    tells who sells it.
    """
    by_pk = {account.pk: account for account in accounts}
    covers = []
    for pool in pools_that_sold(by_pk.values(), parts, now, within):
        one = cover(pool, now, by_pk[pool.account_id])
        if within is None or one.days is None or one.days <= within:
            covers.append(one)
    return covers


def described(covers: Iterable[Cover], parts: StockPartQuerySet) -> list[Cover]:
    """Return `covers` with who of `parts` sells from their pools; those nobody sells any more are left out.
    One query.
    """
    covers = list(covers)
    describe((one.pool for one in covers), parts)
    return [one for one in covers if one.pool.sellers]


def covers_of(accounts: Iterable[Account], parts: StockPartQuerySet, now: datetime) -> list[Cover]:
    """Return how long the stock of a few `parts`, all of these accounts, lasts, and who sells it. Two
    queries.
    """
    by_pk = {account.pk: account for account in accounts}
    pools = pools_of(by_pk.values(), parts, now)
    return [cover(pool, now, by_pk[pool.account_id]) for pool in pools]


def unsold_covers(
    accounts: Iterable[Account],
    now: datetime,
    sold: Iterable[Cover],
    limit: int,
    after: tuple[int, str] | None = None,
) -> list[Cover]:
    """Return what stock of these accounts is not among `sold`, by account and key: so many, those that follow
    `after`. Three queries.
    """
    accounts = list(accounts)
    known = {(one.pool.account_id, one.pool.key) for one in sold}
    parts = StockPart.objects.filter(account__in=accounts)
    keys = parts.order_by("account_id", "key").values_list("account_id", "key").distinct()
    if after:
        account_id, key = after
        keys = keys.filter(Q(account_id__gt=account_id) | Q(account_id=account_id, key__gt=key))
    wanted = [one for one in keys[: limit + len(known)] if one not in known][:limit]
    covers = covers_of(accounts, parts.filter(key__among={key for _account_id, key in wanted}), now)
    found = {(one.pool.account_id, one.pool.key): one for one in covers}
    return [found[one] for one in wanted if one in found]


def covers_of_item(item: Item, now: datetime) -> list[Cover]:
    """Return how long the stock an item sells from lasts: one, or one for each of its variations; nothing for
    a closed item. Two queries.
    """
    keys = item.stock_parts.values("key")
    return covers_of([item.account], StockPart.objects.filter(account=item.account_id, key__in=keys), now)


Urgency = tuple[Decimal, Decimal, int, str]


def urgency(cover: Cover) -> Urgency:
    """Return what to sort by: what loses most comes first, then what runs out first, at last what does not
    sell.
    """
    never = Decimal("Infinity")
    days = never if cover.days is None else cover.days
    return -(cover.lost_per_day or Decimal(0)), days, cover.pool.account_id, cover.pool.key


def cover(pool: Pool, now: datetime, account: Account) -> Cover:
    """Reckon how long the units of a pool last; one listed within the last 30 days had less time to sell."""
    in_stock = Decimal(_seconds_in_stock(pool, now)) / DAY_S
    days_in_stock = in_stock.quantize(TENTH, ROUND_HALF_UP)
    if not pool.sold:
        lost = None if pool.price is None and not pool.available else NOTHING
        return Cover(pool, 0, days_in_stock, NOTHING, None, None, lost)
    per_day = pool.sold / in_stock
    days = pool.available / per_day
    out_on = None
    if pool.available and days < LONGEST_COVER:
        out_on = (now + timedelta(seconds=int(days * DAY_S))).astimezone(account.time_zone).date()
    lost = Decimal(0) if pool.available else None if pool.price is None else per_day * pool.price
    return Cover(
        pool,
        pool.sold,
        days_in_stock,
        per_day.quantize(CENT, ROUND_HALF_UP),
        days.quantize(TENTH, ROUND_HALF_UP),
        out_on,
        None if lost is None else lost.quantize(CENT, ROUND_HALF_UP),
    )


def _seconds_in_stock(pool: Pool, now: datetime) -> int:
    listed = min(now - pool.listed_since, WINDOW) if pool.listed_since else WINDOW
    # Less than a day says too little of the pace.
    return int(max(listed - pool.without_stock, DAY).total_seconds())


# The history


def note_stock_saved(resource: str, account: Account, ids: Collection[str], **_: Any) -> None:
    """Note which of the items that were just saved ran out of stock, and which have some again."""
    if resource == "items":
        note_stock(Item.objects.filter(account=account, meli_id__in=ids))


@transaction.atomic
def note_stock(items: ItemQuerySet) -> None:
    """Begin a stock-out where nothing is left and end it where something is, at the instant at which Mercado
    Livre says the item changed. Three queries, and two when something changed.
    """
    locked = items.select_for_update().order_by("meli_id")  # in the order in which saving locks them
    found = locked.only("pk", "available_quantity", "remote_updated_at")
    changed_at = {item.pk: item.remote_updated_at for item in found}
    units = dict(_units(found))
    lasting = {
        (out.item_id, out.variation_id): out
        for out in StockOut.objects.filter(item__in=changed_at, ended_at=None)
    }
    begun = [
        StockOut(item_id=pk, variation_id=variation_id, began_at=changed_at[pk])
        for (pk, variation_id), left in units.items()
        if left == 0 and (pk, variation_id) not in lasting
    ]
    ended = []
    for (pk, variation_id), out in lasting.items():
        if units.get((pk, variation_id), 1) != 0:
            out.ended_at = max(changed_at[pk], out.began_at)
            ended.append(out)
    StockOut.objects.bulk_create(begun)
    StockOut.objects.bulk_update(ended, ["ended_at"])


def _units(items: Iterable[Item]) -> Iterator[tuple[tuple[int, str], int]]:
    """Yield the known units of each item and of each of its variations."""
    pks = [item.pk for item in items]
    yield from (
        ((item.pk, ""), item.available_quantity) for item in items if item.available_quantity is not None
    )
    told = Variation.objects.filter(item__in=pks, available_quantity__isnull=False)
    for pk, variation_id, units in told.values_list("item_id", "meli_id", "available_quantity"):
        yield (pk, variation_id), units


# Its cost


class UnitCosts:
    """What a unit of each of these pools costs today. One query."""

    def __init__(self, accounts: Collection[Account], pools: Iterable[Pool], now: datetime) -> None:
        self._currencies = {account.pk: account.currency_id for account in accounts}
        days = {account.pk: now.astimezone(account.time_zone).date() for account in accounts}
        self._costs = latest_costs(days, {self._named(pool) for pool in pools})

    def of(self, pool: Pool) -> Decimal | None:
        """Return it by the pool's SKU, or by its first listing; None where nobody said, or in another
        currency than the account's.
        """
        if pool.currency_id != self._currencies[pool.account_id]:
            return None
        return self._costs.get((pool.account_id, self._named(pool)))

    @staticmethod
    def _named(pool: Pool) -> str:
        return pool.sku or pool.sellers[0][0]
