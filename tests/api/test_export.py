"""`/api/<list>/export`: the whole filtered list as a file (contract 3.5)."""

import csv
import gc
import io
import tracemalloc
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook
from rest_framework.test import APIClient

from accounts.models import Account, User
from orders.models import Order
from painelml.web import exports
from painelml.web.files import harmless
from painelml.web.paging import page_at
from tests.factories import NOON, make_item, make_order, make_question, make_shipment

from .conftest import Login

MAKE: dict[str, Any] = {
    "items": make_item,
    "orders": make_order,
    "shipments": make_shipment,
    "questions": make_question,
}


def content(answer: Any) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content(answer).decode())))


def sheet(answer: Any) -> list[tuple[Any, ...]]:
    return list(load_workbook(io.BytesIO(content(answer))).active.iter_rows())


@pytest.mark.parametrize("path", MAKE)
def test_a_csv_holds_what_the_list_holds_in_its_order(api: APIClient, account: Account, path: str) -> None:
    for _ in range(3):
        MAKE[path](account)
    listed = [row["id"] for row in api.get(f"/api/{path}").json()["results"]]
    answer = api.get(f"/api/{path}/export")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith(f'attachment; filename="{path}-')
    assert [row["id"] for row in rows(answer)] == listed


@pytest.mark.parametrize("path", MAKE)
def test_a_sheet_holds_the_same(api: APIClient, account: Account, path: str) -> None:
    for _ in range(3):
        MAKE[path](account)
    listed = [row["id"] for row in api.get(f"/api/{path}").json()["results"]]
    assert [row[0].value for row in sheet(api.get(f"/api/{path}/export?format=xlsx"))[1:]] == listed


@pytest.mark.parametrize("path", MAKE)
@pytest.mark.parametrize("filled", [0, 2])
def test_a_summary_is_a_pdf_also_of_nothing(api: APIClient, account: Account, path: str, filled: int) -> None:
    for _ in range(filled):
        MAKE[path](account)
    answer = api.get(f"/api/{path}/export?format=pdf&q=garrafa")
    assert answer["Content-Type"] == "application/pdf"
    assert content(answer).startswith(b"%PDF")


@pytest.mark.parametrize("path", MAKE)
@pytest.mark.parametrize("file_format", ["csv", "xlsx", "pdf"])
def test_an_export_of_nothing_is_a_file_too(
    api: APIClient, account: Account, path: str, file_format: str
) -> None:
    assert content(api.get(f"/api/{path}/export?format={file_format}"))


def test_machines_read_plain_values(api: APIClient, account: Account) -> None:
    make_order(account, date_created=NOON, net=None, lines=2, discounts=Decimal("-1234.50"))
    (row,) = rows(api.get("/api/orders/export?format=csv"))
    assert (row["date_created"], row["gross"], row["net"], row["unknown"]) == (
        "2026-11-20T15:00:00Z",
        "129.90",
        "",
        "",
    )
    assert row["discounts"] == "-1234.50"
    assert row["titles"].count("1 × Garrafa") == 2


def test_people_read_their_own_days_and_numbers(api: APIClient, account: Account) -> None:
    make_order(account, date_created=NOON)
    head, row = sheet(api.get("/api/orders/export?format=xlsx", headers={"accept-language": "pt-br"}))
    cells = {column.name: cell for column, cell in zip(exports_of_orders(), row, strict=True)}
    assert head[0].value == "Pedido"
    assert cells["date_created"].value == datetime(2026, 11, 20, 12, 0)
    assert cells["date_created"].number_format == "dd/mm/yyyy hh:mm"
    assert (cells["gross"].value, cells["gross"].number_format) == (129.9, "#,##0.00")
    assert cells["id"].data_type == "s"


def exports_of_orders() -> Any:
    from orders.exports import COLUMNS

    return COLUMNS


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+55", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =HYPERLINK(1)", "＝1", '=cmd|"/c calc"!A1', "\n=1"],
)
@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_a_formula_somebody_wrote_is_only_text(
    api: APIClient, account: Account, text: str, file_format: str
) -> None:
    make_question(account, text=text)
    answer = api.get(f"/api/questions/export?format={file_format}")
    if file_format == "csv":
        assert rows(answer)[0]["text"] == f"'{text}"
        return
    cell = sheet(answer)[1][6]
    assert cell.data_type == "s"
    assert cell.value.startswith("'")


def test_common_text_stays_as_it_is() -> None:
    assert [harmless(text) for text in ("Olá", "3-4", "a=b", "")] == ["Olá", "3-4", "a=b", ""]


def test_characters_no_sheet_may_hold_are_left_out(api: APIClient, account: Account) -> None:
    make_question(account, text="a\x0bb\x1fc")
    assert sheet(api.get("/api/questions/export?format=xlsx"))[1][6].value == "abc"


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_the_filters_of_the_list_hold(api: APIClient, account: Account, file_format: str) -> None:
    wanted = make_order(account, status="cancelled", is_sale=False)
    make_order(account)
    answer = api.get(f"/api/orders/export?format={file_format}&status=cancelled")
    found = rows(answer) if file_format == "csv" else sheet(answer)[1:]
    assert len(found) == 1
    assert wanted.meli_id in str(found[0]["id"] if file_format == "csv" else found[0][0].value)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("format=doc", "format"),
        ("colour=red", "colour"),
        ("page_size=10", "page_size"),
        ("date_from=x", "date_from"),
    ],
)
def test_a_bad_parameter_is_named(api: APIClient, account: Account, query: str, name: str) -> None:
    answer = api.get(f"/api/orders/export?{query}")
    assert (answer.status_code, list(answer.json())) == (400, [name])


@pytest.mark.parametrize("path", MAKE)
@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_another_organizations_rows_are_in_no_file(
    api: APIClient, account: Account, other_account: Account, path: str, file_format: str
) -> None:
    MAKE[path](other_account)
    answer = api.get(f"/api/{path}/export?format={file_format}")
    assert not (rows(answer) if file_format == "csv" else sheet(answer)[1:])
    assert api.get(f"/api/{path}/export?account_id={other_account.pk}").status_code == 404


@pytest.mark.parametrize("path", MAKE)
def test_a_viewer_may_take_a_file_and_nobody_else_may(
    login: Login, vera: User, account: Account, path: str
) -> None:
    assert content(login(vera).get(f"/api/{path}/export"))
    assert APIClient().get(f"/api/{path}/export").status_code == 401


@pytest.mark.parametrize("path", MAKE)
@pytest.mark.parametrize("file_format", ["csv", "xlsx", "pdf"])
def test_queries_do_not_grow_with_the_rows(
    api: APIClient, account: Account, path: str, file_format: str
) -> None:
    def queries(more: int) -> int:
        for _ in range(more):
            MAKE[path](account)
        with CaptureQueriesContext(connection) as asked:
            content(api.get(f"/api/{path}/export?format={file_format}"))
        return len(asked)

    assert queries(2) == queries(18)


def test_every_row_is_written_once_over_many_chunks(
    api: APIClient, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "CHUNK", 3)
    for number in range(10):
        make_shipment(account, date_created=None if number % 2 else NOON)
    listed = [row["id"] for row in rows(api.get("/api/shipments/export"))]
    assert len(listed) == len(set(listed)) == 10


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_list(
    api: APIClient, account: Account, monkeypatch: pytest.MonkeyPatch, file_format: str
) -> None:
    first = make_order(account, lines=0, payments=0)
    fields = {f.attname: getattr(first, f.attname) for f in Order._meta.concrete_fields if not f.primary_key}
    Order.objects.bulk_create(
        [Order(**{**fields, "meli_id": str(10**15 + number)}) for number in range(3500)], batch_size=1000
    )
    Order.objects.filter(meli_id__gte=str(10**15 + 2300)).update(status="cancelled")
    monkeypatch.setattr(exports, "CHUNK", 200)

    def page_without_garbage(*args: Any, **kwargs: Any) -> Any:
        gc.collect()  # what is measured is what is held, not what nobody has swept up yet
        return page_at(*args, **kwargs)

    monkeypatch.setattr(exports, "page_at", page_without_garbage)

    def peak(query: str) -> int:
        tracemalloc.start()
        try:
            answer = api.get(f"/api/orders/export?format={file_format}{query}")
            for _piece in answer.streaming_content:
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    # A workbook is written 500 rows at a time: the piece under way, the one being packed and what comes of
    # it are all there from 1,000 rows on. Measured: 6.1 MB for 400 rows, 7.17 for 1,000, 7.18 for 2,000.
    few = peak("&status=cancelled")
    assert peak("") < few + 1_000_000
