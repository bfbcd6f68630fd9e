"""Viewers never learn who a buyer is: on no page, in no answer and in no file, whichever there are."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator

import pytest
from django.urls import reverse

from accounts.models import Membership, Role
from painelml.exports import making
from painelml.exports.models import ExportFile, FilePiece
from painelml.text import searchable
from painelml.web import masks
from tests.sweep.addresses import addresses
from tests.sweep.conftest import Visitor, browser_of, program_of
from tests.sweep.world import World, content_of

pytestmark = pytest.mark.ignore_template_errors  # what allauth leaves out is its own

NICKNAME = "VASCONCELOSJOAQUINA"
NAME = "Joaquina Vasconcelos"
DOCUMENT, DIGITS = "529.982.247-25", "52998224725"
PHONE = "11 98765-4321"
STREET = "Rua das Palmeiras Imperiais"
MAIL = "jv77@example.org"
ABOUT_HER = (NICKNAME, NAME, DOCUMENT, DIGITS, PHONE, STREET, MAIL)

PERSON = {
    "id": 555000111,
    "nickname": NICKNAME,
    "first_name": NAME.split()[0],
    "last_name": NAME,
    "email": MAIL,
    "phone": {"area_code": "11", "number": PHONE},
    "billing_info": {"id": "66600011122", "doc_type": "CPF", "doc_number": DIGITS},
}
ADDRESS = {
    "address_line": f"{STREET} 77",
    "street_name": STREET,
    "receiver_name": NAME,
    "receiver_phone": PHONE,
    "comment": f"Portaria, {NAME}",
    "city": {"id": "BR-SP-44", "name": "Campinas"},
    "state": {"id": "BR-SP", "name": "São Paulo"},
}
LISTS = ("orders", "shipments", "questions", "items", "reports", "report-breakdowns")


@pytest.fixture
def shop(ours: World) -> World:
    """Ana's shop, whose only buyer is known by all that Mercado Livre ever tells."""
    order, shipment, question = ours.order, ours.shipment, ours.question
    line = order.items.get()
    order.buyer_nickname = NICKNAME
    order.payload = {
        "id": order.meli_id,
        "buyer": PERSON,
        "payments": [{"id": 1, "payer": {"id": 1, "identification": {"number": DOCUMENT}}, "card_id": 4}],
        "shipping": {"id": order.shipment_id, "receiver_address": ADDRESS},
    }
    order.parts = {"detail": "2026-11-20", "note": {"buyer": {"nickname": NICKNAME}}}
    order.search_text = searchable(order.meli_id, NICKNAME, line.title, line.sku)
    shipment.meli_id, shipment.receiver_name = order.shipment_id, NAME
    shipment.payload = {"destination": {"receiver_name": NAME, "shipping_address": ADDRESS}}
    shipment.search_text = searchable(shipment.meli_id, NAME, shipment.receiver_city)
    question.text = f"Serve? Meu CPF é {DOCUMENT}, fone {PHONE}, {MAIL}"
    question.from_id = order.buyer_id
    question.payload = {"from": PERSON}
    question.search_text = searchable(question.meli_id, question.text)
    for row in (order, shipment, question):
        row.save()
    return ours


def paths(world: World) -> Iterator[str]:
    """Yield every address that can be read, and the ones of lists as people use them."""
    for address in addresses():
        if not address.is_admin and "logout" not in address.text:
            yield address.of(world)
    question = world.question.meli_id
    yield from (
        f"/questions/?question={question}",
        f"/search/?q={world.order.meli_id}",
        f"/search/?q={world.shipment.meli_id}",
        f"/search/?q={question}",
    )
    for name in LISTS:
        yield from (f"/api/{name}/export?format={kind}" for kind in ("csv", "xlsx", "pdf"))
        yield f"/api/{name}/export?format=csv&reader=person"


def read(visitor: Visitor, path: str) -> str:
    """Return all an answer says, what is packed in a workbook too."""
    answer = visitor.send("GET", path)
    assert answer.status_code != 500, path
    if not answer.get("Content-Type", "").startswith("application/vnd"):
        return content_of(answer)
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as book:
        return "".join(book.read(part).decode() for part in book.namelist() if part.endswith(".xml"))


def told(visitor: Visitor, paths: Iterable[str]) -> dict[str, list[str]]:
    """Return what each address tells about her."""
    found = {path: read(visitor, path) for path in paths}
    return {path: said for path, text in found.items() if (said := [one for one in ABOUT_HER if one in text])}


def test_no_address_tells_a_viewer_who_a_buyer_is(shop: World) -> None:
    viewer = shop.members[Role.VIEWER]
    everywhere = list(paths(shop))
    assert told(browser_of(viewer), everywhere) == {}
    assert told(program_of(viewer), (path for path in everywhere if path.startswith("/api/"))) == {}


def test_operators_are_told_all_of_it(shop: World) -> None:
    """So what the other test looks for is there to be found."""
    order, shipment, question = (one.meli_id for one in (shop.order, shop.shipment, shop.question))
    telling = [
        "/orders/", f"/orders/{order}/", f"/shipments/{shipment}/", "/questions/", f"/search/?q={order}",
        "/api/orders", f"/api/orders/{order}", "/api/questions", f"/api/questions/{question}",
        "/api/orders/export?format=csv", "/api/orders/export?format=xlsx",
    ]  # fmt: skip
    assert set(telling) <= set(paths(shop))
    operator = shop.members[Role.OPERATOR]
    found = told(browser_of(operator), telling)
    assert set(found) == set(telling)
    assert {one for said in found.values() for one in said} == set(ABOUT_HER)
    assert "/api/orders" in told(program_of(operator), ["/api/orders"])


def test_viewers_read_how_a_name_begins_and_where_a_parcel_goes(shop: World) -> None:
    viewer = browser_of(shop.members[Role.VIEWER])
    assert f"VA{masks.MASK}" in read(viewer, "/orders/")
    shipment = read(viewer, f"/shipments/{shop.shipment.meli_id}/")
    assert "J. V." in shipment
    assert "Campinas" in shipment
    payload = read(viewer, f"/orders/{shop.order.meli_id}/")
    assert "Campinas" in payload
    assert f"Serve? Meu CPF é {masks.MASK}" in read(viewer, "/api/questions")


@pytest.mark.parametrize(
    ("name", "q"),
    [
        ("orders", NICKNAME), ("orders", "vasconcelos"), ("shipments", NAME), ("shipments", "joaquina"),
        ("questions", DOCUMENT[:9]), ("questions", "98765-4321"), ("questions", MAIL),
    ],
)  # fmt: skip
def test_trying_a_name_finds_nothing(shop: World, name: str, q: str) -> None:
    viewer, operator = shop.members[Role.VIEWER], shop.members[Role.OPERATOR]
    found = {
        person: program_of(person).send("GET", f"/api/{name}", query={"q": q}).json()["results"]
        for person in (viewer, operator)
    }
    assert (len(found[viewer]), len(found[operator])) == (0, 1)
    page = browser_of(viewer).send("GET", "/search/", query={"q": q}).content.decode()
    assert not any(row.meli_id in page for row in (shop.order, shop.shipment, shop.question))


def test_viewers_find_rows_by_what_they_may_see(shop: World) -> None:
    viewer = program_of(shop.members[Role.VIEWER])
    line = shop.order.items.get()
    tried = {
        "orders": [shop.order.meli_id, shop.order.pack_id, line.title[:8], line.sku, line.item_id],
        "shipments": [shop.shipment.meli_id, shop.shipment.tracking_number, "campinas"],
        "questions": [shop.question.meli_id, "serve"],
    }
    lost = [
        (name, q)
        for name, ways in tried.items()
        for q in ways
        if not viewer.send("GET", f"/api/{name}", query={"q": q}).json()["results"]
    ]
    assert lost == []


def make_file(world: World, role: str) -> ExportFile:
    """Let a worker make the list of orders for somebody of that role."""
    file = ExportFile.objects.create(
        organization=world.organization, user=world.members[Role(role)], listing="orders", format="csv"
    )
    assert making.make_next()
    return file


def text_of(file: ExportFile) -> str:
    return b"".join(FilePiece.objects.filter(file=file).values_list("content", flat=True)).decode()


def test_a_file_made_later_holds_what_its_person_may_see(shop: World) -> None:
    ExportFile.objects.all().delete()
    assert NICKNAME in text_of(make_file(shop, Role.OPERATOR))
    assert NICKNAME not in text_of(make_file(shop, Role.VIEWER))
    file = make_file(shop, Role.OPERATOR)
    Membership.objects.filter(user=shop.members[Role.OPERATOR]).delete()
    ExportFile.objects.filter(pk=file.pk).update(state="queued")
    assert making.make_next()
    assert NICKNAME not in text_of(file), "whoever left is told nothing any more"


def test_viewers_take_no_file_of_others_that_tells_of_buyers(shop: World) -> None:
    ExportFile.objects.all().delete()
    theirs, own = make_file(shop, Role.OPERATOR), make_file(shop, Role.VIEWER)
    items = ExportFile.objects.create(
        organization=shop.organization, user=shop.person, listing="items", format="csv"
    )
    assert making.make_next()
    viewer, operator = (browser_of(shop.members[role]) for role in (Role.VIEWER, Role.OPERATOR))

    def status(visitor: Visitor, file: ExportFile) -> int:
        return int(visitor.send("GET", reverse("export-file", args=[file.pk])).status_code)

    assert [status(viewer, file) for file in (theirs, own, items)] == [404, 200, 200]
    assert [status(operator, file) for file in (theirs, own, items)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ligue 11 98765-4321", f"ligue {masks.MASK}"),
        ("CNPJ 12.345.678/0001-95 ok", f"CNPJ {masks.MASK} ok"),
        ("ana@loja.com.br ou @anaprado", f"{masks.MASK} ou {masks.MASK}"),
        ("serve no modelo 2019-2024, 110/220 V, R$ 1.299,90?", None),
        ("", None),
    ],
)
def test_contact_data_leaves_what_buyers_wrote(text: str, shown: str | None) -> None:
    assert masks.words(text) == (text if shown is None else shown)


@pytest.mark.parametrize(
    ("nickname", "shown"), [("COMPRADORA", "CO•••"), ("ANAB", "A•••"), ("JO", "•••"), ("", "")]
)
def test_of_a_nickname_the_beginning_stays(nickname: str, shown: str) -> None:
    assert masks.nickname(nickname) == shown


@pytest.mark.parametrize(("name", "shown"), [("Joana de Prado", "J. D. P."), ("–", ""), ("", "")])
def test_of_a_name_the_initials_stay(name: str, shown: str) -> None:
    assert masks.name(name) == shown
