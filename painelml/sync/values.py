"""Values of payloads as columns take them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def text(value: Any, longest: int | None = None) -> str:
    """Return `value` as a column holds it: nothing is "", too long is cut (the payload keeps the whole)."""
    cleaned = "" if value is None or isinstance(value, dict | list) else str(value).replace("\x00", "")
    return cleaned[:longest] if longest else cleaned


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
