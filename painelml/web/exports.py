"""Lists as files: `/api/<list>/export?format=csv|xlsx|pdf` with the list's own filters (contract 3.5).

A `Listing` says what a list is as a file; an `Export` is one reading of it. CSV is for machines unless
`reader=person` asks otherwise; XLSX and PDF are for people. Rows are written while they are read, a chunk at
a time, so memory does not grow with the list.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import Any, ClassVar, Literal

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import get_language, gettext, override
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from accounts.models import Organization
from painelml.audit import trail

from . import show
from .filters import ChoiceFilter, FilterForm, day_of
from .kept import PERIOD_NAMES
from .paging import encode_cursor, page_at

CHUNK = 1000
"""Rows read at a time. Memory holds one chunk with its lines, whatever the length of the list."""
CENT = Decimal("0.01")
FORMATS = {"csv": "CSV", "xlsx": "XLSX", "pdf": "PDF"}
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
MACHINE, PERSON = "machine", "person"
READERS = [(MACHINE, _("A program")), (PERSON, _("A person"))]
NAME_MAX = 40
BARS_MAX = 31
"""Bars a chart has room for."""

Kind = Literal["text", "money", "number", "share", "instant", "day"]


@dataclass(frozen=True)
class Column:
    """One column: its name for machines, its title for people, and where a row has its value.

    `get` is the name of an attribute (`account.nickname`) or a function of the row. People read a value of
    `words` (painelml/web/statuses.py) as the pages call it.
    """

    name: str
    title: Any
    get: str | Callable[[Any], Any] = ""
    kind: Kind = "text"
    words: str = ""
    masks: Callable[[str], str] | None = None
    """What viewers read instead of a value that tells who a buyer is."""

    def masked(self) -> Column:
        """Return this column as viewers read it."""
        mask = self.masks
        return replace(self, get=lambda row: mask(self.value(row) or ""), masks=None) if mask else self

    def value(self, row: Any) -> Any:
        found = self.get(row) if callable(self.get) else attrgetter(self.get or self.name)(row)
        if isinstance(found, float):
            found = Decimal(str(found))  # files write whole numbers and decimals
        # Sums of SQLite come with the digits of a float: 3930.00000000000.
        return found.quantize(CENT) if self.kind == "money" and isinstance(found, Decimal) else found


@dataclass(frozen=True)
class Summary:
    """What a PDF shows of a list: totals as words, and one chart of (label, value) with its title."""

    totals: list[tuple[str, str]]
    chart_title: str
    chart: list[tuple[str, Any]]


def bars_by_day(values: Iterable[tuple[date, Any]]) -> list[tuple[str, Any]]:
    """Return the chart of a value per day: a bar for each, or for each month where there are many days."""
    days = list(values)
    form = "SHORT_DATE_FORMAT" if len(days) <= BARS_MAX else "YEAR_MONTH_FORMAT"
    bars: dict[str, Any] = {}
    for day, value in days:
        label = date_format(day, form)
        bars[label] = bars.get(label, 0) + value
    return list(bars.items())


Read = Callable[[Organization, Any], QuerySet[Any] | list[Any]]
"""Finds the rows of an organization that pass a form's filters: a queryset, or a list of a few."""


@dataclass(frozen=True)
class Table:
    """A further table under the filters of a list."""

    title: Any
    columns: Sequence[Column]
    read: Read


@dataclass(frozen=True)
class Listing:
    """What a list is as a file. `name` is its word in addresses, `route` the name of its export's address.

    A workbook has a sheet for the list and for each of the tables in `also`.
    """

    name: str
    route: str
    title: Any
    form: type[FilterForm]
    columns: Sequence[Column]
    read: Read
    summarize: Callable[[Any], Summary]
    order: str = "-date_created"
    also: Sequence[Table] = ()

    @property
    def tells_people(self) -> bool:
        """Whether a file of it says who buyers are."""
        tables: list[Listing | Table] = [self, *self.also]
        return any(column.masks for one in tables for column in one.columns)


@dataclass
class Export:
    """One reading of a list: for which organization, by which filters, in which format and for whom.

    `done` counts the rows of the list that were read.
    """

    listing: Listing
    organization: Organization
    form: FilterForm
    format: str = "csv"
    reader: str = MACHINE
    language: str | None = field(default_factory=get_language)
    now: datetime = field(default_factory=timezone.now)
    done: int = 0

    @cached_property
    def rows(self) -> QuerySet[Any] | list[Any]:
        return self.listing.read(self.organization, self.form)

    @cached_property
    def columns(self) -> Sequence[Column]:
        """The columns as whoever asked may read them."""
        columns = self.listing.columns
        return columns if self.form.sees_people else [column.masked() for column in columns]

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows, a chunk at a time; rows that arrive meanwhile shift nothing."""
        for row in self.rows if isinstance(self.rows, list) else chunks(self.rows, self.listing.order):
            yield row
            self.done += 1

    def count(self) -> int:
        return len(self.rows) if isinstance(self.rows, list) else self.rows.order_by().count()

    def is_longer_than(self, rows: int) -> bool:
        """Say whether the list has more rows than this, without counting them all."""
        if isinstance(self.rows, list):
            return len(self.rows) > rows
        return self.rows.order_by()[rows : rows + 1].exists()

    def also(self) -> list[Export]:
        """Return the further tables."""
        return [
            Export(
                replace(self.listing, title=one.title, columns=one.columns, read=one.read, also=()),
                self.organization,
                self.form,
            )
            for one in self.listing.also
        ]

    @property
    def content_type(self) -> str:
        return TYPES[self.format]

    @property
    def file_name(self) -> str:
        """Return `orders-casa-verde-2026-11-01-2026-11-21.csv`: list, account and days, in safe characters.

        Without a period it names the day it was made on.
        """
        accounts = self.form.accounts
        account = (
            (slugify(str(accounts[0]))[:NAME_MAX] or accounts[0].meli_user_id)
            if len(accounts) == 1
            else "all"
        )
        first, last = (bound and day_of(bound, self.zone).isoformat() for bound in self.bounds)
        match first, last:
            case None, None:
                days = self.today.isoformat()
            case None, _:
                days = f"until-{last}"
            case _, None:
                days = f"since-{first}"
            case _:
                days = f"{first}-{last}"
        return f"{self.listing.name}-{account}-{days}.{self.format}"

    # What it says of itself

    @property
    def zone(self) -> Any:
        """The zone of its own days: the first account's."""
        accounts = self.form.accounts
        return accounts[0].time_zone if accounts else timezone.get_current_timezone()

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def bounds(self) -> tuple[date | datetime | None, date | datetime | None]:
        if hasattr(self.form, "bounds"):
            first, last = self.form.bounds(self.today, self.zone)
            return first, last
        return self.form.value("date_from"), self.form.value("date_to")

    def about(self) -> list[tuple[str, str]]:
        """Return whose rows these are, of which days and by which filters, as the page calls them."""
        form = self.form
        accounts = ", ".join(str(account) for account in form.accounts) or show.DASH
        rows = [(gettext("Organization"), str(self.organization)), (gettext("Accounts"), accounts)]
        if "date_from" in form.fields:
            rows.append((gettext("Period"), self.period()))
        fields = self.listing.form.base_fields
        used = [name for name in form.active if name in fields and name not in PERIOD_NAMES]
        rows += [(str(form.fields[name].label), in_words(form, name)) for name in used]
        if not used:
            rows.append((gettext("Filters"), gettext("none")))
        return [*rows, (gettext("Made at"), show.instant(self.now, self.zone))]

    def period(self) -> str:
        first, last = (
            show.instant(bound, self.zone)
            if isinstance(bound, datetime)
            else bound and date_format(bound, "SHORT_DATE_FORMAT")
            for bound in self.bounds
        )
        match first, last:
            case None, None:
                return gettext("everything until now")
            case None, _:
                return gettext("until %(day)s") % {"day": last}
            case _, None:
                return gettext("since %(day)s") % {"day": first}
        return gettext("%(first)s to %(last)s") % {"first": first, "last": last}


def chunks(rows: QuerySet[Any], order: str) -> Iterator[Any]:
    after = None
    while True:
        page = page_at(rows, order=order, size=CHUNK, after=after)
        yield from page
        if page.next is None:
            return
        after = encode_cursor(page.rows[-1], order)


def in_words(form: FilterForm, name: str) -> str:
    value = form.value(name)
    input_ = form.fields[name]
    choices = dict(getattr(input_, "choices", None) or getattr(input_.widget, "choices", None) or ())
    return str(choices.get(value, value))


def pieces_of(export: Export) -> Iterator[bytes]:
    """Yield the file, piece by piece, in the language it was asked for, whoever pulls and when."""
    if export.format == "pdf":
        # It brings reportlab, which is heavy: only where something is drawn.
        from .reports import pdf_pieces as pieces_in
    elif export.format == "xlsx":
        from .files import xlsx_pieces as pieces_in
    else:
        from .files import csv_pieces as pieces_in

    pieces = pieces_in(export)
    while True:
        with override(export.language):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


# The API


def export_form(form_class: type[FilterForm]) -> type[FilterForm]:
    """Return the form of a list's filters, the `format` of its file and who reads it."""
    fields = {
        "format": ChoiceFilter(list(FORMATS.items()), label=_("Format")),
        "reader": ChoiceFilter(READERS, label=_("Who reads a CSV")),
    }
    return type(f"Export{form_class.__name__}", (form_class,), fields)


class ExportMixin(ABC):
    """Adds `export` to a viewset. `query_forms` needs an `export_form` for it."""

    listing: ClassVar[Listing]
    query: Any

    @extend_schema(
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            (200, TYPES["xlsx"]): OpenApiTypes.BINARY,
            (200, TYPES["pdf"]): OpenApiTypes.BINARY,
        }
    )
    @action(detail=False)
    def export(self, request: Request) -> HttpResponseBase:
        """Return the whole filtered list as CSV (the default) or XLSX, or a summary of it as PDF.

        A CSV is for programs: the names of the API, instants in UTC, plain numbers, commas. With
        `reader=person` it is for spreadsheets: titles, dates, numbers and separators of the caller's
        language, and a mark by which they know the accents.
        """
        return send(
            Export(
                self.listing,
                request.organization,  # type: ignore[attr-defined]
                self.query,
                self.query.value("format") or "csv",
                self.query.value("reader") or MACHINE,
            )
        )


def send(export: Export) -> HttpResponseBase:
    """Return the file while it is made."""
    trail.record(
        "list.exported",
        export.listing.name,
        organization=export.organization,
        after={"format": export.format, "query": export.form.used_query},
    )
    response = StreamingHttpResponse(pieces_of(export), content_type=export.content_type)
    return as_file(response, export.file_name)


def as_file(response: HttpResponseBase, name: str) -> HttpResponseBase:
    """Let the browser keep an answer under this name, and nobody else keep it at all."""
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response
