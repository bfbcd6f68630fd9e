"""What products and sales cost the seller on a given day, and costs in files that people upload."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Account
from painelml.web.uploads import FILE_MAX as FILE_MAX
from painelml.web.uploads import UnreadableFile, as_code, read_table

from .models import ProductCost, SaleCost

BEGINNING = date(2000, 1, 1)
"""From when a cost without a date counts: older than anything Mercado Livre still tells."""
AMOUNT_MAX = Decimal("999999999999.99")


class CostTable:
    """The costs of one account by day. Two queries, whatever is asked of it later."""

    def __init__(self, account: Account, skus: Collection[str] | None = None) -> None:
        products = ProductCost.objects.filter(account=account).order_by("starts_on")
        if skus is not None:
            products = products.filter(sku__in=skus)
        self._products: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
        for sku, starts_on, amount in products.values_list("sku", "starts_on", "amount"):
            self._products[sku].append((starts_on, amount))
        self._sales = [
            (cost.starts_on, cost) for cost in SaleCost.objects.filter(account=account).order_by("starts_on")
        ]

    def unit_cost(self, sku: str, day: date) -> Decimal | None:
        """Return what a unit cost on that day; None where nobody said."""
        return _on(self._products.get(sku, []), day)

    def sale_cost(self, day: date) -> SaleCost | None:
        """Return what a sale of that day cost beside its product; None where nobody said."""
        return _on(self._sales, day)


def _on(since: Sequence[tuple[date, Any]], day: date) -> Any:
    """Return the last value of those that begin on or before `day`."""
    position = bisect_right(since, day, key=lambda entry: entry[0])
    return since[position - 1][1] if position else None


def latest_costs(days: Mapping[int, date], skus: Collection[str]) -> dict[tuple[int, str], Decimal]:
    """Return what a unit of each of these SKUs costs on a day of each account, by account and SKU, where
    somebody said. One query, however many accounts.
    """
    rows = ProductCost.objects.filter(
        account__in=days, sku__among=skus, starts_on__lte=max(days.values(), default=BEGINNING)
    )
    latest: dict[tuple[int, str], Decimal] = {}
    for account_id, sku, starts_on, amount in rows.order_by("starts_on").values_list(
        "account_id", "sku", "starts_on", "amount"
    ):
        if starts_on <= days[account_id]:
            latest[account_id, sku] = amount
    return latest


# Files


@dataclass(frozen=True)
class CostRow:
    """A row of a file as its `number` in the file: a cost, or what is wrong with it."""

    number: int
    sku: str
    amount: Decimal | None
    starts_on: date | None
    errors: list[str] = field(default_factory=list)


HEADERS = {
    "sku": {"sku", "codigo", "seller sku", "seller_sku"},
    "amount": {"cost", "custo", "costo", "amount", "custo unitario", "costo unitario", "unit cost"},
    "starts_on": {"from", "desde", "a partir de", "starts_on", "data", "fecha", "date", "vigencia"},
}


def read_costs(content: bytes) -> list[CostRow]:
    """Read a CSV or XLSX file with the columns SKU, cost and, if wanted, from. Nothing is stored.

    Raises UnreadableFile where there is no telling rows apart; what is wrong with a row is in the row.
    """
    columns, width, lines = read_table(content, HEADERS)
    if missing := {"sku", "amount"} - set(columns):
        names = ", ".join(sorted({"sku": "SKU", "amount": _("cost")}[name] for name in missing))
        raise UnreadableFile(
            _("The first row has to name the columns. Not found: %(names)s.") % {"names": names}
        )
    rows: list[CostRow] = []
    seen: set[tuple[str, date | None]] = set()
    for number, line in lines:
        rows.append(_cost_row(number, line, columns, width, seen))
    return rows


def _cost_row(
    number: int,
    line: Sequence[Any],
    columns: Mapping[str, int],
    width: int,
    seen: set[tuple[str, date | None]],
) -> CostRow:
    """Read one line; `seen` gathers what the lines before it set."""
    errors = []
    cells = {name: line[position] if position < len(line) else None for name, position in columns.items()}
    sku = as_code(cells["sku"])
    if not sku or len(sku) > 120 or not sku.isprintable():
        errors.append(_("The SKU is missing or longer than 120 characters."))
    amount = parse_amount(cells["amount"])
    if amount is None:
        errors.append(_("The cost has to be an amount such as 12,50."))
    starts_on = parse_day(cells.get("starts_on"))
    if starts_on is None:
        errors.append(_("The day has to be one such as 2026-11-21 or 21/11/2026."))
    if any(str(cell or "").strip() for cell in line[width:]):
        errors.append(_("The row has more columns than the first one."))
    if not errors and (sku, starts_on) in seen:
        errors.append(_("The file has this SKU and day already."))
    seen.add((sku, starts_on))
    return CostRow(number, sku, amount, starts_on, errors)


def parse_amount(cell: Any) -> Decimal | None:
    """Read an amount of cents as people write it: 1.234,56 or 1,234.56 or 12.5; None for anything else.

    >>> parse_amount("R$ 1.234,5")
    Decimal('1234.50')
    """
    if isinstance(cell, bool) or cell is None:
        return None
    # A spreadsheet's 12.345 is a computed amount to be rounded; somebody who types 12.345 means thousands.
    text = f"{cell:.2f}" if isinstance(cell, float) else re.sub(r"^[A-Z]{0,3}[$€]?\s*", "", str(cell).strip())
    match = re.fullmatch(r"(?a)(\d+|\d{1,3}(?:\.\d{3})+|\d{1,3}(?:,\d{3})+)(?:[.,](\d{1,2}))?", text)
    if match is None or re.match(r"0[.,]\d{3}", text):
        return None
    amount = Decimal(f"{re.sub('[.,]', '', match[1])}.{(match[2] or '0').ljust(2, '0')}")
    return amount if amount <= AMOUNT_MAX else None


def parse_day(cell: Any) -> date | None:
    """Read a day; an empty cell is the beginning, None is no day at all."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = str(cell or "").strip()
    if not text:
        return BEGINNING
    if match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text):
        text = f"{match[3]}-{match[2]:0>2}-{match[1]:0>2}"
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-21") else None
    except ValueError:
        return None


def good(rows: Iterable[CostRow]) -> list[CostRow]:
    """Return the rows that can be stored."""
    return [row for row in rows if not row.errors]
