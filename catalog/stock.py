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
from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    F,
    FilteredRelation,
    Min,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Concat, FirstValue, NullIf, RowNumber

from accounts.models import Account
from orders.models import Order

from .costs import CostTable
from .models import Item, ItemQuerySet, ProductCost, StockOut, Variation

HELD = ["active", "paused"]
"""Statuses whose units the seller still holds for sale."""
WINDOW = timedelta(days=30)
"""How far back sales tell how fast stock sells."""
DAY = timedelta(days=1)
CENT, TENTH, NOTHING = Decimal("0.01"), Decimal("0.1"), Decimal("0.00")
AMOUNT = DecimalField(max_digits=20, decimal_places=2)
UNKNOWN = Cast(None, AMOUNT)
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


def parts_of(items: ItemQuerySet) -> ItemQuerySet:
    """Return what sells by itself: each of `items` or, once one of its variations shares its units, each of
    those. `key` names the pool it sells from; `part_id` is "" where it is the whole item.
    """
    divided = Exists(Variation.objects.filter(SHARED, item=OuterRef("pk")))
    is_whole, nothing = Q(part__meli_id=None), Value("")
    own = Case(When(is_whole, then="meli_id"), default=Concat("meli_id", Value("-"), "part__meli_id"))
    inventory = Coalesce("part__inventory_id", "inventory_id")
    product = Coalesce("part__user_product_id", "user_product_id")
    told = Case(When(is_whole, then="available_quantity"), default="part__available_quantity")
    parts: ItemQuerySet = items.alias(is_divided=divided).annotate(
        part=FilteredRelation("variations", condition=Q(is_divided=True)),
        part_id=Coalesce("part__meli_id", nothing),
        key=Coalesce(NullIf(inventory, nothing), NullIf(product, nothing), own),
        part_sku=Coalesce(NullIf("part__sku", nothing), "sku"),
        units=Coalesce(told, 0),
        asked=Coalesce("part__price", "price"),
    )
    return parts


def pools_of(items: ItemQuerySet) -> list[Pool]:
    """Return the stock of `items`, each unit once. One query."""
    return _joined(parts_of(items))


def _joined(parts: ItemQuerySet) -> list[Pool]:
    """Return the pools these parts sell from."""
    pools: dict[tuple[int, str], Pool] = {}
    for part in parts.order_by("pk", "part__position").values(
        "account_id", "key", "currency_id", "title", "part_sku", "units", "asked", "remote_updated_at",
        "date_created", "meli_id", "part_id",
    ):  # fmt: skip
        pool = pools.get((part["account_id"], part["key"]))
        if pool is None:
            pool = pools[part["account_id"], part["key"]] = Pool(
                part["account_id"], part["key"], part["currency_id"], part["title"], part["part_sku"],
                part["units"], part["asked"], part["remote_updated_at"], part["date_created"],
            )  # fmt: skip
        else:
            if part["remote_updated_at"] >= pool.updated_at:
                pool.available, pool.updated_at = part["units"], part["remote_updated_at"]
            pool.price = _least(pool.price, part["asked"])
            pool.listed_since = _least(pool.listed_since, part["date_created"])
        pool.sellers.append((part["meli_id"], part["part_id"]))
    return list(pools.values())


def _least(*values: Any) -> Any:
    return min((value for value in values if value is not None), default=None)


def sold_covers(accounts: Iterable[Account], items: ItemQuerySet, now: datetime) -> list[Cover]:
    """Return how long the stock of `items` of these accounts lasts, where it sold something in the last 30
    days. Four queries.
    """
    accounts = list(accounts)
    held, sold = _held(accounts, items), _sold(accounts, now)
    own = held.filter(meli_id__in={item_id for _account, item_id, _part in sold})
    keys = set(parts_of(own).values_list("key", flat=True))
    pools = _joined(parts_of(held).filter(key__in=keys))
    return [one for one in _covers(accounts, pools, sold, now) if one.sold]


def covers_of(accounts: Iterable[Account], items: ItemQuerySet, now: datetime) -> list[Cover]:
    """Return how long the stock of a few `items` of these accounts lasts. Three queries."""
    accounts = list(accounts)
    pools = pools_of(_held(accounts, items))
    # Named one by one: their lines are found by index, and what else the accounts sold is not read.
    return _covers(accounts, pools, _sold(accounts, now, items__item_id__in=_sellers(pools)), now)


def unsold_covers(
    accounts: Iterable[Account],
    now: datetime,
    sold: Iterable[Cover],
    limit: int,
    after: tuple[int, str] | None = None,
) -> list[Cover]:
    """Return what stock of these accounts is not among `sold`, by account and key: so many, those that follow
    `after`. Five queries.
    """
    accounts = list(accounts)
    known = {(one.pool.account_id, one.pool.key) for one in sold}
    parts = parts_of(_held(accounts, Item.objects.all()))
    keys = parts.order_by("account_id", "key").values_list("account_id", "key").distinct()
    if after:
        account_id, key = after
        keys = keys.filter(Q(account_id__gt=account_id) | Q(account_id=account_id, key__gt=key))
    wanted = [one for one in keys[: limit + len(known)] if one not in known][:limit]
    sharing = list(parts.filter(key__in={key for _account_id, key in wanted}).values_list("pk", flat=True))
    covers = covers_of(accounts, Item.objects.filter(pk__in=sharing), now)
    found = {(one.pool.account_id, one.pool.key): one for one in covers}
    return [found[one] for one in wanted if one in found]


def covers_of_item(item: Item, now: datetime) -> list[Cover]:
    """Return how long the stock an item sells from lasts: one, or one for each of its variations; nothing for
    a closed item. Four queries.
    """
    parts = [item, *item.variations.all()]
    inventories = {part.inventory_id for part in parts} - {""}
    products = {part.user_product_id for part in parts} - {""}
    shares = Q(inventory_id__in=inventories) | Q(user_product_id__in=products)
    by_a_variation = Exists(Variation.objects.filter(shares, item=OuterRef("pk")))
    sharing = Item.objects.filter(Q(pk=item.pk) | shares | by_a_variation, account=item.account)
    covers = covers_of([item.account], sharing, now)
    return [one for one in covers if any(item_id == item.meli_id for item_id, _part in one.pool.sellers)]


def _held(accounts: Collection[Account], items: ItemQuerySet) -> ItemQuerySet:
    return items.filter(account__in=accounts, status__in=HELD)


def _sellers(pools: Iterable[Pool]) -> set[str]:
    return {item_id for pool in pools for item_id, _part in pool.sellers}


def _covers(
    accounts: Collection[Account],
    pools: Collection[Pool],
    sold: Mapping[tuple[int, str, str], int],
    now: datetime,
) -> list[Cover]:
    """Return how long `pools` last, of which so much was `sold`. One query."""
    by_pk = {account.pk: account for account in accounts}
    out = _without_stock(accounts, _sellers(pools), now)
    return [
        cover(
            pool,
            sum(sold.get((pool.account_id, *seller), 0) for seller in pool.sellers),
            min((out[pool.account_id, *seller] for seller in pool.sellers), default=timedelta()),
            now,
            by_pk[pool.account_id],
        )
        for pool in pools
    ]


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


def _sold(accounts: Collection[Account], now: datetime, **lines: Any) -> dict[tuple[int, str, str], int]:
    """Return the units each item, and each of its variations, sold in the last 30 days, in these `lines`."""
    sales = Order.objects.filter(account__in=accounts, date_created__gte=now - WINDOW).sales()
    # In one filter, or the lines are joined twice.
    rows = sales.filter(items__isnull=False, **lines).order_by()
    sold: dict[tuple[int, str, str], int] = defaultdict(int)
    for account_id, item_id, variation_id, units in rows.values_list(
        "account_id", "items__item_id", "items__variation_id"
    ).annotate(Sum("items__quantity")):
        sold[account_id, item_id, ""] += units
        if variation_id:
            sold[account_id, item_id, variation_id] += units
    return sold


def _without_stock(
    accounts: Collection[Account], item_ids: Collection[str], now: datetime
) -> dict[tuple[int, str, str], timedelta]:
    """Return for how long, of the last 30 days, these items and each of their variations had no unit."""
    since = now - WINDOW
    items = Item.objects.filter(account__in=accounts, meli_id__in=item_ids)
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


def cost_today(accounts: Collection[Account], now: datetime) -> Combinable:
    """Return the expression for what a unit of a part (`parts_of`) costs today; null where nobody said, or in
    another currency than the account's. One query.
    """
    if not ProductCost.objects.filter(account__in=accounts).exists():
        return UNKNOWN  # rather than looked up for each part in vain
    named = Coalesce(NullIf(OuterRef("part_sku"), Value("")), OuterRef("meli_id"))
    costs = ProductCost.objects.filter(account=OuterRef("account"), sku=named).order_by("-starts_on")
    groups: dict[tuple[date, str], list[Account]] = defaultdict(list)
    for account in accounts:
        groups[now.astimezone(account.time_zone).date(), account.currency_id].append(account)
    return Case(
        *(
            When(
                account__in=members,
                currency_id=currency_id,
                then=Subquery(costs.filter(starts_on__lte=today).values("amount")[:1]),
            )
            for (today, currency_id), members in groups.items()
        ),
        default=None,
    )


def stock_values(items: ItemQuerySet, cost: Combinable = UNKNOWN) -> list[StockValue]:
    """Return what the stock of `items` is worth at its price and at `cost`, by currency. Two queries, in
    which the database adds up.
    """
    pool = {"partition_by": ["account_id", "key"]}
    first = {**pool, "order_by": ["pk", "part__position"]}
    pools = parts_of(items).annotate(
        age=Window(RowNumber(), **pool, order_by=["-remote_updated_at", "-pk", "-part__position"]),
        price_of_all=Window(Min("asked"), **pool),
        currency=Window(FirstValue("currency_id"), **first),
        cost=Window(FirstValue(cost), **first),
    )
    sums: dict[str, Any] = {}
    currencies = sorted(items.order_by().values_list("currency_id", flat=True).distinct())
    for number, currency in enumerate(currencies):
        here = Q(currency=currency)
        sums[f"units_{number}"] = Sum("units", filter=here)
        for name in ("price_of_all", "cost"):
            sums[f"{name}_{number}"] = Sum(F(name) * F("units"), filter=here, output_field=AMOUNT)
            unknown = here & Q(units__gt=0, **{name: None})
            sums[f"without_{name}_{number}"] = Count("pk", filter=unknown)
    found = pools.filter(age=1).aggregate(**sums)
    return [
        StockValue(
            currency,
            found[f"units_{number}"] or 0,
            *((found[f"{name}_{number}"] or NOTHING).quantize(CENT) for name in ("price_of_all", "cost")),
            *(found[f"without_{name}_{number}"] for name in ("price_of_all", "cost")),
        )
        for number, currency in enumerate(currencies)
    ]
