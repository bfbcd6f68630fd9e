"""What is installed is what the lock says: pinned, hashed, wanted, used, and under a licence we may use."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from painelml import licences
from tests import processes

ROOT = processes.ROOT
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUN = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
DEV = [Requirement(line) for line in PROJECT["dependency-groups"]["dev"]]
LOCKS = ("requirements.txt", "requirements-dev.txt")

FREE = {"Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0"}
AS_A_LIBRARY = {"LGPL-3.0", "LGPL-3.0-only"}
"""Its own source may be replaced and is not changed by us: nothing follows for the panel."""

USED_OTHERWISE = {
    "argon2-cffi": ("painelml/settings.py", "Argon2PasswordHasher"),
    "granian": ("Dockerfile", '"granian"'),
    "django-stubs": ("pyproject.toml", "mypy_django_plugin"),
    "djangorestframework-stubs": ("pyproject.toml", "mypy_drf_plugin"),
    "mypy": ("Makefile", "-m mypy"),
    "pytest-xdist": ("Makefile", "-n $(WORKERS)"),
    "ruff": ("Makefile", "-m ruff"),
    "types-requests": ("painelml/meli/wire.py", "import requests"),
    "pytest-django": ("pyproject.toml", "--fail-on-template-vars"),
}
"""Packages nobody imports: where they are used all the same."""


def blocks(lock: str) -> list[str]:
    """Return the lock cut into one piece for each package."""
    text = re.sub(r"^#.*\n", "", (ROOT / lock).read_text(), flags=re.MULTILINE)
    return [piece for piece in re.split(r"(?m)^(?=[a-zA-Z0-9])", text) if piece.strip()]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_and_hashed_and_comes_from_nowhere_in_particular(lock: str) -> None:
    pieces = blocks(lock)
    assert len(pieces) > 50
    for piece in pieces:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==[\w.!+]+( ; [^\\\n]+)? \\\n", piece), piece[:120]
        assert re.findall(r"--hash=sha256:[0-9a-f]{64}\b", piece), piece[:120]
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "--index" not in text
    assert " @ " not in text


@pytest.mark.parametrize(("lock", "wanted"), [(LOCKS[0], RUN), (LOCKS[1], [*RUN, *DEV])])
def test_lock_and_project_agree(lock: str, wanted: list[Requirement]) -> None:
    pins = licences.locked(ROOT / lock)
    for requirement in wanted:
        name = canonicalize_name(requirement.name)
        assert name in pins, f"{name} is not locked: make requirements"
        assert requirement.specifier.contains(pins[name]), (
            f"{name} {pins[name]} is not {requirement.specifier}"
        )
    # Each pin says who wants it, and that one is there, too.
    direct = {canonicalize_name(requirement.name) for requirement in wanted}
    for piece in blocks(lock):
        name = piece.split("==")[0].split("[")[0]
        asked_by = set(re.findall(r"^    #(?: via)?\s+([\w.-]+)", piece, re.MULTILINE)) - {"via", "-c"}
        assert asked_by, name
        assert ("painelml" in asked_by) == (name in direct), f"{name} is {asked_by}: make requirements"
        assert asked_by - {"painelml"} <= pins.keys(), name


def test_tests_run_on_what_production_runs_on() -> None:
    run, dev = (licences.locked(ROOT / lock) for lock in LOCKS)
    assert {name: dev.get(name) for name in run} == run
    installed = {}
    for name in dev:
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            continue  # for other platforms
    assert installed == {name: dev[name] for name in installed}, "make install"


@pytest.mark.parametrize("requirement", [*RUN, *DEV], ids=lambda requirement: requirement.name)
def test_no_dependency_lies_unused(requirement: Requirement, sources: str) -> None:
    name = canonicalize_name(requirement.name)
    if name in USED_OTHERWISE:
        file, words = USED_OTHERWISE[name]
        assert words in (ROOT / file).read_text()
        return
    modules = [
        module
        for module, packages in packages_distributions().items()
        if name in {canonicalize_name(package) for package in packages} and not module.startswith("_")
    ]
    assert any(re.search(rf"\b{re.escape(module)}\b", sources) for module in modules), modules


@pytest.fixture(scope="module")
def sources() -> str:
    """Every import of ours, and every string of the settings."""
    files = [
        path
        for folder in ("painelml", "accounts", "catalog", "orders", "questions", "shipments", "webhooks")
        for path in (ROOT / folder).rglob("*.py")
    ] + [*(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")]
    lines = re.compile(r"^\s*(?:import|from) .*$", re.MULTILINE)
    imports = [line for path in files for line in lines.findall(path.read_text())]
    return "\n".join([*imports, (ROOT / "painelml/settings.py").read_text()])


def test_the_page_of_licences_is_what_the_lock_says() -> None:
    assert (ROOT / "docs/licences.md").read_text() == licences.page(), "make licences"


def test_every_licence_lets_a_company_run_the_panel() -> None:
    for package in licences.locked(ROOT / "requirements.txt"):
        named = set(re.split(r" OR | AND |, ", licences.licence_of(package)))
        assert named <= FREE | AS_A_LIBRARY, f"{package}: {named}"
