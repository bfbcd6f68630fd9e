"""Buyers without what tells who they are: for viewers, who look at figures and not at people.

Operators and above see buyers as Mercado Livre tells them (`accounts.access.sees_people`). Whatever leaves
the panel for a viewer passes through here: pages by the filters of painelml/templatetags/painel.py, the API
by its serializers, files by `Column.masks`, payloads by `masked`. Cities and states stay: figures need them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from questions.contact import phones

MASK = "•••"
SHOWN = 2
"""Letters of a nickname that stay: enough to tell two rows apart."""
LONGEST_NUMBER = 6
"""From so many digits on a number in a search may be somebody's document or telephone."""

PEOPLE = {
    "billing_info", "buyer", "card", "cardholder", "destination", "from", "identification", "origin", "payer",
    "phone", "receiver", "receiver_address", "sender_address", "shipping_address",
}  # fmt: skip
"""Objects about a person: nothing in them is shown but ids and places."""
PLACES = {"city", "state", "country"}
FACTS = {
    "address_line", "alternative_phone", "authorization_code", "card_id", "comment", "comments", "doc_number",
    "doc_type", "email", "first_name", "intersection", "last_name", "latitude", "longitude", "neighborhood",
    "nickname", "payer_id", "receiver_name", "receiver_phone", "street_name", "street_number", "text",
    "zip_code",
}  # fmt: skip
"""Values about a person wherever they are."""

DOCUMENT = re.compile(
    r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b|\b\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}\b|\b\d{11}\b|\b\d{14}\b"
)
EMAIL = re.compile(r"[\w.+-]{1,64}\s?@\s?[\w-]{1,63}(?:\.[\w-]{1,63})+")
HANDLE = re.compile(r"(?<![\w@.])@[A-Za-z][\w.]{3,60}")


def nickname(text: str) -> str:
    """Return how a nickname begins: `CO•••` for `COMPRADORA`; of a short one less."""
    return f"{text[: min(SHOWN, len(text) // 3)]}{MASK}" if text else text


def name(text: str) -> str:
    """Return the initials of a name: `J. P.` for `Joana Prado`."""
    return " ".join(f"{word[0].upper()}." for word in text.split() if word[0].isalnum())


def words(text: str) -> str:
    """Return what a buyer wrote without telephones, documents and addresses of mail. Questions are public on
    the listing, so the rest stays."""
    for pattern in (EMAIL, HANDLE, DOCUMENT):
        text = pattern.sub(MASK, text)
    for number in phones(text):
        text = text.replace(number, MASK)
    return text


def may_be_of_somebody(q: str) -> bool:
    """Say whether somebody searches for what could be a document, a telephone or an address of mail: for
    viewers it is then looked up as an id alone."""
    return "@" in q or sum(letter.isdigit() for letter in q) >= LONGEST_NUMBER


def masked(value: Any, *, is_person: bool = False) -> Any:
    """Return a payload whose facts about people are dots; its shape and everything else stay."""
    if isinstance(value, Mapping):
        return {
            key: inner
            if is_person and (key in PLACES or (key == "id" and not isinstance(inner, (Mapping, list))))
            else masked(inner, is_person=is_person or key in PEOPLE or key in FACTS)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [masked(inner, is_person=is_person) for inner in value]
    return MASK if is_person and value not in (None, "") else value
