"""What a sale earns once its product, taxes and handling are paid.

profit = what is left after refunds - goods - taxes - cost per order. Taxes are a share of gross less refunds.
Every part may be unknown, and then the profit is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, F, FilteredRelation, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from accounts.models import Account
from catalog.costs import CostTable
from catalog.models import SaleCost
from painelml.web.days import by_zone
from painelml.web.period import PeriodForm

from .models import PROFIT, Order, OrderItem, OrderQuerySet
from .money import CENT, NOTHING, sum_known

CHUNK = 250
"""Orders reckoned at a time: 0.3 to 0.5 s on two busy cores, for which saving may wait."""
MARGIN = Decimal("0.0001")


@dataclass(frozen=True)
class Profit:
    """What a sale cost the seller and what it earned; None while unknown. `missing_cost` is the first product
    nobody said a cost of.
    """

    goods_cost: Decimal | None = None
    tax: Decimal | None = None
    fixed_cost: Decimal | None = None
    profit: Decimal | None = None
    missing_cost: str = ""


def profit_of(order: Order, lines: Sequence[OrderItem], costs: CostTable) -> Profit:
    """Reckon one order by the costs of its local day. What is no sale, or in another currency, has none."""
    account = order.account
    if not order.is_sale or order.currency_id != account.currency_id:
        return Profit()
    day = order.date_created.astimezone(account.time_zone).date()
    unit_costs = [(cost_key(line), costs.unit_cost(cost_key(line), day), line.quantity) for line in lines]
    missing = next((key for key, cost, _units in unit_costs if cost is None and key), "")
    goods = None
    if lines:
        goods = sum_known(None if cost is None else cost * units for _key, cost, units in unit_costs)
    sale = costs.sale_cost(day)
    if sale is None:
        return Profit(goods, missing_cost=missing)
    tax = None
    if order.gross is not None and order.refunded is not None:
        tax = ((order.gross - order.refunded) * sale.tax_percent / 100).quantize(CENT, ROUND_HALF_UP)
    profit = None
    if order.left is not None and goods is not None and tax is not None:
        profit = order.left - goods - tax - sale.per_order
    return Profit(goods, tax, sale.per_order, profit, missing)


def cost_key(line: OrderItem) -> str:
    """Return by what name the cost of a line is known: its SKU, or its item where it has none."""
    return line.sku or line.item_id


def unknown_parts(order: Order) -> list[str]:
    """Return which parts of a sale's profit are not known yet, in the order they are reckoned."""
    own = ("refunded", "goods_cost", "tax", "fixed_cost")
    return [*order.unknown_parts, *(part for part in own if getattr(order, part) is None)]


def products_without_cost(order: Order) -> list[str]:
    """Return the products of a sale whose cost on its day nobody said. Three queries, none when the cost of
    goods is known.
    """
    if order.goods_cost is not None:
        return []
    keys = list(dict.fromkeys(cost_key(line) for line in order.items.all()))
    costs = CostTable(order.account, keys)
    day = order.date_created.astimezone(order.account.time_zone).date()
    return [key for key in keys if costs.unit_cost(key, day) is None]


def set_all_profits(account: Account) -> int:
    """Reckon all orders of an account again and return how many changed; a chunk at a time."""
    changed, last = 0, 0
    orders = Order.objects.filter(account=account).order_by("pk")
    costs = CostTable(account)
    while pks := list(orders.filter(pk__gt=last).values_list("pk", flat=True)[:CHUNK]):
        changed += set_profits(account, Order.objects.filter(pk__in=pks), costs)
        last = pks[-1]
    return changed


@transaction.atomic
def set_profits(account: Account, orders: OrderQuerySet, costs: CostTable | None = None) -> int:
    """Reckon these orders and return how many changed. Four queries, and one when something did."""
    columns = ("pk", "account", "is_sale", "currency_id", "date_created", "gross", "net", "refunded", *PROFIT)
    locked = orders.select_for_update().order_by("meli_id").only(*columns).prefetch_related("items")
    found = list(locked)
    if costs is None:
        costs = CostTable(account, {cost_key(line) for order in found for line in order.items.all()})
    changed = []
    for order in found:
        order.account = account
        reckoned = profit_of(order, list(order.items.all()), costs)
        if any(getattr(order, name) != getattr(reckoned, name) for name in PROFIT):
            for name in PROFIT:
                setattr(order, name, getattr(reckoned, name))
            changed.append(order)
    Order.objects.bulk_update(changed, PROFIT)
    return len(changed)


# Figures


@dataclass(frozen=True)
class Earned:
    """What some sales in one currency earned. `profit` is that of the complete ones, whose gross is
    `gross_complete`; `incomplete` counts the sales a cost is missing for.
    """

    orders: int = 0
    incomplete: int = 0
    gross: Decimal = NOTHING
    gross_complete: Decimal = NOTHING
    profit: Decimal = NOTHING

    def __add__(self, other: Earned) -> Earned:
        return Earned(
            self.orders + other.orders,
            self.incomplete + other.incomplete,
            self.gross + other.gross,
            self.gross_complete + other.gross_complete,
            self.profit + other.profit,
        )

    @property
    def known_profit(self) -> Decimal | None:
        """None while there are sales and none has all its costs."""
        return None if self.orders and self.orders == self.incomplete else self.profit

    @property
    def margin(self) -> Decimal | None:
        """The profit as a share of gross, 0.25 for a quarter; None without complete sales."""
        return (self.profit / self.gross_complete).quantize(MARGIN) if self.gross_complete else None


@dataclass(frozen=True)
class ItemEarned:
    """What the sales of one item earned."""

    item_id: str
    title: str
    currency_id: str
    units: int
    earned: Earned


@dataclass(frozen=True)
class MissingCost:
    """A product whose cost nobody said, and the sales that are incomplete without it. `key` is its SKU, or
    its item where it has none, `title` one it sold under. An order is one item (part B section 1.2): of the
    rare old one with several, all units count for the first product without a cost.
    """

    account_id: int
    key: str
    title: str
    orders: int
    units: int
    first_sold: datetime
    last_sold: datetime


def earned_by_currency(orders: OrderQuerySet) -> dict[str, Earned]:
    """Return what the sales among `orders` earned. One query."""
    rows = orders.sales().order_by("currency_id").values("currency_id").annotate(**earned_figures())
    return {row["currency_id"]: earned_of(row) for row in rows}


def earned_by_day(form: PeriodForm, now: datetime) -> dict[tuple[date, str], Earned]:
    """Return what the sales of the period earned by local day and currency. One query per time zone."""
    orders = Order.objects.filter(form.during("date_created", now)).sales().order_by()
    found: defaultdict[tuple[date, str], Earned] = defaultdict(Earned)
    for zone, members in by_zone(form.accounts).items():
        # The day first: PostgreSQL sorts by both, and words take it longer.
        days = orders.filter(account__in=members).values(
            day=TruncDate("date_created", tzinfo=zone), currency=F("currency_id")
        )
        for row in days.annotate(**earned_figures()):
            found[row["day"], row["currency"]] += earned_of(row)
    return dict(found)


def earned_by_item(orders: OrderQuerySet, limit: int) -> list[ItemEarned]:
    """Return the items that earned most of sales in one currency. Two queries: with all their figures, all
    items would be too much to sort in memory.
    """
    sales = orders.sales().order_by()
    # Where no profit is known, and where two are alike, what sold for more comes first.
    profit, gross = (F(name).desc(nulls_last=True) for name in ("earned_profit", "earned_gross"))
    sold = sales.filter(item_id__gt="").values("item_id")
    best = sold.annotate(earned_profit=Sum("profit"), earned_gross=Sum("gross"))
    item_ids = [row["item_id"] for row in best.order_by(profit, gross, "item_id")[:limit]]
    rows = sales_by_item(orders.filter(item_id__in=item_ids)).order_by(profit, gross, "item_id")[:limit]
    return [
        ItemEarned(row["item_id"], row["name"] or "", row["currency_id"], row["sold"], earned_of(row))
        for row in rows
    ]


def sales_by_item(orders: OrderQuerySet) -> QuerySet[Any, dict[str, Any]]:
    """Return the sales among `orders` by item, with a title it sold under and what they earned. An order is
    one item (part B section 1.2); the rare old one with several counts for its first.
    """
    # Joined with its first line alone, if it has one, so that no sale counts twice or is left out.
    sales = orders.sales().order_by().alias(first=FilteredRelation("items", condition=Q(items__position=0)))
    rows = sales.values("currency_id", "item_id")
    return rows.annotate(name=Max("first__title"), sold=Sum("units"), **earned_figures())


def missing_costs(orders: OrderQuerySet, limit: int) -> list[MissingCost]:
    """Return the products without a cost, those with most incomplete sales first. Two queries."""
    lacking = orders.sales().filter(missing_cost__gt="").order_by().values("account_id", "missing_cost")
    rows = lacking.annotate(
        sales=Count("pk"),
        sold=Sum("units"),
        first_sold=Min("date_created"),
        last_sold=Max("date_created"),
        example=Max("pk"),
    ).order_by("-sales", "missing_cost", "account_id")[:limit]
    lines = OrderItem.objects.filter(order__in=[row["example"] for row in rows])
    titles = {(line.order_id, cost_key(line)): line.title for line in lines}
    return [
        MissingCost(
            row["account_id"],
            row["missing_cost"],
            titles.get((row["example"], row["missing_cost"]), ""),
            row["sales"],
            row["sold"],
            row["first_sold"],
            row["last_sold"],
        )
        for row in rows
    ]


def accounts_without_sale_cost(accounts: Sequence[Account]) -> list[Account]:
    """Return those whose taxes and cost per order nobody said, so that no profit is known. One query."""
    said = set(SaleCost.objects.filter(account__in=accounts).values_list("account_id", flat=True))
    return [account for account in accounts if account.pk not in said]


def earned_figures() -> dict[str, Count | Sum]:
    """Return the sums over orders."""
    known = Q(profit__isnull=False)
    return {
        "earned_orders": Count("pk"),
        "earned_complete": Count("pk", filter=known),
        "earned_gross": Sum("gross"),
        "earned_gross_complete": Sum("gross", filter=known),
        "earned_profit": Sum("profit"),
    }


def earned_of(row: Mapping[str, Any]) -> Earned:
    return Earned(
        orders=row["earned_orders"],
        incomplete=row["earned_orders"] - row["earned_complete"],
        gross=row["earned_gross"] or NOTHING,
        gross_complete=row["earned_gross_complete"] or NOTHING,
        profit=row["earned_profit"] or NOTHING,
    )
