"""Suggestions from the seller's own past answers, by PostgreSQL's search and by words shared on SQLite."""

from typing import Any

import pytest
from django.db import connection

from accounts.models import Account, Organization
from questions.models import Question
from questions.suggestions import by_shared_words, site_of, suggestions_for, words_of
from tests.factories import NOON, make_account, make_question

pytestmark = pytest.mark.django_db


def past(account: Account, text: str, answer: str, **fields: Any) -> Question:
    values = {"item_id": "MLB2", "answered_at": NOON, **fields}
    return make_question(account, status="ANSWERED", text=text, answer_text=answer, **values)


def ask(account: Account, text: str, **fields: Any) -> Question:
    return make_question(account, text=text, **{"item_id": "MLB1", **fields})


def answers(question: Question) -> list[str]:
    return [one.text for one in suggestions_for(question)]


def test_a_similar_question_brings_its_answer(account: Account) -> None:
    past(account, "Funciona no fogão de indução?", "Funciona em indução.")
    past(account, "Emite nota fiscal?", "Emitimos.")
    assert answers(ask(account, "Olá, boa tarde! Serve para fogao de inducao?")) == ["Funciona em indução."]


def test_forms_of_a_word_find_each_other(account: Account) -> None:
    past(account, "Quais são as medidas da caixa?", "30 x 20 x 10 cm.")
    assert answers(ask(account, "qual a medida das caixas")) == ["30 x 20 x 10 cm."]


def test_spanish_accounts_are_searched_in_spanish(shop: Organization) -> None:
    account = make_account(shop, site_id="MLM")
    past(account, "¿Cuáles son las medidas del producto?", "30 x 20 cm.", item_id="MLM2")
    assert answers(ask(account, "medida de los productos?", item_id="MLM1")) == ["30 x 20 cm."]


def test_an_answer_on_the_same_item_comes_first(account: Account) -> None:
    past(account, "Tem garantia de fábrica?", "De outro: 3 meses.")
    past(account, "Tem garantia de fábrica?", "Deste: 12 meses.", item_id="MLB1")
    past(account, "Tem garantia de fábrica?", "De mais um: 6 meses.", item_id="MLB3")
    question = ask(account, "Qual a garantia de fábrica?")
    assert answers(question)[0] == "Deste: 12 meses."
    assert [one.is_same_item for one in suggestions_for(question)] == [True, False, False]


def test_more_words_shared_rank_higher(account: Account) -> None:
    past(account, "Qual a garantia?", "12 meses.")
    past(account, "A bateria tem garantia se queimar?", "A bateria tem 3 meses.")
    assert answers(ask(account, "garantia da bateria"))[0] == "A bateria tem 3 meses."


def test_each_text_is_suggested_once(account: Account) -> None:
    for _ in range(5):
        past(account, "Emite nota fiscal?", "Sim, sempre.")
    assert answers(ask(account, "Vocês emitem nota?")) == ["Sim, sempre."]


def test_only_this_organizations_answers_and_only_readable_ones(
    account: Account, other_account: Account
) -> None:
    past(other_account, "Emite nota fiscal?", "Segredo.")
    past(account, "Emite nota fiscal?", "")
    make_question(account, text="Emite nota fiscal?", item_id="MLB2")
    assert answers(ask(account, "Emite nota fiscal?")) == []


def test_the_other_accounts_of_the_organization_help_too(shop: Organization, account: Account) -> None:
    past(make_account(shop), "Emite nota fiscal?", "Sim.")
    assert answers(ask(account, "Emite nota?")) == ["Sim."]


@pytest.mark.parametrize("text", ["", "???", "Olá, bom dia", "' | ! & <-> :*", "a\\b 'c'"])
def test_a_text_without_telling_words_suggests_nothing_and_breaks_nothing(
    account: Account, text: str
) -> None:
    past(account, "Emite nota fiscal?", "Sim.")
    assert answers(ask(account, text)) == []


def test_the_plain_fallback_finds_the_same(account: Account) -> None:
    wanted = past(account, "Funciona no fogão de indução?", "Funciona.")
    past(account, "Emite nota fiscal?", "Emitimos.")
    question = ask(account, "Serve para fogao de inducao?")
    found = by_shared_words(
        Question.objects.answered().filter(site_of(question)), question, words_of(question.text)
    )
    assert list(found) == [wanted]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has the index")
def test_the_search_can_use_its_index(account: Account) -> None:
    from questions.suggestions import by_search

    question = ask(account, "Emite nota?")
    found = by_search(
        Question.objects.answered().filter(site_of(question)), question, words_of(question.text)
    )
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for name in ("question_by_buyer", "question_newest", "question_newest_of_all", "question_by_item"):
            cursor.execute(f"DROP INDEX {name}")
    assert "question_words_pt" in found.explain()
