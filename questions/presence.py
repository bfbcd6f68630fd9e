"""Who else has a question open right now. No lock: people see each other and decide themselves.

Kept in the cache for a few heartbeats; without the cache nobody is seen, and nothing else changes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.cache import cache

from accounts.models import User

from .models import Question

log = logging.getLogger(__name__)

EXPIRES_S = 25
"""Two heartbeats of static/js/answers.js and a little."""


@dataclass(frozen=True)
class Colleague:
    """Somebody else at a question: `is_answering` once they typed something."""

    name: str
    is_answering: bool


def _key(question: Question, person: User) -> str:
    return f"question-open:{question.pk}:{person.pk}"


def arrive(question: Question, person: User, *, is_answering: bool) -> None:
    """Say that `person` has the question open, until the next heartbeat is overdue."""
    try:
        cache.set(_key(question, person), is_answering, EXPIRES_S)
    except Exception as error:
        log.warning("Who answers cannot be told: %s", type(error).__name__)


def leave(question: Question, person: User) -> None:
    try:
        cache.delete(_key(question, person))
    except Exception as error:
        log.warning("Who answers cannot be told: %s", type(error).__name__)


def colleagues(question: Question, members: Iterable[User], me: User) -> list[Colleague]:
    """Return which other members have the question open, by name."""
    others = {_key(question, person): person for person in members if person != me}
    try:
        found = cache.get_many(others)
    except Exception as error:
        log.warning("Who answers cannot be told: %s", type(error).__name__)
        return []
    here = [Colleague(str(others[key]), is_answering) for key, is_answering in found.items()]
    return sorted(here, key=lambda colleague: (not colleague.is_answering, colleague.name))
