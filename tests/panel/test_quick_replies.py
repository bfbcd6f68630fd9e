"""Quick replies: managers write them, whoever answers inserts them, filled for the question at hand."""

import re

import pytest
from django.test import Client

from accounts.models import Account, Organization, User
from questions.models import QuickReply
from tests.factories import make_item, make_order, make_question
from tests.web.pages import text_of

from .conftest import HTMX, Login


@pytest.fixture
def manager(login: Login, ana: User) -> Client:
    return login(ana)


@pytest.fixture
def reply(shop: Organization) -> QuickReply:
    return QuickReply.objects.create(organization=shop, word="prazo", text="Chega em 2 dias.")


def test_a_manager_writes_one_and_its_word_is_folded(manager: Client, shop: Organization) -> None:
    text = "Olá {comprador}!\r\n{produto} custa {preço}."
    answer = manager.post("/questions/replies/new/", {"word": "/Preço", "text": text}, follow=True)
    assert "/preco is saved." in text_of(answer)
    kept = shop.quick_replies.get()
    assert (kept.word, kept.text) == ("preco", "Olá {comprador}!\n{produto} custa {preço}.")


@pytest.mark.parametrize(
    ("word", "text", "said"),
    [
        ("preco", "Olá {comprado}!", "There is no placeholder {comprado}."),
        ("preco", "{a} e {b}", "There is no placeholder {a}, {b}."),
        ("dois termos", "Olá", "Use letters, digits and hyphens only."),
        ("prazo", "Olá", "Another quick reply has this word."),
        ("PRAZO", "Olá", "Another quick reply has this word."),
        ("preco", "", "This field is required."),
        ("preco", "x" * 2001, "Ensure this value has at most 2000 characters"),
    ],
)
def test_what_cannot_be_one_is_said_and_kept(
    manager: Client, reply: QuickReply, word: str, text: str, said: str
) -> None:
    answer = manager.post("/questions/replies/new/", {"word": word, "text": text})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert text in answer.content.decode()
    assert QuickReply.objects.count() == 1


def test_no_browser_cuts_a_pasted_text(manager: Client) -> None:
    field = re.search("<textarea[^>]*>", manager.get("/questions/replies/new/").content.decode())
    assert field
    assert "maxlength" not in field[0]


def test_one_is_changed_and_deleted(manager: Client, reply: QuickReply) -> None:
    manager.post(f"/questions/replies/{reply.pk}/", {"word": "prazo", "text": "Chega amanhã."})
    reply.refresh_from_db()
    assert reply.text == "Chega amanhã."
    answer = manager.post(f"/questions/replies/{reply.pk}/delete/", follow=True)
    assert "/prazo is deleted." in text_of(answer)
    assert not QuickReply.objects.exists()


def test_operators_read_them_and_write_none(page: Client, reply: QuickReply) -> None:
    html = page.get("/questions/replies/").content.decode()
    assert "Chega em 2 dias." in html
    assert "/delete/" not in html
    for address in ("new/", f"{reply.pk}/", f"{reply.pk}/delete/", "preview/"):
        assert page.post(f"/questions/replies/{address}", {"word": "a", "text": "b"}).status_code == 403


def test_another_organizations_are_404_and_unseen(login: Login, carla: User, reply: QuickReply) -> None:
    stranger = login(carla)
    assert "Chega em 2 dias." not in text_of(stranger.get("/questions/replies/"))
    for address in ("", "delete/"):
        sent = {"word": "a", "text": "b"}
        assert stranger.post(f"/questions/replies/{reply.pk}/{address}", sent).status_code == 404
    reply.refresh_from_db()


@pytest.mark.parametrize(("language", "shown"), [("en", "{price}"), ("pt-br", "{preco}"), ("es", "{precio}")])
def test_the_placeholders_are_listed_in_the_readers_language(ana: User, language: str, shown: str) -> None:
    page = Client(headers={"accept-language": language})
    page.force_login(ana)
    assert f"<code>{shown}</code>" in page.get("/questions/replies/").content.decode()


def test_it_is_filled_as_the_buyers_country_writes(page: Client, account: Account, reply: QuickReply) -> None:
    item = make_item(account, title="Chaleira", available_quantity=1200)
    make_order(account, buyer_id="77", buyer_nickname="JOANA")
    question = make_question(account, item_id=item.meli_id, from_id="77")
    reply.text = "{comprador}: {produto}, {precio}, {stock}, {link}"
    reply.save()

    answer = page.get(f"/questions/{question.meli_id}/replies/", headers=HTMX)
    filled = f"JOANA: Chaleira, R$ 129,90, 1.200, {item.permalink}"
    assert f"/prazo {filled} {len(filled)}/2000" in text_of(answer)


def test_what_is_unknown_stays_in_braces(page: Client, account: Account, reply: QuickReply) -> None:
    question = make_question(account, item_id="", from_id="")
    reply.text = "Olá {comprador}, {produto} e {loja}"
    reply.save()
    answer = page.get(f"/questions/{question.meli_id}/replies/", headers=HTMX)
    assert f"Olá {{comprador}}, {{produto}} e {account.nickname}" in text_of(answer)


def test_the_preview_counts_what_is_filled(manager: Client, account: Account) -> None:
    item = make_item(account, title="x" * 200)
    make_question(account, item_id=item.meli_id)
    answer = manager.post("/questions/replies/preview/", {"text": "{produto}" * 11 + "{nada}"}, headers=HTMX)
    words = text_of(answer)
    assert f"{2200 + 6}/2000" in words
    assert "Too long once it is filled." in words
    assert "There is no placeholder {nada}." in words


def test_a_question_of_another_organization_has_no_replies(page: Client, other_account: Account) -> None:
    question = make_question(other_account)
    assert page.get(f"/questions/{question.meli_id}/replies/").status_code == 404
