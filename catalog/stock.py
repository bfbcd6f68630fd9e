"""How long stock lasts, what running out costs, and what is held is worth.

Listings of one product share units: Full ones an `inventory_id`, others a `user_product_id` (API facts, part
A sections 5.3 and 5.8). Such units are a `Pool`: they count once, and what any of its listings sells draws on
them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    F,
    Field,
    FilteredRelation,
    Lookup,
    Min,
    OuterRef,
    Q,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
    Window,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Concat, FirstValue, NullIf, RowNumber

from accounts.models import Account
from orders.models import Order

from .costs import CostTable
from .models import SHARED, Item, ItemQuerySet, ProductCost, StockOut, Variation

HELD = ["active", "paused"]
"""Statuses whose units the seller still holds for sale."""
WINDOW = timedelta(days=30)
"""How far back sales tell how fast stock sells."""
DAY, NO_TIME = timedelta(days=1), timedelta()
CENT, TENTH, NOTHING = Decimal("0.01"), Decimal("0.1"), Decimal("0.00")
AMOUNT = DecimalField(max_digits=20, decimal_places=2)
UNKNOWN = Cast(None, AMOUNT)
LONGEST_COVER = 3650
"""Days of cover beyond which no date is projected."""

Seller = tuple[str, str]
"""An item and one of its variations; "" stands for all of them."""


@Field.register_lookup
class Among(Lookup):
    """`field__among=[...]` is `field__in=[...]` with all its values in one parameter: thousands of them named
    one by one take longer to write and to parse than their rows to find.
    """

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        field, params = self.process_lhs(compiler, connection)
        values = list(self.rhs)
        if connection.vendor == "postgresql":
            return f"{field} = ANY(%s)", (*params, values)
        return f"{field} IN (SELECT value FROM json_each(%s))", (*params, json.dumps(values))  # noqa: S608


def _as_text(name: str) -> Cast:
    """Return the expression for an instant as text, which `_instant` reads: of thousands, that is several
    times as fast.
    """
    return Cast(name, TextField())


def _instant(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


class Part(NamedTuple):
    """What sells by itself, as it is read (`parts_of`); its instants are still text (`_instant`)."""

    pk: int
    position: int
    account_id: int
    key: str
    currency_id: str
    title: str
    sku: str
    units: int
    asked: Decimal | None
    changed_at: str
    listed_since: str | None
    item_id: str
    part_id: str


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
    pks: list[int] = field(default_factory=list)
    """The primary keys of the items among `sellers`, one for each."""

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
    return _joined(_read(parts_of(items)))


def _read(parts: ItemQuerySet) -> list[Part]:
    """Read parts. One query."""
    rows = parts.values_list(
        "pk", Coalesce("part__position", 0), "account_id", "key", "currency_id", "title", "part_sku", "units",
        "asked", _as_text("remote_updated_at"), _as_text("date_created"), "meli_id", "part_id",
    )  # fmt: skip
    return [Part(*row) for row in rows]


def _joined(parts: Iterable[Part]) -> list[Pool]:
    """Return the pools these parts sell from."""
    pools: dict[tuple[int, str], Pool] = {}
    for part in sorted(parts, key=attrgetter("pk", "position")):
        changed_at = _instant(part.changed_at)
        listed_since = _instant(part.listed_since) if part.listed_since else None
        pool = pools.get((part.account_id, part.key))
        if pool is None:
            pool = pools[part.account_id, part.key] = Pool(
                part.account_id, part.key, part.currency_id, part.title, part.sku, part.units, part.asked,
                changed_at, listed_since,
            )  # fmt: skip
        else:
            if changed_at >= pool.updated_at:
                pool.available, pool.updated_at = part.units, changed_at
            pool.price = _least(pool.price, part.asked)
            pool.listed_since = _least(pool.listed_since, listed_since)
        pool.sellers.append((part.item_id, part.part_id))
        pool.pks.append(part.pk)
    return list(pools.values())


def _least(first: Any, second: Any) -> Any:
    if first is None or second is None:
        return second if first is None else first
    return min(first, second)


def sold_covers(accounts: Iterable[Account], items: ItemQuerySet, now: datetime) -> list[Cover]:
    """Return how long the stock of `items` of these accounts lasts, where it sold something in the last 30
    days. Five queries.
    """
    accounts = list(accounts)
    held, sold = _held(accounts, items), _sold(accounts, now)
    own = _read(parts_of(held.filter(meli_id__among={item_id for _account, item_id, _part in sold})))
    pools = _joined([*own, *_read(parts_of(_sharing(held, own)))])
    return [one for one in _covers(accounts, pools, sold, now) if one.sold]


def _sharing(items: ItemQuerySet, known: Collection[Part]) -> ItemQuerySet:
    """Return which other of `items` sell from the pools of the `known` parts. One query.

    They are found by index, and not by their `key`: that would have to be reckoned for every part.
    """
    pools = {(part.account_id, part.key) for part in known}
    keys = {part.key for part in known if part.key not in (part.item_id, f"{part.item_id}-{part.part_id}")}
    pks = {part.pk for part in known}
    found = [
        model.objects.filter(~Q(**{name: ""}), **{f"{name}__among": keys})
        .order_by()
        .values_list(f"{item}pk", f"{item}account_id", name)
        for model, item in ((Item, ""), (Variation, "item__"))
        for name in ("inventory_id", "user_product_id")
    ]
    rows = found[0].union(*found[1:], all=True)
    return items.filter(pk__among={pk for pk, *pool in rows if tuple(pool) in pools} - pks)


def covers_of(accounts: Iterable[Account], items: ItemQuerySet, now: datetime) -> list[Cover]:
    """Return how long the stock of a few `items` of these accounts lasts. Three queries."""
    accounts = list(accounts)
    pools = pools_of(_held(accounts, items))
    # Named one by one: their lines are found by index, and what else the accounts sold is not read.
    return _covers(accounts, pools, _sold(accounts, now, items__item_id__among=_sellers(pools)), now)


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
    sharing = list(parts.filter(key__among={key for _account_id, key in wanted}).values_list("pk", flat=True))
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
    out = _without_stock({pk for pool in pools for pk in pool.pks}, now)
    covers = []
    for pool in pools:
        units, spans = 0, []
        for pk, (item_id, part_id) in zip(pool.pks, pool.sellers, strict=True):
            units += sold.get((pool.account_id, item_id, part_id), 0)
            spans.append(out.get((pk, part_id), NO_TIME))
        covers.append(cover(pool, units, min(spans), now, by_pk[pool.account_id]))
    return covers


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


def _without_stock(items: Collection[int], now: datetime) -> dict[tuple[int, str], timedelta]:
    """Return for how long, of the last 30 days, these items and each of their variations had no unit; nothing
    for those that always had one.
    """
    since = now - WINDOW
    outs = StockOut.objects.filter(Q(ended_at=None) | Q(ended_at__gt=since), item__pk__among=items)
    spans: dict[tuple[int, str], timedelta] = defaultdict(timedelta)
    for pk, variation_id, began_at, ended_at in outs.values_list(
        "item_id", "variation_id", _as_text("began_at"), _as_text("ended_at")
    ):
        end = min(_instant(ended_at), now) if ended_at else now
        spans[pk, variation_id] += max(end - max(_instant(began_at), since), NO_TIME)
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


def stock_values(
    items: ItemQuerySet, cost: Combinable = UNKNOWN, currencies: Iterable[str] | None = None
) -> list[StockValue]:
    """Return what the stock of `items` is worth at its price and at `cost`, by currency. Two queries, in
    which the database adds up; one where the `currencies` of the items are known.
    """
    pool = {"partition_by": ["account_id", "key"]}
    first = {**pool, "order_by": ["pk", "part__position"]}
    if currencies is None:
        currencies = items.order_by().values_list("currency_id", flat=True).distinct()
    currencies = sorted(currencies)
    has_several = len(currencies) > 1
    # What is the same for all is not looked for in each pool: the parts would be sorted once more.
    pools = parts_of(items).annotate(
        age=Window(RowNumber(), **pool, order_by=["-remote_updated_at", "-pk", "-part__position"]),
        price_of_all=Window(Min("asked"), **pool),
        currency=Window(FirstValue("currency_id"), **first) if has_several else F("currency_id"),
        cost=cost if cost is UNKNOWN else Window(FirstValue(cost), **first),
    )
    sums: dict[str, Any] = {}
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
