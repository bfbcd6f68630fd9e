"""Tables people upload: CSV in the encodings and separators spreadsheets write, or XLSX."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from openpyxl import load_workbook

from painelml.text import fold

FILE_MAX = 5 * 1024 * 1024
UNPACKED_MAX = 100 * 1024 * 1024
ROWS_MAX = 50_000
LINES_MAX = 100_000
"""Rows with the empty ones among them."""
COLUMNS_MAX = 16_384
"""As many as a sheet has."""
XLSX_ROWS, XLSX_COLUMNS = 1_048_576, 200
"""What is read of a sheet: all rows it can have, and of each row as many cells as any table of ours."""
TAGS_MAX, OTHER_TAGS_MAX = 4_000_000, 200_000
"""Elements of the parts with the cells, and of all others: each costs some microseconds, and a part of a few
kilobytes unpacks to millions. 50,000 rows of ten cells are 3,000,000."""
CELLS_AT = ("xl/worksheets/", "xl/sharedStrings.xml")


class UnreadableFile(Exception):
    """The file is not a table we know; the message tells people what to mend."""


class FileForm(forms.Form):
    """One file. A subclass says in its help what the columns are."""

    file = forms.FileField(widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}))


def read_table(
    content: bytes, headers: Mapping[str, Collection[str]]
) -> tuple[dict[str, int], int, Iterator[tuple[int, Sequence[Any]]]]:
    """Return where each column is, how many the first row names, and the rows with their number in the file.

    `headers` has the spellings of each column, folded. Raises UnreadableFile, also while the rows are read.
    """
    if len(content) > FILE_MAX:
        raise UnreadableFile(_("The file is larger than 5 MB."))
    lines = _xlsx_lines(content) if content.startswith(b"PK") else _csv_lines(content)
    first = next(lines, [])
    if len(first) > COLUMNS_MAX:
        raise UnreadableFile(_("The file is neither CSV nor XLSX."))
    width = 1 + max((position for position, cell in enumerate(first) if cell not in (None, "")), default=-1)
    columns = {
        name: position
        for position, cell in enumerate(first)
        for name, spellings in headers.items()
        if fold(str(cell or "")).strip() in spellings
    }
    return columns, width, _rows(lines)


def _rows(lines: Iterator[list[Any]]) -> Iterator[tuple[int, Sequence[Any]]]:
    read = 0
    for number, line in enumerate(lines, start=2):
        if number > LINES_MAX:
            raise UnreadableFile(_("The file has more than 50,000 rows."))
        if not any(str(cell or "").strip() for cell in line):
            continue
        if read == ROWS_MAX:
            raise UnreadableFile(_("The file has more than 50,000 rows."))
        read += 1
        yield number, line


def as_code(cell: Any) -> str:
    """Return an id or a SKU as text. Spreadsheets turn one of digits into a number."""
    whole = isinstance(cell, float) and cell.is_integer()
    return str(int(cell) if whole else "" if cell is None else cell).strip()


def _csv_lines(content: bytes) -> Iterator[list[Any]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    first = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise UnreadableFile(_("The file is neither CSV nor XLSX.")) from error


def _xlsx_lines(content: bytes) -> Iterator[list[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _weigh(archive)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        # The sheet people had before them: our own workbooks begin with a cover.
        sheet = book.active if book.active in book.worksheets else book.worksheets[0]
        for row in sheet.iter_rows(max_row=XLSX_ROWS, max_col=XLSX_COLUMNS, values_only=True):
            yield list(row)
    except UnreadableFile:
        raise
    except Exception as error:  # a damaged file makes each layer of its readers fall in a way of its own
        raise UnreadableFile(_("The file is neither CSV nor XLSX.")) from error


def _weigh(archive: zipfile.ZipFile) -> None:
    """Raise UnreadableFile for a workbook that unpacks to more than a table needs. What it says of its own
    size is hearsay."""
    size, tags = 0, {True: 0, False: 0}
    for entry in archive.infolist():
        with archive.open(entry) as part:
            while piece := part.read(1 << 20):
                size += len(piece)
                tags[entry.filename.startswith(CELLS_AT)] += piece.count(b"<")
                if size > UNPACKED_MAX or tags[True] > TAGS_MAX or tags[False] > OTHER_TAGS_MAX:
                    raise UnreadableFile(_("The file unpacks to more than a table of 50,000 rows."))
