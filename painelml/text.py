"""Text as people search for it."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Return `text` in lower case and without accents, so that "Camera" finds "Câmera"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def searchable(*parts: str | None) -> str:
    """Return what a row's `search_text` holds: its searchable parts, folded, one per line."""
    return fold("\n".join(part for part in parts if part))
