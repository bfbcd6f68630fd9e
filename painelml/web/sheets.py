"""XLSX written while it is sent: a workbook of one sheet, row by row.

openpyxl took 125 s for 100,000 orders on two busy cores and sends nothing until it is done; this took 34 s,
and the first rows leave at once.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""Characters XML, and so a sheet, cannot hold."""
ROWS_A_PIECE = 500
TEXT_MAX = 32_767
"""Characters a cell holds."""
DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  (sheets know no zones)
STYLES = {"text": 0, "heading": 1, "money": 2, "number": 3, "instant": 4}
"""The place of each style in `xl/styles.xml`."""

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET_ML = "application/vnd.openxmlformats-officedocument.spreadsheetml"

PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET_ML}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{SHEET_ML}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{SHEET_ML}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{MAIN}">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="dd/mm/yyyy hh:mm"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="3" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


class Outlet:
    """The end of a pipe: what is written is taken away piece by piece, and nobody can go back."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, content: bytes) -> int:
        self.written.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """There is nothing to push: `take` empties it."""

    def take(self) -> bytes:
        content, self.written = b"".join(self.written), []
        return content


def xlsx_pieces(
    title: str,
    headings: Sequence[str],
    kinds: Sequence[str],
    widths: Sequence[int],
    rows: Iterable[Sequence[Any]],
) -> Iterator[bytes]:
    """Yield a workbook whose sheet has these headings and rows.

    Values are text, numbers, instants without a zone, and None for an empty cell; `kinds` (of `STYLES`) says
    how each column looks. Text is never a formula.
    """
    outlet = Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as book:  # type: ignore[call-overload]
        for name, content in {**PARTS, "xl/workbook.xml": workbook(title)}.items():
            book.writestr(name, HEAD + content)
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write((HEAD + sheet_head(widths)).encode())
            sheet.write(
                f"<row>{''.join(text_cell(one, STYLES['heading']) for one in headings)}</row>".encode()
            )
            styles = [STYLES[kind] for kind in kinds]
            lines: list[str] = []
            for values in rows:
                lines.append(f"<row>{''.join(map(cell, values, styles))}</row>")
                if len(lines) >= ROWS_A_PIECE:
                    sheet.write("".join(lines).encode())
                    lines = []
                    yield outlet.take()
            sheet.write(("".join(lines) + "</sheetData></worksheet>").encode())
    yield outlet.take()


def workbook(title: str) -> str:
    name = re.sub(r"[\[\]:*?/\\']", " ", clean(title))[:31] or "1"
    return (
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        f'<sheet name="{escape(name, {chr(34): "&quot;"})}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )


def sheet_head(widths: Sequence[int]) -> str:
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
        for place, width in enumerate(widths, start=1)
    )
    return (
        f'<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"<cols>{columns}</cols><sheetData>"
    )


def cell(value: Any, style: int) -> str:
    match value:
        case None | "":
            return "<c/>"
        case datetime():
            return f'<c s="{style}"><v>{(value - DAY_ZERO).total_seconds() / 86400:.10f}</v></c>'
        case int() | Decimal():
            return f'<c s="{style}"><v>{value}</v></c>'
        case _:
            return text_cell(str(value), STYLES["text"])


def text_cell(text: str, style: int) -> str:
    kept = escape(clean(text)[:TEXT_MAX]).replace("\r", "&#13;")
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{kept}</t></is></c>'


def clean(text: str) -> str:
    return CONTROL.sub("", text)
