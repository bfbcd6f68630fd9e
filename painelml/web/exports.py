"""Lists as files: `/api/<list>/export?format=csv|xlsx|pdf` with the list's own filters (contract 3.5).

CSV is for machines: the API's names, ISO instants in UTC, plain numbers. XLSX and PDF are for people: their
language, their days and the formats of their country. Both lists are written while they are sent, a chunk of
rows at a time, so memory does not grow with them.
"""

from __future__ import annotations

import csv
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from accounts.models import Organization

from .filters import ChoiceFilter, FilterForm
from .paging import encode_cursor, page_at
from .sheets import xlsx_pieces

CHUNK = 1000
"""Rows read at a time. Memory holds one chunk with its lines, whatever the length of the list."""
FORMULA = re.compile(r"^\s*[=+\-@＝＋－＠]|^[\t\r\n]")
"""How text begins that a spreadsheet would take for a formula."""
FORMATS = {"csv": "CSV", "xlsx": "XLSX", "pdf": "PDF"}
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


class ExportMixin(ABC):
    """Adds `export` to a viewset. `query_forms` needs an `export_form` for it."""

    export_title: Any
    export_columns: ClassVar[Sequence[Column]]
    export_order: ClassVar[str] = "-date_created"
    query: Any

    @abstractmethod
    def summarize(self, rows: QuerySet[Any]) -> Summary:
        """Return what the PDF says of the rows. A few queries, however many rows there are."""

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
                response: HttpResponseBase = StreamingHttpResponse(xlsx_bytes(export), content_type=XLSX_TYPE)
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


def xlsx_bytes(export: Export) -> Iterator[bytes]:
    """Yield the list as a workbook; instants are in each account's own zone."""
    return xlsx_pieces(
        export.title,
        [str(column.title) for column in export.columns],
        [column.kind for column in export.columns],
        [WIDTHS[column.kind] for column in export.columns],
        ([for_people(column, row) for column in export.columns] for row in export),
    )


def for_people(column: Column, row: Any) -> Any:
    """Return a value as a sheet shows it; text is harmless, an unknown value an empty cell."""
    value = column.value(row)
    if value is None:
        return None
    if column.kind == "text":
        return harmless(str(value))
    if isinstance(value, datetime):
        return value.astimezone(row.account.time_zone).replace(tzinfo=None)
    return value
