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
COLUMNS_MAX = 16_384
"""As many as a sheet has."""


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
    columns = {
        name: position
        for position, cell in enumerate(first)
        for name, spellings in headers.items()
        if fold(str(cell or "")).strip() in spellings
    }
    return columns, len(first), _rows(lines)


def _rows(lines: Iterator[list[Any]]) -> Iterator[tuple[int, Sequence[Any]]]:
    read = 0
    for number, line in enumerate(lines, start=2):
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
            if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_MAX:
                raise UnreadableFile(_("The file is larger than 5 MB."))
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        # The sheet people had before them: our own workbooks begin with a cover.
        sheet = book.active if book.active in book.worksheets else book.worksheets[0]
        for row in sheet.iter_rows(values_only=True):
            yield list(row)
    except UnreadableFile:
        raise
    except Exception as error:  # a damaged file makes each layer of its readers fall in a way of its own
        raise UnreadableFile(_("The file is neither CSV nor XLSX.")) from error
