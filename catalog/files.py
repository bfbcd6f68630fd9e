"""Prices and stock as a sheet: taken from the catalog, changed in a spreadsheet, and read back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, Organization, User
from painelml.text import fold
from painelml.web.exports import Column, Listing, Summary
from painelml.web.statuses import WORDS
from painelml.web.uploads import UnreadableFile, as_code, read_table

from . import bulk
from .bulk import UNITS, Values
from .costs import parse_amount
from .exports import summarize_items
from .forms import EDITED, UNITS_MAX, ItemFilterForm
from .models import BulkChange, Item, ItemQuerySet, Variation
from .queries import items_for_listing

CHUNK = 1000
WRONG_KEPT = 50
"""Wrong rows a preview lists; the others are counted."""

# The sheet


@dataclass(frozen=True)
class SheetRow:
    """A listing, or one of its variations; the price is the listing's, and stands in each of its rows."""

    item: Item
    variation: Variation | None

    @property
    def account(self) -> Account:
        return self.item.account

    @property
    def variation_id(self) -> str:
        return self.variation.meli_id if self.variation else ""

    @property
    def variation_words(self) -> str:
        return self.variation.words if self.variation else ""

    @property
    def sku(self) -> str:
        return (self.variation and self.variation.sku) or self.item.sku

    @property
    def units(self) -> int | None:
        return self.variation.available_quantity if self.variation else self.item.available_quantity


def rows_of(items: ItemQuerySet) -> Iterator[SheetRow]:
    for item in items:
        choices: Sequence[Variation | None] = list(item.variations.all()) or [None]
        yield from (SheetRow(item, one) for one in choices)


def read(organization: Organization, form: ItemFilterForm) -> list[SheetRow]:
    items = items_for_listing(organization, form).exclude(status="closed")
    return list(rows_of(items.order_by("-date_created", "-pk")))


def summarize(rows: Sequence[SheetRow]) -> Summary:
    return summarize_items(Item.objects.filter(pk__in={row.item.pk for row in rows}))


LISTING = Listing(
    name="prices-and-stock",
    route="catalog:sheet",
    title=gettext_lazy("Prices and stock"),
    form=ItemFilterForm,
    columns=[
        Column("id", gettext_lazy("Item"), "item.meli_id"),
        Column("variation_id", gettext_lazy("Variation id")),
        Column("sku", gettext_lazy("SKU")),
        Column("title", gettext_lazy("Title"), "item.title"),
        Column("variation", gettext_lazy("Variation"), "variation_words"),
        Column("price", gettext_lazy("Price"), "item.price", kind="money"),
        Column("available_quantity", gettext_lazy("Available"), "units", kind="number"),
        Column("status", gettext_lazy("Status"), "item.status", words="item"),
        Column("account", gettext_lazy("Account")),
    ],
    read=read,
    summarize=summarize,
)

# Reading it back

HEADERS = {
    "id": {"id", "item", "item id", "item_id", "anuncio", "publicacion", "mlb"},
    "variation_id": {
        "variation id", "variation_id", "id da variacao", "id de la variante", "id de la variacion",
    },
    "sku": {"sku", "codigo", "seller_sku", "seller sku"},
    "price": {"price", "preco", "precio"},
    "available_quantity": {
        "available", "available_quantity", "disponivel", "disponible", "stock", "estoque", "quantity",
        "quantidade", "cantidad",
    },
    "status": {"status", "situacao", "estado"},
}  # fmt: skip


@dataclass
class Row:
    """A row of a file by its `number`: which listing it names, what it wants, and what is wrong with it."""

    number: int
    item_id: str
    variation_id: str
    sku: str
    price: Decimal | None = None
    units: int | None = None
    status: str = ""
    error: str = ""

    @property
    def name(self) -> str:
        return self.item_id or self.sku


@dataclass
class Read:
    """What a file wants: values by the row id of each listing that would change, and the rows that are
    wrong. `same` counts listings that are so already.
    """

    wanted: dict[int, Values] = field(default_factory=dict)
    wrong: list[Row] = field(default_factory=list)
    same: int = 0


def preview_file(organization: Organization, user: User, content: bytes) -> BulkChange:
    """Plan what a file wants and keep it to be looked at. Raises UnreadableFile."""
    found = read_file(organization, content)
    if len(found.wanted) > bulk.LINES_MAX:
        raise UnreadableFile(_("The file changes more than 2,000 items. Split it."))
    change = bulk.preview_values(organization, user, found.wanted)
    wrong = [[row.number, row.name[:60], row.error] for row in found.wrong[:WRONG_KEPT]]
    change.how = {"wrong": wrong, "wrong_count": len(found.wrong), "same": found.same}
    change.save(update_fields=["how"])
    return change


def read_file(organization: Organization, content: bytes) -> Read:
    """Read a CSV or XLSX file with price, stock or status by item id or SKU. Nothing is stored."""
    columns, _width, lines = read_table(content, HEADERS)
    if not {"id", "sku"} & columns.keys() or not {"price", "available_quantity", "status"} & columns.keys():
        raise UnreadableFile(
            _("The first row has to name the columns: Item or SKU, and Price, Available or Status.")
        )
    rows = [row_of(number, line, columns) for number, line in lines]
    found, changes = Read(), defaultdict(list)
    for row, item in named_by(organization, rows, found):
        changes[item].append(row)
    for item, its_rows in changes.items():
        gather(item, its_rows, found)
    found.wrong.sort(key=lambda row: row.number)
    return found


def row_of(number: int, line: Sequence[Any], columns: Mapping[str, int]) -> Row:
    cells = {name: line[place] if place < len(line) else None for name, place in columns.items()}
    row = Row(
        number,
        as_code(cells.get("id")).upper(),
        as_code(cells.get("variation_id")),
        as_code(cells.get("sku")).removeprefix("'"),
    )
    price, units, status = (
        "" if cells.get(name) is None else cells[name] for name in ("price", "available_quantity", "status")
    )
    if str(price).strip():
        row.price = parse_amount(price)
        if row.price is None:
            row.error = _("The price has to be an amount such as 12,50.")
    if str(units).strip():
        row.units = parse_units(units)
        if row.units is None:
            row.error = _("The stock has to be a whole number up to 99,999.")
    if word := fold(str(status)).strip():
        row.status = status_of(word)
    if not row.name:
        row.error = _("The row names no item.")
    return row


def parse_units(cell: Any) -> int | None:
    amount = parse_amount(cell)
    if amount is None or amount != amount.to_integral_value() or amount > UNITS_MAX:
        return None
    return int(amount)


def status_of(word: str) -> str:
    """Return Mercado Livre's word for a status, given as its own word or as the pages call it."""
    for value, known in WORDS["item"].items():
        if word in (value, fold(str(known.label))):
            return value
    return word


def named_by(organization: Organization, rows: Sequence[Row], found: Read) -> Iterator[tuple[Row, Item]]:
    """Yield each good row with the listing it names, by its id or else by its SKU."""
    ids = {row.item_id for row in rows if row.item_id}
    skus = {row.sku for row in rows if not row.item_id}
    items = (
        Item.objects.of(organization)
        .exclude(status="closed")
        .defer("payload", "parts", "search_text")
        .prefetch_related(Prefetch("variations", Variation.objects.defer("attributes")))
    )
    by_id = {item.meli_id: item for item in in_chunks(items, "meli_id", ids)}
    by_sku = defaultdict(list)
    for item in in_chunks(items, "sku", skus):
        by_sku[item.sku].append((item, ""))
    for one in in_chunks(Variation.objects.filter(item__in=items), "sku", skus):
        by_sku[one.sku].append((one.item_id, one.meli_id))
    parents = {one for pairs in by_sku.values() for one, _id in pairs if isinstance(one, int)}
    by_pk = {item.pk: item for item in in_chunks(items, "pk", parents)}
    for row in rows:
        named = [(by_id[row.item_id], row.variation_id)] if row.item_id in by_id else []
        if not row.item_id:
            named = [(by_pk.get(one, one), chosen) for one, chosen in by_sku[row.sku]]
        if not row.error and len(named) != 1:
            row.error = (
                _("Several items have this SKU: give the item's id.")
                if named
                else _("There is no such item.")
            )
        if row.error:
            found.wrong.append(row)
            continue
        item, row.variation_id = named[0]
        yield row, item


def in_chunks(rows: Any, column: str, values: set[Any]) -> Iterator[Any]:
    ordered = sorted(values)
    for start in range(0, len(ordered), CHUNK):
        yield from rows.filter(**{f"{column}__in": ordered[start : start + CHUNK]})


def gather(item: Item, rows: Sequence[Row], found: Read) -> None:
    """Put together what the rows of one listing want, or say which of them contradicts another."""
    now = bulk.values_of(item)
    wanted: Values = {}
    for row in rows:
        units_name = f"{UNITS}{row.variation_id}" if row.variation_id else "available_quantity"
        if not row.variation_id and row.units is not None and "available_quantity" not in now:
            total = sum(now[name] or 0 for name in now if name.startswith(UNITS))
            if row.units == total:
                row.units = None  # the sum of its variations, as the list of items tells it
        values = {"price": row.price, units_name: row.units, "status": row.status or None}
        values = {name: value for name, value in values.items() if value is not None}
        if values.get("status") == now["status"] or (values.get("status") not in (*EDITED, None)):
            row.error = (
                "" if values["status"] == now["status"] else _("The status has to be Active or Paused.")
            )
            del values["status"]
        if any(wanted.get(name, value) != value for name, value in values.items()):
            row.error = _("Another row of this item says something else.")
        if row.error:
            found.wrong.append(row)
            continue
        wanted |= values
    changed = {name: value for name, value in wanted.items() if name not in now or now[name] != value}
    if changed:
        found.wanted[item.pk] = changed
    else:
        found.same += 1
