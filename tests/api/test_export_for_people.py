"""Files as people open them: their separators, days and words, and a cover that says what is in them."""

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook
from rest_framework.test import APIClient

from accounts.models import Account, Organization, User
from tests.factories import NOON, make_account, make_order, make_question, make_shipment
from tests.pdf import lines_of

from .conftest import Login

PERSON = "/api/orders/export?format=csv&reader=person"


def take(api: APIClient, address: str, language: str = "pt-br") -> bytes:
    answer: Any = api.get(address, headers={"accept-language": language})
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def name_of(api: APIClient, address: str) -> str:
    return api.get(address)["Content-Disposition"].removeprefix('attachment; filename="').removesuffix('"')


@pytest.mark.parametrize(
    ("language", "head", "delimiter", "row"),
    [
        ("pt-br", "Pedido", ";", ("Pago", "20/11/2026 12:00", "1234,50")),
        ("es", "Pedido", ";", ("Pagado", "20/11/2026 12:00", "1234,50")),
        ("en", "Order", ",", ("Paid", "11/20/2026 12:00", "1234.50")),
    ],
)
def test_a_csv_opens_in_the_spreadsheet_of_each_country(
    api: APIClient, account: Account, language: str, head: str, delimiter: str, row: tuple[str, ...]
) -> None:
    make_order(account, date_created=NOON, gross=Decimal("1234.50"), buyer_nickname="JOÃO")
    content = take(api, PERSON, language)
    assert content.startswith(b"\xef\xbb\xbf")
    titles, line = csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter)
    assert (line[3], line[4], line[15]) == row
    assert line[7] == "JOÃO"
    assert titles[0] == head


def test_a_csv_for_programs_has_no_mark_and_no_words(api: APIClient, account: Account) -> None:
    make_order(account)
    content = take(api, "/api/orders/export?format=csv")
    assert content.startswith(b"id,account,pack_id,status,")
    assert b",paid," in content


@pytest.mark.parametrize("text", ["=1+1", "+55", "-2", "@SUM(A1)", "\t=1"])
def test_a_formula_is_only_text_for_people_too(api: APIClient, account: Account, text: str) -> None:
    make_question(account, text=text)
    content = take(api, "/api/questions/export?format=csv&reader=person").decode("utf-8-sig")
    assert next(csv.DictReader(io.StringIO(content), delimiter=";"))["Texto"] == f"'{text}"


def test_a_negative_amount_stays_a_number(api: APIClient, account: Account) -> None:
    make_order(account, net=Decimal("-12.30"))
    line = next(csv.DictReader(io.StringIO(take(api, PERSON).decode("utf-8-sig")), delimiter=";"))
    assert line["Líquido"] == "-12,30"


def test_a_workbook_opens_on_the_list_behind_its_cover(api: APIClient, account: Account) -> None:
    make_shipment(account)
    query = "format=xlsx&status=ready_to_ship&q=campinas"
    book = load_workbook(io.BytesIO(take(api, f"/api/shipments/export?{query}")))
    assert book.sheetnames == ["Sobre", "Envios"]
    assert book.active.title == "Envios"
    cover = dict(book["Sobre"].iter_rows(values_only=True))
    assert cover["Contas"] == str(account)
    assert cover["Status"] == "Pronto para envio"
    assert cover["Busca"] == "campinas"
    assert "Gerado em" in cover


def test_a_formula_somebody_searched_for_is_only_text(api: APIClient, account: Account) -> None:
    book = load_workbook(io.BytesIO(take(api, "/api/orders/export?format=xlsx&q=%3D1%2B1")))
    cell = {row[0].value: row[1] for row in book["Sobre"].iter_rows()}["Busca"]
    assert (cell.value, cell.data_type) == ("'=1+1", "s")


def test_the_cover_of_a_summary_says_whose_and_of_which_days(api: APIClient, account: Account) -> None:
    make_order(account, date_created=NOON)
    query = f"format=pdf&account_id={account.pk}&date_from=2026-11-01&date_to=2026-11-21&status=paid"
    lines = lines_of(take(api, f"/api/orders/export?{query}"))
    assert f"Contas: {account}" in lines
    assert "Período: 01/11/2026 a 21/11/2026" in lines
    assert "Status: Pago" in lines
    assert "R$ 129,90" in [line.replace("\xa0", " ") for line in lines]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("date_from=2026-11-01&date_to=2026-11-21", "orders-all-2026-11-01-2026-11-21.csv"),
        ("date_from=2026-11-01", "orders-all-since-2026-11-01.csv"),
        ("date_to=2026-11-21", "orders-all-until-2026-11-21.csv"),
        ("date_to=2026-11-21T01:00:00Z", "orders-all-until-2026-11-20.csv"),
        ("format=xlsx&date_to=2026-11-21", "orders-all-until-2026-11-21.xlsx"),
    ],
)
def test_a_file_is_named_for_its_list_account_and_days(
    api: APIClient, account: Account, second_account: Account, query: str, name: str
) -> None:
    assert name_of(api, f"/api/orders/export?{query}") == name


@pytest.mark.parametrize(
    ("called", "part"),
    [
        ("Casa & Café: São João", "casa-cafe-sao-joao"),
        ('a"; filename="x.exe', "a-filenamexexe"),
        ("../../etc", "etc"),
        ("家", "123456789"),
        ("x" * 90, "x" * 40),
    ],
)
def test_a_file_name_is_safe_whatever_an_account_is_called(
    api: APIClient, shop: Organization, called: str, part: str
) -> None:
    account = make_account(shop, account_name=called, meli_user_id="123456789")
    query = f"account_id={account.pk}&date_to=2026-11-21"
    assert name_of(api, f"/api/orders/export?{query}") == f"orders-{part}-until-2026-11-21.csv"


# The report


REPORT = "/api/reports/export?date_from=2026-11-19&date_to=2026-11-21"


def test_the_report_has_a_row_for_every_day(api: APIClient, account: Account) -> None:
    make_order(account, date_created=NOON)
    rows = list(csv.DictReader(io.StringIO(take(api, f"{REPORT}&format=csv").decode())))
    assert [row["date"] for row in rows] == ["2026-11-21", "2026-11-20", "2026-11-19"]
    assert (rows[1]["orders"], rows[1]["gross"], rows[1]["profit"]) == ("1", "129.90", "")
    assert (rows[0]["orders"], rows[0]["gross"]) == ("0", "0.00")


def test_the_workbook_of_the_report_has_the_items_and_the_period_before_too(
    api: APIClient, account: Account
) -> None:
    order = make_order(account, date_created=NOON)
    make_order(account, date_created=NOON - timedelta(days=3), gross=Decimal("50.00"))
    book = load_workbook(io.BytesIO(take(api, f"{REPORT}&format=xlsx")))
    assert book.sheetnames == [
        "Sobre",
        "Vendas e lucro por dia",
        "Anúncios",
        "Contra o período anterior",
    ]
    days = list(book.active.iter_rows(min_row=2))
    assert (days[1][0].value, days[1][0].number_format) == (datetime(2026, 11, 20), "dd/mm/yyyy")
    items = list(book["Anúncios"].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in items] == [order.items.get().item_id]
    periods = list(book["Contra o período anterior"].iter_rows(min_row=2, values_only=True))
    assert [(row[0], row[2], row[3]) for row in periods] == [
        ("Este período", 1, 129.9),
        ("O período anterior", 1, 50),
    ]
    assert dict(book["Sobre"].iter_rows(values_only=True))["Período"] == "19/11/2026 a 21/11/2026"


def test_the_summary_of_the_report_has_its_totals(api: APIClient, account: Account) -> None:
    make_order(account, date_created=NOON)
    lines = [line.replace("\xa0", " ") for line in lines_of(take(api, f"{REPORT}&format=pdf"))]
    assert lines[lines.index("Vendas em BRL") + 1] == "1"
    assert "R$ 129,90" in lines


@pytest.mark.parametrize("file_format", ["csv", "xlsx", "pdf"])
def test_a_report_of_nothing_is_a_file_too(api: APIClient, account: Account, file_format: str) -> None:
    assert take(api, f"{REPORT}&format={file_format}")


def test_the_report_is_for_members_of_the_organization_alone(
    api: APIClient, login: Login, vera: User, carla: User, account: Account, other_account: Account
) -> None:
    make_order(account, date_created=NOON)
    assert take(login(vera), REPORT)
    assert b"129.90" not in take(login(carla), REPORT)
    assert api.get(f"{REPORT}&account_id={other_account.pk}").status_code == 404
    assert APIClient().get(REPORT).status_code == 401


def test_a_report_of_too_long_a_time_is_refused(api: APIClient, account: Account) -> None:
    answer = api.get("/api/reports/export?date_from=2020-01-01")
    assert (answer.status_code, list(answer.json())) == (400, ["date_from"])
