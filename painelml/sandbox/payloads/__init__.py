"""Records as Mercado Livre would spell them. Each function returns a fresh JSON-ready dict; none knows about
HTTP.
"""

from typing import Any


def money(cents: int) -> int | float:
    """An amount as a JSON number: two decimals at most, and now and then a whole number without a point.

    A cent amount divided by 100 prints as its shortest decimal, so nothing is lost on the wire.
    """
    return cents // 100 if cents % 300 == 0 else cents / 100


def is_one_in(n: int, number: int, salt: int = 0) -> bool:
    """True for one in `n` ids, always the same ones: how quirks are spread over the data."""
    return (number * 2654435761 + salt * 40503) // 64 % n == 0


def without(payload: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in payload.items() if key not in names}
