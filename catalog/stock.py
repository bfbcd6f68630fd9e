"""How long stock lasts, what running out costs, and what is held is worth.

Listings of one product share units: Full ones an `inventory_id`, others a `user_product_id` (API facts, part
A sections 5.3 and 5.8). Such units are a `Pool`: they count once, and what any of its listings sells draws on
them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from accounts.models import Account
from orders.models import Order, OrderQuerySet

from .costs import CostTable
from .models import Item, ItemQuerySet, StockOut, Variation

HELD = ["active", "paused"]
"""Statuses whose units the seller still holds for sale."""
WINDOW = timedelta(days=30)
"""How far back sales tell how fast stock sells."""
DAY = timedelta(days=1)
CENT, TENTH, NOTHING = Decimal("0.01"), Decimal("0.1"), Decimal("0.00")
LONGEST_COVER = 3650
"""Days of cover beyond which no date is projected."""

SHARED = ~Q(inventory_id="") | ~Q(user_product_id="")
"""The condition for what may sell from the same units as something else."""
Seller = tuple[str, str]
"""An item and one of its variations; "" stands for all of them."""


@dataclass
class Pool:
    """Units that one or several listings sell from. `available` is what the listing read last told.

    `price` is the lowest any of them asks, so that stock is not valued above what it may sell for.
    """

    account_id: int
    key: str
    currency_id: str
    title: str
    sku: str
    available: int
    price: Decimal | None
    updated_at: datetime
    listed_since: datetime | None
    sellers: list[Seller] = field(default_factory=list)

    @property
    def value(self) -> Decimal | None:
        """What the units are worth at their price; None while the price is unknown."""
        if not self.available:
            return Decimal(0)
        return None if self.price is None else self.price * self.available


@dataclass(frozen=True)
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


def pools_of(items: ItemQuerySet) -> list[Pool]:
    """Return the stock of `items`, each unit once. Two queries."""
    columns = (
        "pk", "account_id", "meli_id", "title", "sku", "currency_id", "available_quantity", "price",
        "inventory_id", "user_product_id", "remote_updated_at", "date_created",
    )  # fmt: skip
    variations: dict[int, list[dict[str, Any]]] = defaultdict(list)
    # Once one of an item's variations shares its units, all of them are counted apart.
    divided = Exists(Variation.objects.filter(SHARED, item=OuterRef("item")))
    for variation in Variation.objects.filter(divided, item__in=items).values(
        "item_id", "meli_id", "sku", "available_quantity", "price", "inventory_id", "user_product_id"
    ):
        variations[variation["item_id"]].append(variation)
    pools: dict[tuple[int, str], Pool] = {}
    for item in items.order_by().values(*columns):
        parts = variations.get(item["pk"]) or [{**item, "meli_id": ""}]
        for part in parts:
            _join(pools, item, part)
    return list(pools.values())


def _join(pools: dict[tuple[int, str], Pool], item: Mapping[str, Any], part: Mapping[str, Any]) -> None:
    """Put what an item, or a variation of it, sells into its pool."""
    own = f"{item['meli_id']}-{part['meli_id']}" if part["meli_id"] else item["meli_id"]
    key = part["inventory_id"] or part["user_product_id"] or own
    pool = pools.get((item["account_id"], key))
    price = item["price"] if part["price"] is None else part["price"]
    if pool is None:
        pool = pools[item["account_id"], key] = Pool(
            item["account_id"], key, item["currency_id"], item["title"], part["sku"] or item["sku"],
            part["available_quantity"] or 0, price, item["remote_updated_at"], item["date_created"],
        )  # fmt: skip
    else:
        if item["remote_updated_at"] >= pool.updated_at:
            pool.available, pool.updated_at = part["available_quantity"] or 0, item["remote_updated_at"]
        pool.price = min((one for one in (pool.price, price) if one is not None), default=None)
        pool.listed_since = min(
            (one for one in (pool.listed_since, item["date_created"]) if one is not None), default=None
        )
    pool.sellers.append((item["meli_id"], part["meli_id"]))


def covers_of(
    accounts: Iterable[Account], items: ItemQuerySet, now: datetime, *, only_sold: bool = False
) -> list[Cover]:
    """Return how long the stock of `items` of these accounts lasts; with `only_sold`, of those that sold
    something, and of what shares its units with them. Four queries.
    """
    by_pk = {account.pk: account for account in accounts}
    since = now - WINDOW
    sold = _sold(by_pk, since)
    items = items.filter(account__in=by_pk, status__in=HELD)
    if only_sold:
        own = items.filter(meli_id__in=_sales(by_pk, since).values("items__item_id"))
        parts = Variation.objects.filter(item__in=own)
        items = items.filter(Q(pk__in=own.values("pk")) | _sharing_with(own) | _sharing_with(parts))
    pools = pools_of(items)
    out = _without_stock(items, since, now)
    return [
        cover(
            pool,
            sum(sold[pool.account_id, *seller] for seller in pool.sellers),
            min((out[pool.account_id, *seller] for seller in pool.sellers), default=timedelta()),
            now,
            by_pk[pool.account_id],
        )
        for pool in pools
    ]


def covers_of_item(item: Item, now: datetime) -> list[Cover]:
    """Return how long the stock an item sells from lasts: one, or one for each of its variations; nothing for
    a closed item. Six queries.
    """
    parts = [item, *item.variations.all()]
    inventories = {part.inventory_id for part in parts} - {""}
    products = {part.user_product_id for part in parts} - {""}
    shares = Q(inventory_id__in=inventories) | Q(user_product_id__in=products)
    by_a_variation = Exists(Variation.objects.filter(shares, item=OuterRef("pk")))
    sharing = Item.objects.filter(Q(pk=item.pk) | shares | by_a_variation, account=item.account)
    covers = covers_of([item.account], sharing, now)
    mine = [one for one in covers if any(seller == item.meli_id for seller, _part in one.pool.sellers)]
    return mine if item.status in HELD else []


def _sharing_with(parts: QuerySet[Any]) -> Q:
    """Return the condition for items that sell from the same units as these items or variations. They are
    named by subqueries: thousands of ids would take longer to send than to find.
    """
    shares = Q()
    for column in ("inventory_id", "user_product_id"):
        ids = parts.exclude(**{column: ""}).order_by().values(column)
        shares |= Q(**{f"{column}__in": ids})
    return shares | Q(pk__in=Variation.objects.filter(shares).order_by().values("item"))


Urgency = tuple[Decimal, Decimal, int, str]


def urgency(cover: Cover) -> Urgency:
    """Return what to sort by: what loses most comes first, then what runs out first, at last what does not
    sell.
    """
    never = Decimal("Infinity")
    days = never if cover.days is None else cover.days
    return -(cover.lost_per_day or Decimal(0)), days, cover.pool.account_id, cover.pool.key


def cover(pool: Pool, sold: int, without_stock: timedelta, now: datetime, account: Account) -> Cover:
    """Reckon how long the units of a pool last. `sold` are its sales of the last 30 days, in which it was
    `without_stock` for so long; a pool listed later than that had less time to sell.
    """
    if not sold:
        return _unsold(pool, without_stock, now)
    in_stock = _days_in_stock(pool, without_stock, now)
    per_day = sold / in_stock
    days = pool.available / per_day
    out_on = None
    if pool.available and days < LONGEST_COVER:
        out_on = (now + timedelta(seconds=int(days * 86_400))).astimezone(account.time_zone).date()
    lost = Decimal(0) if pool.available else None if pool.price is None else per_day * pool.price
    return Cover(
        pool,
        sold,
        in_stock.quantize(TENTH, ROUND_HALF_UP),
        per_day.quantize(CENT, ROUND_HALF_UP),
        days.quantize(TENTH, ROUND_HALF_UP),
        out_on,
        None if lost is None else lost.quantize(CENT, ROUND_HALF_UP),
    )


def _unsold(pool: Pool, without_stock: timedelta, now: datetime) -> Cover:
    """Reckon without divisions: most of a large catalog sells nothing in a month."""
    in_stock = _days_in_stock(pool, without_stock, now).quantize(TENTH, ROUND_HALF_UP)
    lost = None if pool.price is None and not pool.available else NOTHING
    return Cover(pool, 0, in_stock, NOTHING, None, None, lost)


def _days_in_stock(pool: Pool, without_stock: timedelta, now: datetime) -> Decimal:
    listed = min(now - pool.listed_since, WINDOW) if pool.listed_since else WINDOW
    # Less than a day says too little of the pace.
    return Decimal(int(max(listed - without_stock, DAY).total_seconds())) / 86_400


def _sales(accounts: Collection[int], since: datetime) -> OrderQuerySet:
    """Return the sales since then, joined with their lines."""
    sales = Order.objects.filter(account__in=accounts, date_created__gte=since).sales()
    return sales.filter(items__isnull=False).order_by()


def _sold(accounts: Collection[int], since: datetime) -> dict[tuple[int, str, str], int]:
    """Return the units each item, and each of its variations, sold since then."""
    rows = (
        _sales(accounts, since)
        .values_list("account_id", "items__item_id", "items__variation_id")
        .annotate(Sum("items__quantity"))
    )
    sold: dict[tuple[int, str, str], int] = defaultdict(int)
    for account_id, item_id, variation_id, units in rows:
        sold[account_id, item_id, ""] += units
        if variation_id:
            sold[account_id, item_id, variation_id] += units
    return sold


def _without_stock(
    items: ItemQuerySet, since: datetime, now: datetime
) -> dict[tuple[int, str, str], timedelta]:
    """Return for how long each item, and each of its variations, had no unit between two instants."""
    outs = StockOut.objects.filter(Q(ended_at=None) | Q(ended_at__gt=since), item__in=items)
    spans: dict[tuple[int, str, str], timedelta] = defaultdict(timedelta)
    for account_id, item_id, variation_id, began_at, ended_at in outs.values_list(
        "item__account_id", "item__meli_id", "variation_id", "began_at", "ended_at"
    ):
        span = min(ended_at or now, now) - max(began_at, since)
        spans[account_id, item_id, variation_id] += max(span, timedelta())
    return spans


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


# Its value


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


class UnitCosts:
    """What a unit of a pool costs today. Two queries an account that is asked about."""

    def __init__(self, accounts: Iterable[Account], now: datetime) -> None:
        self._accounts = {account.pk: account for account in accounts}
        self._tables: dict[int, CostTable] = {}
        self._now = now

    def of(self, pool: Pool) -> Decimal | None:
        """Return it by the pool's SKU, or by its first listing; None where nobody said, or in another
        currency than the account's.
        """
        account = self._accounts[pool.account_id]
        if pool.currency_id != account.currency_id:
            return None
        table = self._tables.get(account.pk) or self._tables.setdefault(account.pk, CostTable(account))
        today = self._now.astimezone(account.time_zone).date()
        return table.unit_cost(pool.sku or pool.sellers[0][0], today)


def stock_values(accounts: Iterable[Account], pools: Iterable[Pool], now: datetime) -> list[StockValue]:
    """Return what `pools` of these accounts are worth at their price and at today's cost, by currency. Two
    queries an account.
    """
    costs = UnitCosts(accounts, now)
    values: dict[str, list[tuple[int, Decimal | None, Decimal | None]]] = defaultdict(list)
    for pool in pools:
        if not pool.available:
            continue
        cost = costs.of(pool)
        at_cost = None if cost is None else cost * pool.available
        values[pool.currency_id].append((pool.available, pool.value, at_cost))
    return [
        StockValue(
            currency_id,
            sum(units for units, _price, _cost in found),
            sum((price for _units, price, _cost in found if price is not None), Decimal(0)),
            sum((cost for _units, _price, cost in found if cost is not None), Decimal(0)),
            sum(price is None for _units, price, _cost in found),
            sum(cost is None for _units, _price, cost in found),
        )
        for currency_id, found in sorted(values.items())
    ]
