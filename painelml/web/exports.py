"""Lists as files: `/api/<list>/export?format=csv|xlsx|pdf` with the list's own filters (contract 3.5).

CSV is for machines: the API's names, ISO instants in UTC, plain numbers. XLSX and PDF are for people: their
language, their days and the formats of their country. CSV is written while it is sent and XLSX goes through
a file, a chunk of rows at a time, so memory does not grow with the list.
"""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import IO, Any, ClassVar, Literal

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from rest_framework.decorators import action
from rest_framework.request import Request

from accounts.models import Account, Organization

from .filters import ChoiceFilter, FilterForm
from .paging import encode_cursor, page_at

CHUNK = 1000
"""Rows read at a time. Memory holds one chunk with its lines, whatever the length of the list."""
FORMULA = re.compile(r"^\s*[=+\-@＝＋－＠]|^[\t\r\n]")
"""How text begins that a spreadsheet would take for a formula."""
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
"""Characters no sheet may hold."""
FORMATS = {"csv": "CSV", "xlsx": "XLSX", "pdf": "PDF"}
SHEET_FORMATS = {"money": "#,##0.00", "number": "#,##0", "instant": "dd/mm/yyyy hh:mm"}
WIDTHS = {"money": 14, "number": 10, "instant": 17, "text": 22}
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Kind = Literal["text", "money", "number", "instant"]


@dataclass(frozen=True)
class Column:
    """One column: its name for machines, its title for people, and where a row has its value.

    `get` is the name of an attribute (`account.nickname`) or a function of the row.
    """

    name: str
    title: Any
    get: str | Callable[[Any], Any] = ""
    kind: Kind = "text"

    def value(self, row: Any) -> Any:
        if callable(self.get):
            return self.get(row)
        found = row
        for part in (self.get or self.name).split("."):
            found = getattr(found, part)
        return found


@dataclass(frozen=True)
class Summary:
    """What a PDF shows of a list: totals as words, and one chart of (label, value) with its title."""

    totals: list[tuple[str, str]]
    chart_title: str
    chart: list[tuple[str, Decimal]]


@dataclass(frozen=True)
class Export:
    """A list as it is to be written: its title and columns, its rows, and what people filtered by."""

    title: str
    columns: Sequence[Column]
    rows: QuerySet[Any]
    order: str
    form: FilterForm
    organization: Organization

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows, a chunk at a time; rows that arrive meanwhile shift nothing."""
        after = None
        while True:
            page = page_at(self.rows, order=self.order, size=CHUNK, after=after)
            yield from page
            if page.next is None:
                return
            after = encode_cursor(page.rows[-1], self.order)


def export_form(form_class: type[FilterForm]) -> type[FilterForm]:
    """Return the form of a list's filters and the `format` of its file."""
    choices = ChoiceFilter(list(FORMATS.items()), label=_("Format"))
    return type(f"Export{form_class.__name__}", (form_class,), {"format": choices})


class ExportMixin:
    """Adds `export` to a viewset. `query_forms` needs an `export_form` for it."""

    export_title: Any
    export_columns: ClassVar[Sequence[Column]]
    export_order: ClassVar[str] = "-date_created"
    query: Any

    def summarize(self, rows: QuerySet[Any]) -> Summary:
        """Return what the PDF says of the rows. A few queries, however many rows there are."""
        raise NotImplementedError

    @extend_schema(
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            (200, XLSX_TYPE): OpenApiTypes.BINARY,
            (200, "application/pdf"): OpenApiTypes.BINARY,
        }
    )
    @action(detail=False)
    def export(self, request: Request) -> HttpResponseBase:
        """Return the whole filtered list as CSV (the default) or XLSX, or a summary of it as PDF."""
        export = Export(
            title=str(self.export_title),
            columns=self.export_columns,
            rows=self.get_queryset(),  # type: ignore[attr-defined]
            order=self.export_order,
            form=self.query,
            organization=request.organization,  # type: ignore[attr-defined]
        )
        name = f"{request.path.split('/')[2]}-{timezone.localdate():%Y-%m-%d}"
        match self.query.value("format"):
            case "xlsx":
                response: HttpResponseBase = FileResponse(write_xlsx(export), content_type=XLSX_TYPE)
                suffix = "xlsx"
            case "pdf":
                from .reports import draw_summary

                content = draw_summary(export, self.summarize(export.rows))
                response, suffix = HttpResponse(content, content_type="application/pdf"), "pdf"
            case _:
                response = StreamingHttpResponse(csv_lines(export), content_type="text/csv; charset=utf-8")
                suffix = "csv"
        response["Content-Disposition"] = f'attachment; filename="{name}.{suffix}"'
        response["Cache-Control"] = "no-store"
        return response


def harmless(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: an apostrophe goes before one."""
    return f"'{text}" if FORMULA.match(text) else text


class Echo:
    """A file that hands back what is written, so that a CSV can be sent line by line."""

    def write(self, line: str) -> str:
        return line


def csv_lines(export: Export) -> Iterator[str]:
    """Yield the list as CSV, some hundred lines at a time."""
    write = csv.writer(Echo()).writerow
    lines = [write([column.name for column in export.columns])]
    for row in export:
        lines.append(write([plain(column.value(row)) for column in export.columns]))
        if len(lines) >= 500:
            yield "".join(lines)
            lines = []
    yield "".join(lines)


def plain(value: Any) -> str:
    """Return a value as machines read it; nothing for an unknown one."""
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case Decimal() | int():
            return str(value)
        case _:
            return harmless(str(value))


def write_xlsx(export: Export) -> IO[bytes]:
    """Return the list as a workbook in a temporary file; instants are in each account's own zone."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(clean(export.title)[:31])
    sheet.freeze_panes = "A2"
    for number, column in enumerate(export.columns):
        sheet.column_dimensions[letter(number)].width = WIDTHS[column.kind]
    sheet.append([heading(sheet, str(column.title)) for column in export.columns])
    for row in export:
        sheet.append([cell(sheet, column, column.value(row), row.account) for column in export.columns])
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
    book.save(file)
    file.seek(0)
    return file


def letter(number: int) -> str:
    """Return the name of a column: 0 is A, 26 is AA."""
    first, last = divmod(number, 26)
    return (chr(64 + first) if first else "") + chr(65 + last)


def heading(sheet: Any, title: str) -> WriteOnlyCell:
    made = text_cell(sheet, title)
    made.font = Font(bold=True)
    return made


def cell(sheet: Any, column: Column, value: Any, account: Account) -> Any:
    """Return a value as a cell; text is never a formula, an unknown value is an empty cell."""
    if value is None or value == "":
        return None
    if column.kind == "text":
        return text_cell(sheet, str(value))
    if isinstance(value, datetime):
        value = value.astimezone(account.time_zone).replace(tzinfo=None)
    made = WriteOnlyCell(sheet, value)
    made.number_format = SHEET_FORMATS[column.kind]
    return made


def text_cell(sheet: Any, text: str) -> WriteOnlyCell:
    made = WriteOnlyCell(sheet, harmless(clean(text)))
    made.data_type = "s"
    return made


def clean(text: str) -> str:
    return CONTROL.sub("", text)
