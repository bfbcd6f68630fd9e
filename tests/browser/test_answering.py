"""Answering all day: by keyboard, together, and without losing a word."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from painelml.sandbox import Sandbox
from painelml.sync.engine import apply
from questions.models import PanelAnswer, Question, QuickReply
from tests.api.conftest import SELLER
from tests.browser.conftest import Shop, Trouble, Visit, session_of
from tests.browser.test_pages import scrolls_sideways, violations
from tests.browser.test_states import log_in_again
from tests.factories import make_account, make_question

expect.set_options(timeout=15_000)
WAITING = "/questions/?status=UNANSWERED"


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A Mercado Livre of one's own."""
    with Sandbox(port=0, seed=7, orders=10, items=10, questions=40) as sandbox:
        monkeypatch.setattr(settings, "MELI_API_URL", sandbox.url)
        yield sandbox


@pytest.fixture
def asked(shop: Shop, box: Sandbox) -> list[Question]:
    """Two questions of Mercado Livre that wait, the one due first ahead; nothing else does."""
    tokens = box.grant(SELLER)
    seller = make_account(
        shop.organization,
        meli_user_id=str(SELLER),
        access_token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
    )
    waiting = [one for one in box.world.questions_of[SELLER] if one.status == "UNANSWERED"][:2]
    for one in waiting:
        box.world.items[one.item_id].status = "active"
    apply(seller, "questions", [str(one.id) for one in waiting])
    Question.objects.exclude(account=seller).update(status="CLOSED_UNANSWERED", due_at=None)
    return list(Question.objects.filter(account=seller).order_by("due_at", "pk"))


def test_the_whole_way_by_keyboard(visit: Visit, shop: Shop, box: Sandbox, asked: list[Question]) -> None:
    first, second = asked
    page = visit(WAITING)
    page.keyboard.press("j")
    expect(page.locator(f"#question-{first.meli_id}")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator(f"#question-{second.meli_id}")).to_be_visible()
    page.keyboard.press("k")
    expect(page.locator(f"#question-{first.meli_id}")).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator(f"#answer-{first.meli_id}")).to_be_focused()

    page.keyboard.type("Serve, sim!")
    page.keyboard.press("Control+Enter")

    expect(page.locator(f"#answer-{second.meli_id}")).to_be_focused()
    expect(page.get_by_text("O Mercado Livre recebeu")).to_be_visible()
    assert box.world.questions[int(first.meli_id)].answer == "Serve, sim!"
    assert PanelAnswer.objects.get().person == shop.ana


def test_a_refusal_keeps_the_text_and_a_reload_too(
    visit: Visit, trouble: Trouble, box: Sandbox, asked: list[Question]
) -> None:
    first = asked[0]
    box.world.items[first.item_id].status = "closed"
    page = visit(f"{WAITING}&question={first.meli_id}")
    field = page.locator(f"#answer-{first.meli_id}")
    field.fill("Serve, sim!")
    trouble.is_over = True  # the browser complains of a 422 by itself
    field.press("Control+Enter")

    expect(page.locator("article.question [role=alert]")).to_be_visible()
    expect(field).to_have_value("Serve, sim!")
    trouble.is_over = False

    page.reload()
    expect(field).to_have_value("Serve, sim!")
    expect(page.locator(".field-help[data-restored]")).to_be_visible()


def test_a_text_too_long_is_kept_whole_counted_and_not_sent(
    visit: Visit, box: Sandbox, asked: list[Question]
) -> None:
    first = asked[0]
    page = visit(f"{WAITING}&question={first.meli_id}")
    field = page.locator(f"#answer-{first.meli_id}")
    box.calls.clear()
    field.focus()
    page.keyboard.insert_text("😀" + "x" * 2000)
    expect(page.locator("[data-left][data-too-long]")).to_have_text("2001")

    field.press("Control+Enter")
    assert field.evaluate("(one) => one.validationMessage").startswith(
        "O Mercado Livre aceita no máximo 2.000"
    )
    assert not box.calls

    field.press("Backspace")
    field.press("Control+Enter")
    expect(page.locator("#toasts").get_by_text("O Mercado Livre recebeu")).to_be_visible()
    assert box.world.questions[int(first.meli_id)].answer == "😀" + "x" * 1999


def test_an_ended_session_gives_the_text_back_once(
    visit: Visit, shop: Shop, box: Sandbox, asked: list[Question]
) -> None:
    first = asked[0]
    address = f"{WAITING}&question={first.meli_id}"
    page = visit(address)
    field = page.locator(f"#answer-{first.meli_id}")
    field.fill("Serve, sim!")
    Session.objects.all().delete()
    field.press("Control+Enter")
    expect(page.get_by_text("Sua sessão terminou.")).to_be_visible()
    expect(field).to_have_value("Serve, sim!")
    page.get_by_role("link", name="Entrar de novo").click()
    log_in_again(page, shop.ana)

    expect(field).to_have_value("Serve, sim!")
    told = page.get_by_text("O que você tinha digitado está aqui de novo.")
    expect(told).to_have_count(1)
    expect(page.locator("[data-restored]").locator("visible=true")).to_have_count(0)
    field.press("Control+Enter")
    expect(page.locator("#toasts").get_by_text("O Mercado Livre recebeu")).to_be_visible()
    assert box.world.questions[int(first.meli_id)].answer == "Serve, sim!"

    for path in (address, f"{WAITING}&question={asked[1].meli_id}", "/questions/replies/new/"):
        page.goto(path)
        texts = page.locator("textarea").evaluate_all("(all) => all.map((one) => one.value)")
        assert "".join(texts) == ""
        expect(told).to_have_count(0)


def test_two_people_on_one_question_see_each_other(
    visit: Visit, shop: Shop, base_url: str, asked: list[Question]
) -> None:
    bruno = User.objects.get(first_name="Bruno")
    address = f"{WAITING}&question={asked[0].meli_id}"
    anas, brunos = visit(address), visit("/login/", as_nobody=True)
    brunos.context.add_cookies([session_of(bruno, base_url)])
    brunos.goto(address)
    brunos.locator("form[data-answer] textarea").fill("Estou vendo")
    anas.locator("form[data-answer] textarea").fill("Oi")

    expect(anas.get_by_text("Bruno está respondendo")).to_be_visible(timeout=25_000)
    expect(brunos.get_by_text("Ana está respondendo")).to_be_visible(timeout=25_000)


def test_a_slash_and_a_word_insert_a_quick_reply(visit: Visit, shop: Shop, asked: list[Question]) -> None:
    for word, text in (("prazo", "Chega em 2 dias."), ("preco", "Custa {preco}."), ("oi", "Olá!")):
        QuickReply.objects.create(organization=shop.organization, word=word, text=text)
    page = visit(f"{WAITING}&question={asked[0].meli_id}")
    field = page.locator(f"#answer-{asked[0].meli_id}")
    field.focus()
    page.keyboard.type("Bom dia! /pra")
    expect(page.locator(".reply-option:visible")).to_have_count(1)
    page.keyboard.press("Enter")

    expect(field).to_have_value("Bom dia! Chega em 2 dias.")
    expect(page.locator("[data-left]")).to_have_text("25")
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_a_suggestion_is_inserted_and_never_sent(
    visit: Visit, shop: Shop, box: Sandbox, asked: list[Question]
) -> None:
    Question.objects.filter(pk=asked[0].pk).update(text="Serve em fogão de indução?")
    make_question(
        shop.account,
        status="ANSWERED",
        item_id="MLB77",
        text="Funciona em indução?",
        answer_text="Funciona em indução, sim.",
        answered_at=timezone.now(),
    )
    page = visit(f"{WAITING}&question={asked[0].meli_id}")
    page.get_by_role("button", name=re.compile("^Inserir")).first.click()

    expect(page.locator(f"#answer-{asked[0].meli_id}")).to_have_value("Funciona em indução, sim.")
    assert not box.world.questions[int(asked[0].meli_id)].answer


def test_the_countdown_ticks_and_turns_red(visit: Visit, shop: Shop) -> None:
    question = make_question(shop.account, due_at=timezone.now() + timedelta(seconds=4))
    page = visit(WAITING)
    time = page.locator(f'a.ask[href$="{question.meli_id}"] time')

    expect(time).to_have_attribute("data-tone", "breached", timeout=15_000)
    expect(time).to_have_text(re.compile("^−00:"))


def test_on_a_phone_there_is_one_pane(visit: Visit, shop: Shop, asked: list[Question]) -> None:
    page = visit(WAITING, width=360)
    page.locator("a.ask").first.click()
    expect(page.locator("article.question")).to_be_visible()
    expect(page.locator("#question-list")).to_be_hidden()

    page.locator(".inbox-back").click()
    expect(page.locator("#question-list")).to_be_visible()
    expect(page.locator("article.question")).to_have_count(0)


def test_everyone_can_read_the_open_replies(visit: Visit, shop: Shop, trouble: Trouble) -> None:
    QuickReply.objects.create(
        organization=shop.organization, word="prazo", text="Chega em 2 dias, {comprador}."
    )
    question = Question.objects.filter(status="UNANSWERED").latest("date_created")
    page = visit(f"/questions/?question={question.meli_id}")
    page.get_by_role("button", name="Respostas rápidas").click()
    expect(page.locator(".reply-option:visible")).to_have_count(1)

    assert scrolls_sideways(page) == []
    assert violations(page, trouble) == []
