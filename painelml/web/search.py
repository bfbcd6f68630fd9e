"""The search of the whole panel: what somebody has in hand, an id, a number, a name, and where it is.

What looks like an id is first looked up as one, by index. Words are looked for in all rows where their parts
are indexed (painelml/trigrams.py), else in the newest of each kind, so that a search costs the same however
much is mirrored; the lists search everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from catalog.models import Item, Variation
from orders import queries as order_queries
from orders.models import Order
from painelml import trigrams
from painelml.text import fold
from questions import queries as question_queries
from questions.models import Question
from shipments import queries as shipment_queries
from shipments.models import Shipment

SHORTEST, LONGEST = 2, 100
NEWEST = 20_000
"""Rows of each kind that are searched for words no index helps to find."""
INDEX = "order_words"
"""One of the indexes for parts of words: they are made together."""
NUMBER = re.compile(r"\d{6,20}", re.ASCII)
ITEM = re.compile(r"([A-Z]{3})-?(\d{6,17})", re.ASCII)
PARCEL = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}", re.ASCII)
"""A tracking number as posts write them; others are numbers, or found as words."""


@dataclass(frozen=True)
class Kind:
    """One kind of row: how it is told by an id, and which list searches on."""

    name: str
    label: str | Promise
    icon: str
    page: str
    rows: Callable[[], QuerySet[Any]]
    exactly: Callable[[str], Q]
    """The condition for rows this id or number names."""


@dataclass(frozen=True)
class Group:
    """What was found of one kind, newest first; `has_more` says that its list would show more."""

    kind: Kind
    rows: list[Any]
    has_more: bool


def ids_in(text: str) -> str:
    """Return what was typed as Mercado Livre writes an id: `MLB123456` for `mlb-123456`, `2000123` for
    `#2000123`, `AA123456789BR` for `aa 123 456 789 br`; nothing when it does not look like one."""
    typed = re.sub(r"\s", "", text).lstrip("#").upper()
    if NUMBER.fullmatch(typed) or PARCEL.fullmatch(typed):
        return typed
    item = ITEM.fullmatch(typed)
    return "".join(item.groups()) if item else ""


def of_sku(sku: str) -> Q:
    """Return the condition for items with that SKU, or a variation with it. One query: with a subquery
    beside an OR PostgreSQL reads every item."""
    items = Variation.objects.filter(sku=sku).order_by().values_list("item_id", flat=True)
    return Q(sku=sku) | Q(pk__in=list(items))


KINDS = (
    Kind(
        "orders",
        _("Orders"),
        "shopping-bag",
        "orders:list",
        lambda: Order.objects.prefetch_related("items"),
        lambda id_: Q(meli_id=id_) | Q(pack_id=id_) | Q(shipment_id=id_) | Q(buyer_id=id_),
    ),
    Kind(
        "items",
        _("Items"),
        "package",
        "catalog:list",
        lambda: Item.objects.all(),
        lambda id_: Q(meli_id=id_) | of_sku(id_),
    ),
    Kind(
        "shipments",
        _("Shipments"),
        "truck",
        "shipments:list",
        lambda: Shipment.objects.all(),
        lambda id_: Q(meli_id=id_) | Q(tracking_number=id_),
    ),
    Kind(
        "questions",
        _("Questions"),
        "message-circle-question-mark",
        "questions:list",
        lambda: Question.objects.all(),
        lambda id_: Q(meli_id=id_) | Q(item_id=id_),
    ),
)


WITHOUT_PEOPLE: dict[str, Callable[[str], Q]] = {
    "orders": order_queries.searched_without_people,
    "shipments": shipment_queries.searched_without_people,
    "questions": question_queries.searched_without_people,
}
"""What viewers find rows by, where some of what they hold is masked for them."""


def newest_searched(text: str) -> int | None:
    """Return how many rows of each kind are searched for these words; None for all of them."""
    is_whole = len(fold(text)) >= trigrams.SHORTEST and trigrams.is_indexed(INDEX)
    return None if is_whole else NEWEST


def search(
    accounts: list[Account],
    text: str,
    limit: int,
    newest: int | None = NEWEST,
    *,
    sees_people: bool = True,
) -> list[Group]:
    """Return what the accounts hold that `text` names, or what of the `newest` rows (None: of all) contains
    it; at most `limit` rows of each kind. Whoever is not told who buyers are finds nothing by it either.

    When something has the id that was typed, only such rows are returned. Two queries for each kind at most,
    and one for the lines of orders.
    """
    text = text.strip()[:LONGEST]
    if len(text) < SHORTEST:
        return []
    id_ = ids_in(text)
    exact = groups(accounts, limit, lambda kind: kind.exactly(id_)) if id_ else []
    if exact:
        return exact

    def condition(kind: Kind) -> Q:
        found = containing(kind, accounts, text, newest)
        allowed = None if sees_people else WITHOUT_PEOPLE.get(kind.name)
        return found & allowed(text) if allowed else found

    return groups(accounts, limit, condition)


def containing(kind: Kind, accounts: Iterable[Account], text: str, newest: int | None) -> Q:
    """Return the condition for rows, of all or the newest, that contain the text or have that SKU."""
    if newest is None:
        return Q(search_text__contains=fold(text))  # an item's SKUs are part of it
    of_accounts = kind.rows().model.objects.filter(account__in=accounts)
    searched = of_accounts.order_by("-date_created", "-pk").values("pk")[:newest]
    found = Q(pk__in=searched, search_text__contains=fold(text))
    return found | of_sku(text) if kind.name == "items" else found


def groups(accounts: list[Account], limit: int, condition: Callable[[Kind], Q]) -> list[Group]:
    """Return the kinds of which something passes the condition."""
    found = []
    for kind in KINDS:
        rows = kind.rows().filter(condition(kind), account__in=accounts).select_related("account")
        rows = rows.defer("payload", "parts", "search_text").order_by("-date_created", "-pk")
        first: list[Model] = list(rows[: limit + 1])
        if first:
            found.append(Group(kind, first[:limit], len(first) > limit))
    return found
