"""Values as files hold them: CSV for machines and for people, and workbooks."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import get_format
from django.utils.translation import get_language, gettext

from . import sheets
from .exports import PERSON, Column, Export
from .statuses import word_for

FORMULA = re.compile(r"^\s*[=+\-@＝＋－＠]|^[\t\r\n]")
"""How text begins that a spreadsheet would take for a formula."""
BOM = "\ufeff"
"""Without it Excel reads UTF-8 as the machine's old code page, and "Câmera" as "CÃ¢mera"."""
ROWS_A_PIECE = 500
WIDTHS = {"money": 14, "number": 10, "share": 10, "instant": 17, "day": 12, "text": 22}


def harmless(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: an apostrophe goes before one."""
    return f"'{text}" if FORMULA.match(text) else text


# CSV


class Echo:
    """A file that hands back what is written, so that a CSV can be sent line by line."""

    def write(self, line: str) -> str:
        return line


def csv_pieces(export: Export) -> Iterator[bytes]:
    """Yield the list as CSV, some hundred lines at a time."""
    columns = export.columns
    is_for_people = export.reader == PERSON
    mark = get_format("DECIMAL_SEPARATOR")
    # Where the comma is in numbers, spreadsheets expect a semicolon between cells.
    write = csv.writer(Echo(), delimiter=";" if is_for_people and mark == "," else ",").writerow
    lines = [write([str(one.title) if is_for_people else one.name for one in columns])]
    if is_for_people:
        lines.insert(0, BOM)
    for row in export:
        lines.append(
            write(
                [
                    typed(for_people(one, row), one.kind, mark) if is_for_people else plain(one.value(row))
                    for one in columns
                ]
            )
        )
        if len(lines) >= ROWS_A_PIECE:
            yield "".join(lines).encode()
            lines = []
    yield "".join(lines).encode()


def plain(value: Any) -> str:
    """Return a value as machines read it; nothing for an unknown one."""
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return value.isoformat()
        case Decimal() | int():
            return str(value)
        case _:
            return harmless(str(value))


def typed(value: Any, kind: str, mark: str) -> str:
    """Return a value as people would type it into a sheet of their language; `mark` is before the cents."""
    day = "%m/%d/%Y" if months_first() else "%d/%m/%Y"
    match value:
        case None:
            return ""
        case datetime():
            return value.strftime(f"{day} %H:%M")
        case date():
            return value.strftime(day)
        case Decimal() if kind == "share":
            return f"{value * 100:f}".replace(".", mark) + "%"
        case Decimal() | int():
            return str(value).replace(".", mark)
        case _:
            return str(value)


# Workbooks


def xlsx_pieces(export: Export) -> Iterator[bytes]:
    """Yield the list as a workbook: a cover, then a sheet for each table; the first of them is open."""
    cover = sheets.Sheet(
        gettext("About"),
        [str(export.listing.title), ""],
        ["text", "text"],
        [24, 60],
        [(name, harmless(value)) for name, value in export.about()],
    )
    return sheets.write_book(
        [cover, *(sheet_of(one) for one in (export, *export.also()))],
        shown=1,
        day="mm/dd/yyyy" if months_first() else "dd/mm/yyyy",
    )


def sheet_of(export: Export) -> sheets.Sheet:
    columns = export.columns
    return sheets.Sheet(
        str(export.listing.title),
        [str(column.title) for column in columns],
        [column.kind for column in columns],
        [WIDTHS[column.kind] for column in columns],
        ([for_people(column, row) for column in columns] for row in export),
    )


def for_people(column: Column, row: Any) -> Any:
    """Return a value as a sheet holds it: an instant in its account's own zone, a word as the pages call it,
    harmless text; None for an unknown value.
    """
    value = column.value(row)
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.astimezone(zone_of(row)).replace(tzinfo=None)
    if column.kind != "text":
        return value
    text = str(value)
    return harmless(str(word_for(column.words, text).label) if column.words else text)


def zone_of(row: Any) -> Any:
    """Return the zone of a row's account, that of the panel where it has none."""
    return row.account.time_zone if hasattr(row, "account") else timezone.get_default_timezone()


def months_first() -> bool:
    return (get_language() or "").startswith("en")
