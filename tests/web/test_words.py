"""The words of the interface keep to docs/glossary.md."""

import re
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils import translation

from painelml.package_words import REPLACED

CATALOGS = {"pt-br": "pt_BR", "es": "es"}
USTED = re.compile(
    r"\b(usted|elija|ingrese|escriba|conecte|intente|indique|comience|pida|abra|regístrese|conéctela|revise)\b",
    re.IGNORECASE,
)


def catalog(language: str) -> polib.POFile:
    folder = Path(settings.BASE_DIR, "locale", CATALOGS[language])
    return polib.pofile(str(folder / "LC_MESSAGES" / "django.po"))


def said(language: str) -> list[str]:
    return [
        text for entry in catalog(language) for text in (entry.msgstr, *entry.msgstr_plural.values()) if text
    ]


@pytest.mark.parametrize("language", CATALOGS)
def test_what_packages_say_is_said_in_our_words(language: str) -> None:
    ours = {entry.msgid: entry.msgstr for entry in catalog(language)}

    with translation.override(language):
        assert {one: translation.gettext(one) for one in REPLACED} == {one: ours.get(one) for one in REPLACED}


def test_spanish_says_tu_and_mercado_libre() -> None:
    assert [text for text in said("es") if USTED.search(text) or "Mercado Livre" in text] == []


def test_an_address_of_mail_has_one_spelling_in_each_language() -> None:
    assert [text for text in said("pt-br") if re.search(r"\b[Ee]mails?\b(?!\)s|\})", strip(text))] == []
    assert [text for text in said("es") if re.search(r"\b[Ee]-?mails?\b", strip(text))] == []


def strip(text: str) -> str:
    """Leave out names of variables and of fields, which are no words."""
    return re.sub(r"%\(\w+\)s|\{\w+\}|<code>.*?</code>", "", text)
