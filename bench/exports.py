"""How fast a list becomes a file, streamed by the production web server, and what memory that takes.

The orders of the data set, with everything the file of a person has. Reference: COPY of the same rows from
PostgreSQL, columns as they are stored.
"""

from __future__ import annotations

import argparse
import http.client
import time

from django.db import connection

from orders.models import Order

from . import data, pages, place
from .results import Line, middle

ROWS = 100_000
"""Orders of the set that is exported, or of the largest there is."""
FORMATS = {"csv": "csv", "xlsx": "xlsx"}
MOST_MIB = 100
"""By how much a server that writes files may grow."""


def measure(asked: argparse.Namespace) -> list[Line]:
    size = max((size for size in asked.orders if size <= ROWS), default=min(asked.orders))
    data.use(size)
    copied = middle([copy() for _ in range(asked.rounds)])
    cookie = pages.cookie()
    lines = []
    with place.web() as served:
        fetch(served.port, "/healthz", cookie)
        for file_format in FORMATS:
            before = served.memory
            path = f"/api/orders/export?format={file_format}"
            taken = [fetch(served.port, path, cookie) for _ in range(asked.rounds)]
            seconds = middle([one for one, _ in taken])
            grown = served.memory - before
            lines.append(
                Line(
                    f"export of {size:,} orders as {file_format.upper()}",
                    f"{size / seconds:.0f} rows/s, {taken[0][1] / 2**20:.1f} MiB in {seconds:.1f} s, "
                    f"memory grew by {grown:.0f} MiB",
                    f"{size / copied:.0f} rows/s by COPY",
                    seconds / copied,
                    f"memory grows by less than {MOST_MIB} MiB",
                    grown < MOST_MIB,
                    figures={
                        f"rows_per_s, {file_format}": size / seconds,
                        f"grown_mib, {file_format}": grown,
                    },
                )
            )
        lines.append(Line("memory of the web server afterwards", f"{served.memory:.0f} MiB in 2 processes"))
    return lines


def copy() -> float:
    """Return how long COPY takes to give the columns of the orders."""
    columns = ", ".join(
        f'"{field.column}"'
        for field in Order._meta.concrete_fields
        if field.column not in ("payload", "parts", "search_text")
    )
    began = time.perf_counter()
    with connection.cursor() as cursor:
        statement = (
            f"COPY (SELECT {columns} FROM {Order._meta.db_table} ORDER BY date_created DESC) TO STDOUT"
        )
        with cursor.copy(statement) as rows:
            for _ in rows:
                pass
    return time.perf_counter() - began


def fetch(port: int, path: str, cookie: str) -> tuple[float, int]:
    """Return how long a whole answer took, and its size. Raises RuntimeError when it is none."""
    began = time.perf_counter()
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    asking.request("GET", path, headers={"Cookie": cookie})
    answer = asking.getresponse()
    size = 0
    while piece := answer.read(1 << 16):
        size += len(piece)
    asking.close()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    return time.perf_counter() - began, size
