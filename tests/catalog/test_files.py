"""Prices and stock as a sheet that goes out and comes back."""

import io
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.utils import translation
from openpyxl import load_workbook

from accounts.models import Account, Organization, User
from catalog.files import LISTING, preview_file, read_file
from catalog.forms import ItemFilterForm
from catalog.models import LineState
from painelml.web.exports import MACHINE, PERSON, Export, pieces_of
from painelml.web.uploads import UnreadableFile
from tests.factories import make_item

pytestmark = pytest.mark.django_db

D = Decimal


@pytest.fixture(autouse=True)
def _portuguese() -> Iterator[None]:
    with translation.override("pt-br"):
        yield


def sheet(shop: Organization, format: str) -> bytes:
    form = ItemFilterForm(QueryDict(""), organization=shop)
    reader = PERSON if format == "csv" else MACHINE
    return b"".join(pieces_of(Export(LISTING, shop, form, format, reader)))


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_sheet_brought_back_untouched_changes_nothing(
    shop: Organization, account: Account, format: str
) -> None:
    make_item(account, price=D("1234.50"), sku="0123")
    make_item(account, variations=2, status="paused")
    make_item(account, price=None, available_quantity=None)
    make_item(account, title="=1+1", logistic_type="fulfillment", status="under_review")
    found = read_file(shop, sheet(shop, format))
    assert (found.wanted, [row.error for row in found.wrong], found.same) == ({}, [], 4)


def test_a_price_changed_in_the_sheet_is_the_only_change(
    shop: Organization, ana: User, account: Account
) -> None:
    make_item(account)
    item = make_item(account, price=D("129.90"), variations=2)
    book = load_workbook(io.BytesIO(sheet(shop, "xlsx")))
    table = book.active
    titles = [cell.value for cell in table[1]]
    for row in table.iter_rows(min_row=2):
        if row[titles.index("Anúncio")].value == item.meli_id:
            row[titles.index("Preço")].value = 99.9
    saved = io.BytesIO()
    book.save(saved)
    change = preview_file(shop, ana, saved.getvalue())
    (line,) = change.lines.all()
    assert (line.item, line.old, line.new) == (item, {"price": D("129.90")}, {"price": D("99.90")})


def test_rows_name_items_by_id_or_by_sku(shop: Organization, account: Account) -> None:
    first = make_item(account, sku="A-1")
    second = make_item(account, sku="B", variations=1)
    choice = second.variations.get()
    content = f"sku;preço;disponível;situação\nA-1;1.500,00;;Pausado\n{choice.sku};;3;\n".encode()
    found = read_file(shop, content)
    assert found.wanted == {
        first.pk: {"price": D(1500), "status": "paused"},
        second.pk: {f"units:{choice.meli_id}": 3},
    }


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("MLB1,10,", "Esse anúncio não existe."),
        ("{id},dez,", "O preço precisa ser um valor como 12,50."),
        ("{id},,-1", "O estoque precisa ser um número inteiro até 99.999."),
        ("{id},,100000", "O estoque precisa ser um número inteiro até 99.999."),
        (",10,", "A linha não diz qual é o anúncio."),
        ("{id},10,\n{id},11,", "Outra linha deste anúncio diz outra coisa."),
    ],
)
def test_what_is_wrong_with_a_row_is_said(shop: Organization, account: Account, row: str, said: str) -> None:
    item = make_item(account)
    content = "id,price,available_quantity\n" + row.format(id=item.meli_id)
    (wrong,) = read_file(shop, content.encode()).wrong
    assert wrong.error == said


def test_a_sku_of_several_items_names_none_of_them(shop: Organization, account: Account) -> None:
    for _ in range(2):
        make_item(account, sku="TWICE")
    found = read_file(shop, b"sku,price\nTWICE,10")
    assert not found.wanted
    assert len(found.wrong) == 1


def test_what_a_listing_does_not_allow_is_left_out_of_the_preview(
    shop: Organization, ana: User, account: Account
) -> None:
    full = make_item(account, logistic_type="fulfillment")
    change = preview_file(shop, ana, f"id,stock\n{full.meli_id},3".encode())
    assert change.lines.get().state == LineState.BARRED


def test_items_of_another_organization_are_not_known(
    shop: Organization, account: Account, other_account: Account
) -> None:
    theirs = make_item(other_account)
    found = read_file(shop, f"id,price\n{theirs.meli_id},1".encode())
    assert not found.wanted
    assert len(found.wrong) == 1


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01", b"name,amount\na,1", b"id,title\nMLB1,x", b"PK\x03\x04"]
)
def test_a_file_that_is_no_such_table_is_refused(shop: Organization, content: bytes) -> None:
    with pytest.raises(UnreadableFile):
        read_file(shop, content)
