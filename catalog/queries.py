"""What pages and statistics ask about items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, DecimalField, Exists, F, OuterRef, Prefetch, Q, Sum
from django.db.models.functions import TruncDate
from django.utils.formats import number_format
from django.utils.translation import ngettext

from accounts.models import Account, Organization
from orders.models import Order, OrderItem
from painelml.sync.values import as_money, dicts, web_address
from painelml.text import fold
from painelml.web import show
from painelml.web.charts import DayChart, day_chart
from painelml.web.days import day_start

from .costs import latest_costs
from .forms import ItemFilterForm
from .models import LOW_STOCK, Item, ItemQuerySet, Variation

LISTED = (
    "account",
    "meli_id",
    "title",
    "status",
    "price",
    "currency_id",
    "available_quantity",
    "sold_quantity",
    "sku",
    "logistic_type",
    "thumbnail",
    "date_created",
)
"""The columns the rows and cards of the page show."""


def items_for_listing(organization: Organization, form: ItemFilterForm) -> ItemQuerySet:
    """Return the organization's items that pass the filters, unordered. Their variations and accounts come
    with them, in queries of their own.
    """
    items: ItemQuerySet = Item.objects.of(organization).filter(
        account__in=form.accounts,
        **form.filters(status="status", listing_type_id="listing_type_id", logistic_type="logistic_type"),
    )
    if q := form.value("q"):
        items = items.filter(search_text__contains=fold(q))
    if sku := form.value("sku"):
        of_a_variation = Exists(Variation.objects.filter(item=OuterRef("pk"), sku=sku))
        items = items.filter(Q(sku=sku) | of_a_variation)
    match form.value("stock"):
        case "in":
            items = items.in_stock()
        case "low":
            items = items.low_stock()
        case "out":
            items = items.out_of_stock()
    return items.prefetch_related("account", "variations").defer("payload", "parts", "search_text")


def item_rows_for_listing(organization: Organization, form: ItemFilterForm) -> ItemQuerySet:
    """Return them with no more than the rows of the page show; of variations, that is how many there are.
    Their accounts are left to who has them."""
    items = items_for_listing(organization, form).prefetch_related(None)
    return items.prefetch_related(Prefetch("variations", Variation.objects.only("item"))).only(*LISTED)


@dataclass(frozen=True)
class StockFigures:
    """How many listings buyers cannot get, and how many soon."""

    out: int
    low: int


def stock_figures(accounts: list[Account]) -> StockFigures:
    """Return the figures of the accounts' stock. One query, answered from an index."""
    out, low = Q(available_quantity=0), Q(status="active", available_quantity__gt=0)
    short = Item.objects.filter(account__in=accounts, available_quantity__lte=LOW_STOCK).sellable()
    # A column of the index, so that no row has to be read.
    counted = short.aggregate(out=Count("account_id", filter=out), low=Count("account_id", filter=low))
    return StockFigures(**counted)


def best_sellers_out(accounts: list[Account], limit: int) -> list[Item]:
    """Return the listings out of stock that had sold most."""
    items = Item.objects.filter(account__in=accounts).out_of_stock().select_related("account")
    return list(items.defer("payload", "parts", "search_text").order_by("-sold_quantity", "pk")[:limit])


def items_by_id(accounts: list[Account], meli_ids: Iterable[str], *columns: str) -> dict[str, Item]:
    """Return these items by their id at Mercado Livre, as far as we hold them; of these columns alone, where
    some are named. One query.
    """
    wanted = Item.objects.filter(account__in=accounts, meli_id__in={id_ for id_ in meli_ids if id_})
    read = wanted.only("meli_id", *columns) if columns else wanted.defer("payload", "parts", "search_text")
    return {item.meli_id: item for item in read}


def get_item(organization: Organization, meli_id: str) -> Item | None:
    """Return an item of the organization with its account and variations; None when it has no such item."""
    items = Item.objects.of(organization).filter(meli_id=meli_id).select_related("account")
    return items.prefetch_related("variations").order_by("pk").first()


def unit_costs(items: Iterable[Item], now: datetime) -> dict[int, Decimal]:
    """Return what a unit of each item costs today, by row id, where somebody said. One query, however many
    items and accounts."""
    found = list(items)
    keyed = {item.pk: (item.account_id, item.sku or item.meli_id) for item in found}
    days = {item.account_id: now.astimezone(item.account.time_zone).date() for item in found}
    latest = latest_costs(days, {sku for _account_id, sku in keyed.values()})
    return {pk: latest[key] for pk, key in keyed.items() if key in latest}


DAYS = 30


def sales_of(item: Item, now: datetime) -> tuple[DayChart, list[tuple[date, int, Decimal]]]:
    """Return what an item sold on each of the last 30 days, as a chart and as numbers. One query."""
    zone = item.account.time_zone
    today = now.astimezone(zone).date()
    first = today - timedelta(days=2 * DAYS - 1)
    amount = DecimalField(max_digits=20, decimal_places=2)
    sales = Order.objects.filter(account=item.account, date_created__gte=day_start(first, zone)).sales()
    rows = (
        OrderItem.objects.filter(order__in=sales, item_id=item.meli_id)
        .order_by()
        .values(day=TruncDate("order__date_created", tzinfo=zone))
        .annotate(units=Sum("quantity"), gross=Sum(F("quantity") * F("unit_price"), output_field=amount))
        .values_list("day", "units", "gross")
    )
    by_day = {day: (units, gross or Decimal(0)) for day, units, gross in rows}
    nothing = (0, Decimal(0))
    every = [first + timedelta(days=number) for number in range(2 * DAYS)]
    days = [(day, *by_day.get(day, nothing)) for day in every[DAYS:]]
    before = [Decimal(by_day.get(day, nothing)[0]) for day in every[:DAYS]]

    def title(index: int) -> str:
        day, units, _gross = days[index]
        said = ngettext("%(count)s unit", "%(count)s units", units) % {"count": show.count(units)}
        return f"{show.day_and_month(day)}: {said}"

    drawing = day_chart(
        [(day, Decimal(units)) for day, units, _gross in days],
        before,
        title=title,
        tick=lambda value: number_format(value.normalize()),
        is_whole=True,
    )
    return drawing, days


def pictures_of(item: Item) -> list[str]:
    """Return the addresses of an item's pictures, in its order."""
    pictures = dicts(item.payload.get("pictures"))
    found = [web_address(one.get("secure_url") or one.get("url")) for one in pictures]
    found = [one for one in found if one]
    return found or ([item.thumbnail] if item.thumbnail else [])


def prices_of(item: Item) -> dict[str, Decimal]:
    """Return the other prices the item told: before a promotion (`base`), and struck through (`original`)."""
    told = {name: as_money(item.payload.get(f"{name}_price")) for name in ("base", "original")}
    return {name: amount for name, amount in told.items() if amount is not None and amount != item.price}
