"""Compile the translations: `python -m painelml.translations`, with `--complete` also refuse missing ones.

Django's own command needs the gettext tools, which a fresh machine does not have.
"""

import sys
from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def compile_all(folder: Path = LOCALE) -> list[Path]:
    """Write a `.mo` beside every `.po` under the folder, and return what was written."""
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        polib.pofile(str(source)).save_as_mofile(str(target))
        written.append(target)
    return written


def untranslated(folder: Path = LOCALE) -> dict[str, list[str]]:
    """Return the strings each language lacks or is unsure of: `{"es": ["Orders", ...]}`."""
    lacking = {}
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        entries = polib.pofile(str(source))
        missing = [entry.msgid for entry in (*entries.untranslated_entries(), *entries.fuzzy_entries())]
        # A form that is missing is said in the language Django falls back to; gettext refuses one too many.
        forms = int(entries.metadata["Plural-Forms"].partition("nplurals=")[2].partition(";")[0])
        missing += [one.msgid for one in entries if one.msgid_plural and len(one.msgstr_plural) != forms]
        if missing:
            lacking[source.parent.parent.name] = missing
    return lacking


if __name__ == "__main__":
    compile_all()
    if "--complete" in sys.argv and (lacking := untranslated()):
        sys.exit(f"Not translated: {lacking}")
