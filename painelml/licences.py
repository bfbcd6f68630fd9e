"""The licences of what the panel runs on: `python -m painelml.licences docs/licences.md` writes the page.

Names come from requirements.txt, licences from what each package says of itself.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
SPELLINGS = {
    "LGPLv3": "LGPL-3.0",
    "New BSD": "BSD",
    "BSD 3-Clause OR Apache-2.0": "BSD-3-Clause OR Apache-2.0",
}
ELSEWHERE = {"async-timeout": "Apache-2.0", "colorama": "BSD-3-Clause"}
"""Of packages that only other platforms or versions of Python need: they are not here to be asked."""
IDENTIFIER = re.compile(r"(?:Apache|BSD|MIT|MPL|PSF|LGPL|ISC)(?:-[\w.-]+)?")

BEGINNING = """# Licences

What a running panel is made of beside its own code: every package of `requirements.txt`, and what it says of
its licence. `make licences` writes this page; a test compares it with the lock.

| package | licence |
| --- | --- |
"""


def locked(lock: Path) -> dict[str, str]:
    """Return the packages of a lock with their versions."""
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE))


def licence_of(package: str) -> str:
    """Return the licence by its short name, `a, b` where a package names several without saying how."""
    try:
        told = metadata(package)
    except PackageNotFoundError:
        return ELSEWHERE[package]
    return first(told, "License-Expression") or short(told) or from_classifiers(told)


def first(told: PackageMetadata, field: str) -> str:
    return next(iter(told.get_all(field) or []), "")


def short(told: PackageMetadata) -> str:
    """Return the old field if it names a licence; often it holds a whole text."""
    said = first(told, "License")
    said = SPELLINGS.get(said, said)
    words = said.replace(" OR ", " ").replace(" AND ", " ").split()
    return said if words and all(IDENTIFIER.fullmatch(word) for word in words) else ""


def from_classifiers(told: PackageMetadata) -> str:
    named = [line.rsplit(" :: ", 1)[-1] for line in told.get_all("Classifier") or []]
    return ", ".join(sorted(CLASSIFIERS[name] for name in named if name in CLASSIFIERS))


def page() -> str:
    rows = [f"| {package} | {licence_of(package)} |" for package in locked(ROOT / "requirements.txt")]
    return BEGINNING + "\n".join(rows) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
