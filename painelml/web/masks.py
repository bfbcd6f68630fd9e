"""Payloads without what they tell about people: for those who may look and have nothing to do with buyers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MASK = "•••"
PEOPLE = {"buyer", "billing_info", "payer", "receiver", "receiver_address", "sender_address", "phone"}
"""Objects about a person: nothing in them is shown but ids."""
FACTS = {
    "nickname",
    "first_name",
    "last_name",
    "email",
    "doc_number",
    "receiver_name",
    "receiver_phone",
    "comment",
    "comments",
    "card_id",
    "payer_id",
    "authorization_code",
}


def masked(value: Any, *, is_person: bool = False) -> Any:
    """Return a payload whose facts about people are dots; its shape and everything else stay."""
    if isinstance(value, Mapping):
        return {
            key: inner
            if is_person and key == "id" and not isinstance(inner, (Mapping, list))
            else masked(inner, is_person=is_person or key in PEOPLE or key in FACTS)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [masked(inner, is_person=is_person) for inner in value]
    return MASK if is_person and value not in (None, "") else value
