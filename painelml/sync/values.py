"""Values of payloads as columns take them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from painelml.meli import parse_int, parse_money

MOST_MONEY = Decimal(10) ** 12


def storable(words: str) -> str:
    """Return text as both databases take it: without null characters and halves of emoji."""
    return words.replace("\x00", "").encode("utf-8", "replace").decode()


def text(value: Any, longest: int | None = None) -> str:
    """Return `value` as a column holds it: nothing is "", too long is cut (the payload keeps the whole)."""
    cleaned = "" if value is None or isinstance(value, dict | list) else storable(str(value))
    return cleaned[:longest] if longest else cleaned


def web_address(value: Any, longest: int | None = None) -> str:
    """Return an address that a page may lead to or draw; what is none of the web (`javascript:`) is ""."""
    address = text(value)
    is_whole = longest is None or len(address) <= longest
    return address if is_whole and address.lower().startswith(("https://", "http://")) else ""


def as_money(value: Any) -> Decimal | None:
    """Return money as our columns hold it; what is none, or larger than any sale, is unknown."""
    money = parse_money(value)
    return money if money is not None and abs(money) < MOST_MONEY else None


def as_count(value: Any, most: int = 2_147_483_647) -> int | None:
    """Return a number of things, none being fewer than nothing or more than a column holds."""
    number = parse_int(value)
    return None if number is None else max(0, min(number, most))


def inner(payload: Any, *path: str) -> Any:
    """Return the value at `path`, None as soon as something on the way is missing or of another shape."""
    for key in path:
        if not isinstance(payload, Mapping):
            return None
        payload = payload.get(key)
    return payload


def dicts(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list; [] for anything else."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def words(value: Any) -> list[str]:
    """Return the strings of a list; [] for anything else."""
    return [text(one) for one in value if isinstance(one, str)] if isinstance(value, list) else []
