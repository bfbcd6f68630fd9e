"""The placeholders of quick replies: `{produto}` becomes the item's title.

Pure but for words of the reader's language. A placeholder has a name in every language of the panel and all
of them are understood, so colleagues share replies whatever language they read in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from painelml.text import fold

IN_BRACES = re.compile(r"\{\s*([^{}\n]{1,40}?)\s*\}")


class Placeholder(NamedTuple):
    """`names` by the first letters of the language; English is the key."""

    names: Mapping[str, str]
    meaning: Any

    @property
    def shown(self) -> str:
        """The placeholder as the reader writes it."""
        language = (get_language() or "en")[:2]
        return "{" + self.names.get(language, self.names["en"]) + "}"


PLACEHOLDERS = {
    names["en"]: Placeholder(names, meaning)
    for names, meaning in (
        ({"pt": "comprador", "es": "comprador", "en": "buyer"}, _("the buyer's nickname, once they bought")),
        ({"pt": "produto", "es": "producto", "en": "product"}, _("the title of the item")),
        ({"pt": "preco", "es": "precio", "en": "price"}, _("the price in force")),
        ({"pt": "estoque", "es": "existencias", "en": "stock"}, _("how many units are available")),
        ({"pt": "link", "es": "enlace", "en": "link"}, _("the item's page at Mercado Livre")),
        ({"pt": "sku", "es": "sku", "en": "sku"}, _("the item's SKU")),
        ({"pt": "loja", "es": "tienda", "en": "shop"}, _("your nickname at Mercado Livre")),
    )
}
KEYS = {fold(name): key for key, one in PLACEHOLDERS.items() for name in one.names.values()} | {
    "stock": "stock"
}


@dataclass(frozen=True)
class Filled:
    """A text with its placeholders filled; `missing` names those whose value is unknown: they still stand."""

    text: str
    missing: list[str]


def unknown_in(text: str) -> list[str]:
    """Return the names in braces that are no placeholder, each once."""
    return list(dict.fromkeys(name for name in IN_BRACES.findall(text) if fold(name) not in KEYS))


def known_in(text: str) -> list[str]:
    """Return the placeholders that still stand in a text, as they are written, each once."""
    return list(
        dict.fromkeys(match.group() for match in IN_BRACES.finditer(text) if fold(match.group(1)) in KEYS)
    )


def fill(text: str, values: Mapping[str, str | None]) -> Filled:
    """Put the values in. One that is unknown leaves its placeholder, for a person to write instead."""

    def value(match: re.Match[str]) -> str:
        found = values.get(KEYS.get(fold(match.group(1)), ""))
        return match.group() if found is None else found

    filled = IN_BRACES.sub(value, text)
    missing = [name for name in known_in(text) if values.get(KEYS[fold(name.strip("{} "))]) is None]
    return Filled(filled, missing)
