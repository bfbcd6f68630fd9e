"""The words of the interface keep to docs/glossary.md."""

import re
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils import translation

from painelml.package_words import REPLACED
from painelml.translations import untranslated

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


def test_a_plural_has_the_forms_of_its_language_or_is_not_translated(tmp_path: Path) -> None:
    forms = polib.POFile()
    forms.metadata = {"Plural-Forms": "nplurals=3; plural=n == 1 ? 0 : n != 0 && n % 1000000 == 0 ? 1 : 2;"}
    for said in (["un día", "días"], ["un día", "días", "días"], ["un día", "días", "días", "días"]):
        plural = dict(enumerate(said))
        forms.append(polib.POEntry(msgid=f"{len(said)} forms", msgid_plural="days", msgstr_plural=plural))
    (tmp_path / "es/LC_MESSAGES").mkdir(parents=True)
    forms.save(str(tmp_path / "es/LC_MESSAGES/django.po"))

    assert untranslated(tmp_path) == {"es": ["2 forms", "4 forms"]}
    assert untranslated() == {}
