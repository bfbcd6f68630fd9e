"""Bodies meant to hurt, over HTTP, to everything that takes one: nothing falls over, nothing is stored that
was refused, every answer is one the description names, and memory does not grow."""

from __future__ import annotations

import gc
import io
import json
import logging
import re
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from catalog.models import BulkChange, Item, ProductCost
from painelml.web.docs import document
from tests.webhooks.conftest import envelope
from webhooks.models import Notification

from .addresses import addresses
from .conftest import Visitor, browser_of, nobody, program_of
from .hostile import TEXTS, Body, Hostile
from .world import World
from .writes import WRITES, Write

GROWTH_MAX = 4 * 1024 * 1024
"""Bytes the second half of a run may leave behind; a body that was kept by mistake is 70,000 of them."""


@pytest.fixture
def send_twice(caplog: pytest.LogCaptureFixture) -> Callable[[Callable[[int], None]], None]:
    """Run two halves, the second with its memory watched: caches fill in the first."""
    caplog.set_level(logging.CRITICAL)  # what is logged is kept until the test is over

    def run(half: Callable[[int], None]) -> None:
        half(1)
        gc.collect()
        tracemalloc.start()
        try:
            half(2)
            gc.collect()
            left, _peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert left < GROWTH_MAX, f"{left / 1024:.0f} KiB stayed behind"

    return run


# Mercado Livre's door


def test_no_body_hurts_the_inbox(ours: World, send_twice: Any) -> None:
    """1,000 of them: what is answered with 200 is an event or a repeat, anything else left no row."""
    visitor, seller = nobody(), int(ours.account.meli_user_id)
    answers: set[int] = set()

    def half(number: int) -> None:
        hostile = Hostile("inbox", number)
        for body in hostile.bodies(envelope(user_id=seller), 500):
            before = Notification.objects.count()
            answer = post(visitor, "/meli/webhooks", body)
            more = Notification.objects.count() - before
            answers.add(answer.status_code)
            assert answer.status_code in (200, 400, 413), (answer.status_code, body)
            assert more in ((0, 1) if answer.status_code == 200 else (0,)), body

    send_twice(half)

    assert answers >= {200, 400, 413}, "some of them have to be taken, or this shows nothing"
    for event in Notification.objects.all():
        words = (event.topic, event.resource, event.seller_id, event.application_id, event.target)
        assert all(word.isprintable() and len(word) <= 200 for word in words)
        assert event.topic
        assert event.resource
        assert re.fullmatch(r"\d{0,32}", event.seller_id, re.ASCII)
        assert not event.kind or re.fullmatch(r"[A-Z]{0,6}\d{1,20}", event.target, re.ASCII), event.target
        assert event.state in ("pending", "ignored", "failed")


def post(visitor: Visitor, path: str, body: Body, method: str = "POST") -> Any:
    return visitor.client.generic(method, path, body.content, body.kind, headers=visitor.headers)


# The API

BODIES, FEWER = 10, 2
"""For each writing operation and half; of those that take nothing, fewer."""
API = [write for write in WRITES if write.address.startswith("api/") and "import" not in write.address]


def test_no_body_hurts_the_api(ours: World, send_twice: Any) -> None:
    visitor = program_of(ours.person)
    seen: dict[int, int] = {}

    def half(number: int) -> None:
        before = ours.snapshot()
        for write in API:
            path = next(one for one in addresses() if one.text == write.address).of(ours)
            right = write.body(ours)
            for body in Hostile(write.call, number).bodies(right, BODIES if right else FEWER):
                with undone_if_done() as watch:
                    answer = watch(post(visitor, path, body, write.method))
                seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
                check(write, answer, body)
        assert ours.snapshot() == before, "what was refused left a trace"

    send_twice(half)

    assert min(seen.get(400, 0), seen.get(415, 0)) > 20
    assert sum(count for status, count in seen.items() if status < 300) > 20


REFUSED = (400, 401, 403, 404, 405, 413, 415, 422)
"""Answers after which everything is as it was; with the others somebody asked Mercado Livre first."""


@contextmanager
def undone_if_done() -> Iterator[Callable[[Any], Any]]:
    """Undo what a request changed that was let in. What a refused one changed stays, to be found."""
    answers: list[Any] = []

    def watch(answer: Any) -> Any:
        answers.append(answer)
        return answer

    savepoint = transaction.savepoint()
    yield watch
    if answers[0].status_code in REFUSED:
        transaction.savepoint_commit(savepoint)
    else:
        transaction.savepoint_rollback(savepoint)


def check(write: Write, answer: Any, body: Body) -> None:
    """The answer is one that the description names, in the shape the contract gives it."""
    said = f"{write.call} -> {answer.status_code} {answer.content[:200]!r} for {body.content[:300]!r}"
    assert answer.status_code < 500 or answer.status_code in (502, 503), said
    operation = document("en")["paths"][f"/{write.address}"][write.method.lower()]
    assert str(answer.status_code) in operation["responses"], said
    if answer.status_code >= 400:
        told = json.loads(answer.content)
        assert isinstance(told, dict), said
        assert told, said
        assert all(isinstance(value, str | list | dict) for value in told.values()), said


# Files

FILES = 12
"""For each importer and half."""
IMPORTERS = {
    "POST api/costs/import": ["sku", "custo", "desde"],
    "POST accounts/{pk}/costs/file/": ["sku", "custo", "desde"],
    "POST catalog/import/": ["id", "sku", "price", "available", "status"],
}
"""By the call: the columns of its files."""


def test_no_file_hurts_an_importer(ours: World, send_twice: Any) -> None:
    visitors = {True: program_of(ours.person), False: browser_of(ours.person)}
    seen: dict[str, set[int]] = {call: set() for call in IMPORTERS}

    def half(number: int) -> None:
        for call, columns in IMPORTERS.items():
            write = next(one for one in WRITES if one.call == call)
            address = next(one for one in addresses() if one.text == write.address)
            path = f"{address.of(ours)}?{urlencode(write.query(ours))}"
            hostile = Hostile(call, number)
            for _ in range(FILES):
                form = upload(hostile, columns, ours.item.meli_id)
                visitor = visitors[address.is_api]
                answer = visitor.client.post(path, form, headers=visitor.headers)
                seen[call].add(answer.status_code)
                assert answer.status_code in (200, 302, 400, 415, 422), (call, answer.status_code, form)

    send_twice(half)

    assert all(len(answers) > 1 for answers in seen.values()), seen
    for cost in ProductCost.objects.exclude(pk=ours.first(ProductCost).pk):
        assert 0 < len(cost.sku) <= 120
        assert cost.sku.isprintable()
        assert 0 <= cost.amount < 10**12
    lines = [line for change in BulkChange.objects.all() for line in change.lines.all()]
    assert {line.item_id for line in lines} <= {item.pk for item in ours.rows(Item)}


def upload(hostile: Hostile, columns: list[str], item_id: str) -> dict[str, Any]:
    """Return a form with a file that is nearly one, or with none."""
    dice = hostile.dice
    rows = [columns]
    for _ in range(dice.randrange(12)):
        row = [dice.choice((*TEXTS, "GT-1", "12,50", item_id, "active", "5")) for _ in columns]
        rows.append(row[: dice.randrange(len(row) + 2)] if dice.random() < 0.2 else row)
    text = "\n".join(";".join(row) for row in rows)
    match dice.randrange(7):
        case 0:
            content = text.encode(dice.choice(("utf-8", "utf-16", "utf-32", "utf-7")), "surrogatepass")
        case 1 | 2:
            content = text.encode("utf-8", "replace")
        case 3:
            content = damaged(hostile, workbook([[harmless(cell) for cell in row] for row in rows]))
        case 4:
            content = workbook([[harmless(cell) for cell in row] for row in rows])
        case 5:
            content = dice.randbytes(dice.randrange(3_000))
        case _:
            return dice.choice(({}, {"file": "text"}, {"other": file(b"x")}, {"file": file(b"")}))
    return {"file": file(content, dice.choice(("a.csv", "a.xlsx", "../../a.csv", "\u202ea.exe", "x" * 300)))}


def file(content: bytes, name: str = "a.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def workbook(rows: list[list[str]]) -> bytes:
    book, content = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


def harmless(cell: str) -> str:
    """Return what openpyxl agrees to write of a text."""
    return ILLEGAL_CHARACTERS_RE.sub("", cell.encode("utf-8", "ignore").decode())[:30_000]


def damaged(hostile: Hostile, content: bytes) -> bytes:
    """Return a workbook that lacks a part, or whose bytes or parts are not what they were."""
    dice = hostile.dice
    if dice.random() < 0.3:
        place = dice.randrange(len(content))
        return content[:place] + dice.randbytes(8) + content[place + 8 :]
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as good, zipfile.ZipFile(changed, "w") as bad:
        hit = dice.choice(good.namelist())
        for name in good.namelist():
            part = good.read(name)
            if name == hit and dice.random() < 0.5:
                continue
            place = dice.randrange(len(part))
            bad.writestr(name, part[:place] + dice.randbytes(3) + part[place:] if name == hit else part)
    return changed.getvalue()
