"""Bad input by the thousand, the same every time: nothing falls over, and memory does not grow."""

from __future__ import annotations

import gc
import io
import json
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from catalog.costs import FILE_MAX, UnreadableFile, read_costs
from webhooks.inbox import NotANotification, parse

GROWTH_MAX = 4 * 1024 * 1024
"""What the second half of a run may leave behind: caches fill in the first."""

bounded = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)

words = st.text(max_size=40) | st.sampled_from(
    ["orders_v2", "items", "/orders/1", "/items/MLB1", "\x00", "٣"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


def grown_by(run: Callable[[], None]) -> int:
    """Return the bytes a second run of the same leaves behind after a first one."""
    run()
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    run()
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return after - before


@settings(bounded, max_examples=300)
@given(st.binary(max_size=200) | values.map(json.dumps).map(str.encode))
def test_whatever_is_no_notification_is_told_so(body: bytes) -> None:
    try:
        notification = parse(body)
    except NotANotification:
        return
    assert notification.topic
    assert notification.resource


cells = st.text(max_size=30) | st.sampled_from(
    ["12,50", "1.234,56", "2026-11-21", "=1+1", "\x00", "1e9", "-1", "NaN"]
)
lines = st.lists(st.lists(cells, max_size=5).map(";".join), max_size=20).map("\n".join)


def workbook(rows: list[list[Any]]) -> bytes:
    book, content = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


def test_no_file_makes_the_import_of_costs_fall() -> None:
    good = workbook([["SKU", "Custo"], ["GT-1", 12.5], ["GT-2", "x"]])

    def broken(change: tuple[int, bytes]) -> bytes:
        place = change[0] % len(good)
        return good[:place] + change[1] + good[place + len(change[1]) :]

    @settings(bounded, max_examples=80)
    @given(
        st.binary(max_size=400)
        | lines.map(lambda text: f"sku;custo;desde\n{text}".encode())
        | lines.map(lambda text: text.encode("utf-16"))
        | st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=30)).map(broken)
    )
    def read(content: bytes) -> None:
        try:
            read_costs(content)
        except UnreadableFile:
            return

    assert grown_by(read) < GROWTH_MAX


STRINGS_TOO = (
    b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument'
    b'.spreadsheetml.sharedStrings+xml"/></Types>'
)
"""Without it nobody would look at the part."""


def bomb(part: str, head: bytes, filling: bytes, size: int, foot: bytes = b"") -> bytes:
    """Return a workbook one part of which unpacks to `size` bytes."""
    content = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook([["SKU", "Custo"]]))) as good,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as bad,
    ):
        for name in good.namelist():
            if name != part:
                end = STRINGS_TOO if part not in good.namelist() else b"</Types>"
                bad.writestr(name, good.read(name).replace(b"</Types>", end))
        with bad.open(part, "w") as entry:
            entry.write(head)
            for _ in range(size // len(filling)):
                entry.write(filling)
            entry.write(foot)
    return content.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
MAIN = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + number, b"&%c;" % (97 + number) * 10) for number in range(9))
    + b"]>"
)


TABLE = MAIN + b"<row>" + b"".join(
    b'<c t="inlineStr"><is><t>%s</t></is></c>' % name for name in (b"SKU", b"Custo")
) + b"</row>"  # fmt: skip
END = b"</sheetData></worksheet>"
FAR = b'<row r="100000000"><c r="A100000000"><v>1</v></c></row>'
WIDE = b'<row><c r="XFD1" t="inlineStr"><is><t>x</t></is></c></row>'
BOMBS: dict[str, Callable[[], bytes]] = {
    "a sheet of 300 MB": lambda: bomb(SHEET, MAIN, b"<row></row>" * 10_000, 300_000_000),
    "strings of 300 MB": lambda: bomb("xl/sharedStrings.xml", b"<sst>", b"<si></si>" * 10_000, 300_000_000),
    "a billion laughs": lambda: bomb(SHEET, LAUGHS + MAIN, b"<row><c><v>&j;</v></c></row>", 28),
    "rows as wide as they get": lambda: bomb(SHEET, MAIN, WIDE, 60_000),
    "no archive at all": lambda: b"PK\x03\x04" + b"\x00" * 5000,
    "more than may be sent": lambda: b"x" * (FILE_MAX + 1),
    "a cell without an end": lambda: b'sku;custo\n"' + b"x" * 4_000_000,
    "four million columns": lambda: b";" * 4_000_000,
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_file_that_unpacks_to_much_takes_little_memory(what: str) -> None:
    file = BOMBS[what]()
    tracemalloc.start()
    try:
        rows = read_costs(file)
    except UnreadableFile:
        rows = []
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert not any(row.amount for row in rows)
    assert peak < 400 * 1024 * 1024


STYLES = (
    b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts><font/></fonts>'
    b"<fills><fill/></fills><borders><border/></borders><cellStyleXfs><xf/></cellStyleXfs><cellXfs>"
)
BUSY: dict[str, Callable[[], bytes]] = {
    "rows without anything": lambda: bomb(SHEET, TABLE, b"<row></row>" * 10_000, 30_000_000, END),
    "a row a hundred million rows down": lambda: bomb(SHEET, TABLE, FAR, len(FAR), END),
    "a table as wide as it gets": lambda: bomb(SHEET, TABLE, WIDE * 100, 600_000, END),
    "styles by the million": lambda: bomb(
        "xl/styles.xml", STYLES, b"<xf/>" * 1_000, 5_000_000, b"</cellXfs></styleSheet>"
    ),
}


@pytest.mark.parametrize("what", BUSY)
def test_a_small_file_does_not_keep_the_panel_busy(what: str) -> None:
    """Some kilobytes took minutes of a core, or hours."""
    file = BUSY[what]()
    assert len(file) < 100_000
    began = time.process_time()
    try:
        rows = read_costs(file)
    except UnreadableFile:
        rows = []
    assert rows == []
    assert time.process_time() - began < 5
