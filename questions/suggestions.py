"""What the seller answered before to the same or a similar question. Nothing leaves the machine.

PostgreSQL ranks with its own full-text search (Portuguese for Brazil, Spanish elsewhere); SQLite counts the
words two questions share. Both look at the newest matches only, so the cost does not grow with the years.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Case, F, FloatField, Q, Value, When

from painelml.text import fold

from .models import Question, QuestionQuerySet

CANDIDATES = 300
"""Newest matches that are ranked: a full-text rank costs some 50 microseconds a row."""
WORDS_MAX = 24
SAME_ITEM = 2.0
"""How many times more an answer on the same item counts."""
COMMON = frozenset(
    re.findall(
        r"\w+",
        """
        a ai al ao aos as bem boa bom buen buena buenas buenos com como con cual cuales cuando da das
        de del dia dias do donde dos e el ela elas ele eles em en es ese eso essa essas esse esses esta
        estao estas este estes esto eu favor foi gostaria gracias ha hay hola isso ja la las le les lo
        los mais mas me menos meu mi minha muito muy na nao nas no noches noite nos o obrigada obrigado
        oi ola onde os ou para pero pode por posso pra pro puede puedo quais qual quando que queria
        quero quiero quisiera saber sao se sem ser seu si sim sin son su sua tarde tardes te tem tenho
        ter tiene tienen tudo um uma umas un una unas unos uns usted ustedes vc vcs voce voces y ya yo
        """,
    )
)
"""Words that say nothing about a question, folded."""


@dataclass(frozen=True)
class Suggestion:
    """An earlier answer and the question it was given to."""

    question: Question
    is_same_item: bool

    @property
    def text(self) -> str:
        return self.question.answer_text


def words_of(text: str) -> list[str]:
    """Return the telling words of a text, folded, each once, at most `WORDS_MAX`."""
    words = dict.fromkeys(re.findall(r"\w{2,}", fold(text)))
    return [word for word in words if word not in COMMON][:WORDS_MAX]


def suggestions_for(question: Question, limit: int = 4) -> list[Suggestion]:
    """Return the organization's own answers that fit best, each text once. Two queries at most."""
    words = words_of(question.text)
    if not words:
        return []
    past = (
        Question.objects.of(question.account.organization)
        .answered()
        .filter(site_of(question))
        .exclude(pk=question.pk)
        .select_related("account")
        .defer("payload", "parts", "search_text")
    )
    find = by_search if connection.vendor == "postgresql" else by_shared_words
    chosen: dict[str, Suggestion] = {}
    for one in find(past, question, words):
        chosen.setdefault(fold(one.answer_text.strip()), Suggestion(one, one.item_id == question.item_id))
        if len(chosen) == limit:
            break
    return list(chosen.values())


def is_brazilian(question: Question) -> bool:
    return question.account.site_id == "MLB"


def site_of(question: Question) -> Q:
    """Return the condition for questions of the same language, as the indexes of words have it."""
    brazilian = Q(item_id__startswith="MLB")
    return brazilian if is_brazilian(question) else ~brazilian


def by_search(past: QuestionQuerySet, question: Question, words: list[str]) -> Iterable[Question]:
    """Rank with PostgreSQL's full-text search: any of the words; the item's own answers count more."""
    from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector

    config = "portuguese" if is_brazilian(question) else "spanish"
    # Words are letters and digits only, so they cannot be taken for operators.
    query = SearchQuery(" | ".join(f"'{word}'" for word in words), config=config, search_type="raw")
    vector = SearchVector("search_text", config=config)
    found = past.annotate(words=vector).filter(words=query).order_by("-answered_at", "-pk")
    candidates = found.values("pk")[:CANDIDATES]
    weight = Case(
        When(item_id=question.item_id, then=Value(SAME_ITEM)),
        default=Value(1.0),
        output_field=FloatField(),
    )
    # 1: a long question is no better for being long.
    rank = SearchRank(vector, query, normalization=Value(1)) * weight
    ranked = past.filter(pk__in=candidates).annotate(rank=rank)
    return ranked.order_by(F("rank").desc(), "-answered_at", "-pk")[:60]


def by_shared_words(past: QuestionQuerySet, question: Question, words: list[str]) -> Iterable[Question]:
    """Rank by how many of the words the two questions share, "medida" finding "medidas"."""
    stems = [stem(word) for word in words]
    any_word = Q()
    for one in stems:
        any_word |= Q(search_text__contains=one)
    found = list(past.filter(any_word).order_by("-answered_at", "-pk")[:CANDIDATES])

    def shared(one: Question) -> float:
        asked = words_of(one.text)
        count = sum(any(word.startswith(beginning) for word in asked) for beginning in stems)
        return count / (1 + len(asked)) * (SAME_ITEM if one.item_id == question.item_id else 1)

    return sorted((one for one in found if shared(one)), key=shared, reverse=True)


def stem(word: str) -> str:
    """Return the beginning that the forms of a word share, roughly."""
    return word if len(word) < 5 else word[: max(4, len(word) - 2)]
