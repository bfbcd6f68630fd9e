"""Costs in files as people keep them, and the cost of a day."""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook

from accounts.models import Account
from catalog.costs import BEGINNING, CostTable, good, parse_amount, parse_day, read_costs
from catalog.models import ProductCost
from painelml.web import uploads
from painelml.web.uploads import UnreadableFile

D = Decimal


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("12,50", "12.50"), ("12.50", "12.50"), ("12,5", "12.50"), ("12", "12.00"), (" 7 ", "7.00"),
        ("R$ 1.234,56", "1234.56"), ("1,234.56", "1234.56"), ("1.234", "1234.00"),
        ("1.234.567,8", "1234567.80"),
        ("US$ 3,10", "3.10"), ("0", "0.00"), ("0,01", "0.01"), (12, "12.00"), (12.35, "12.35"), (0.1, "0.10"),
        (19.999, "20.00"), (1234.5, "1234.50"), (Decimal("8.4"), "8.40"),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(cell: Any, amount: str) -> None:
    assert parse_amount(cell) == D(amount)


@pytest.mark.parametrize(
    "cell",
    ["", None, "abc", "-1", -1, -0.5, "1,2,3", "12.3456", "0.125", "1e5", "NaN", float("nan"), float("inf"),
     True,
     "9" * 20, "12,50 kg", "1.23.456", "=1+1", "１２"],
)  # fmt: skip
def test_what_is_no_amount_of_cents_is_refused(cell: Any) -> None:
    assert parse_amount(cell) is None


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-11-21", date(2026, 11, 21)), ("21/11/2026", date(2026, 11, 21)),
        ("1/2/2026", date(2026, 2, 1)),
        (datetime(2026, 11, 21, 0, 0), date(2026, 11, 21)), (date(2026, 11, 21), date(2026, 11, 21)),
        ("", BEGINNING), (None, BEGINNING), ("31/02/2026", None), ("11/21/2026", None), ("amanhã", None),
        ("20261121", None), (45_000, None),
    ],
)  # fmt: skip
def test_days_are_read_as_people_write_them(cell: Any, day: date | None) -> None:
    assert parse_day(cell) == day


def csv_file(*lines: str, encoding: str = "utf-8") -> bytes:
    return "\n".join(lines).encode(encoding)


def xlsx_file(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


FILES = {
    "semicolons": csv_file("SKU;Custo;A partir de", "A-1;12,50;", "B-2;1.300,00;01/11/2026"),
    "commas": csv_file("sku,cost,from", "A-1,12.50,", 'B-2,"1,300.00",2026-11-01'),
    "tabs": csv_file("SKU\tCosto\tDesde", "A-1\t12,50\t", "B-2\t1300\t2026-11-01"),
    "Windows": csv_file(
        "Código;Custo unitário;Vigência", "A-1;12,50;", "B-2;1300;01/11/2026", encoding="cp1252"
    ),
    "a byte order mark": b"\xef\xbb\xbf"
    + csv_file("SKU;Custo;Data", "A-1;12,50;", "", "B-2;1300;01/11/2026"),
    "columns in another order": csv_file("Data;x;Custo;SKU", ";?;12,50;A-1", "01/11/2026;?;1300;B-2"),
    "a workbook": xlsx_file(
        ["SKU", "Custo", "Desde"], ["A-1", 12.5, None], [], ["B-2", 1300, datetime(2026, 11, 1)]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_one_file_of_many_shapes(name: str) -> None:
    assert [(row.sku, row.amount, row.starts_on, row.errors) for row in read_costs(FILES[name])] == [
        ("A-1", D("12.50"), BEGINNING, []),
        ("B-2", D("1300.00"), date(2026, 11, 1), []),
    ]


def test_a_sku_of_digits_stays_what_it_is() -> None:
    content = xlsx_file(["SKU", "Custo"], [7_890_001_112_223, 1], [123.0, 2], ["007", 3])
    assert [row.sku for row in read_costs(content)] == ["7890001112223", "123", "007"]


def test_every_row_says_what_is_wrong_with_it() -> None:
    content = csv_file(
        "SKU;Custo;Desde", "A-1;12,50;", ";5,00;", "B-2;muito;", "C-3;1,00;ontem", "A-1;13,00;",
        f"{'x' * 121};1;", "D-4;1,00;;sobra", ";-1;ontem", "A-1;14,00;01/11/2026",
    )  # fmt: skip
    rows = read_costs(content)
    assert [(row.number, len(row.errors)) for row in rows] == [
        (2, 0), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (8, 1), (9, 3), (10, 0),
    ]  # fmt: skip
    assert [row.number for row in good(rows)] == [2, 10]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\n\n", csv_file("a;b", "1;2"), csv_file("SKU;Preco", "A;1"), csv_file("Custo", "1"),
        b"PK\x03\x04 broken", b"\x00\x01\x02\xff", xlsx_file(["nada"], ["A"]),
    ],
)  # fmt: skip
def test_a_file_that_is_not_one_of_costs_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableFile):
        read_costs(content)


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "ROWS_MAX", 1)
    with pytest.raises(UnreadableFile):
        read_costs(FILES["semicolons"])
    monkeypatch.setattr(uploads, "UNPACKED_MAX", 100)
    with pytest.raises(UnreadableFile):
        read_costs(FILES["a workbook"])
    monkeypatch.setattr(uploads, "FILE_MAX", 10)
    with pytest.raises(UnreadableFile):
        read_costs(FILES["commas"])


@pytest.mark.django_db
def test_a_table_answers_for_any_day(
    account: Account, other_account: Account, django_assert_num_queries: Any
) -> None:
    for owner, day, amount in [
        (account, date(2026, 1, 1), 10), (account, date(2026, 6, 1), 12), (other_account, BEGINNING, 99),
    ]:  # fmt: skip
        ProductCost.objects.create(account=owner, sku="A-1", starts_on=day, amount=amount)
    with django_assert_num_queries(2):
        table = CostTable(account)
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 5, 31), date(2026, 6, 1), date(2030, 1, 1)]
    assert [table.unit_cost("A-1", day) for day in days] == [None, 10, 10, 12, 12]
    assert table.unit_cost("a-1", days[-1]) is None
    assert table.sale_cost(days[-1]) is None
