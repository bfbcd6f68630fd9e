"""What README and docs tell people to type exists, and what they call a setting is one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandError

from painelml import env
from tests import processes
from tests.factories import make_person

ROOT = processes.ROOT
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MANAGE = re.compile(r"manage\.py ([a-z_]+)((?: (?:\"[^\"\n]*\"|[^\s`|#;&)\"]+))*)")
MAKE = re.compile(r"(?:^|`|\$ )make ([a-z-]+)", re.MULTILINE)
COMPOSE = re.compile(r"docker compose ([^`\n#]+)")
WORD = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")

NO_SETTINGS = {
    "APP_USR",
    "CONN_MAX_AGE",
    "DJANGO_SUPERUSER_EMAIL",
    "DJANGO_SUPERUSER_PASSWORD",
    "NAME_FILE",
    "POSTGRES_PASSWORD",
    "REDIS_PASSWORD",
    "SANDBOX_PORT",
}
"""Words in capitals that are something else: Django's, the containers', the Makefile's."""


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def commands() -> Iterator[tuple[str, str, list[str]]]:
    """Yield page, command and arguments of every `manage.py` in the pages."""
    for page in PAGES:
        for name, rest in MANAGE.findall(text_of(page).replace("\\\n", " ")):
            yield page.name, name, shlex.split(rest)


def test_every_command_is_one_and_knows_its_options() -> None:
    wrong, seen = [], set()
    for page, name, words in commands():
        seen.add(name)
        if name not in get_commands():
            wrong.append(f"{page}: manage.py {name}")
            continue
        app = get_commands()[name]
        command = app if isinstance(app, BaseCommand) else load_command_class(app, name)
        known = command.create_parser("manage.py", name)._option_string_actions
        options = words[: words.index("--")] if "--" in words else words
        wrong += [
            f"{page}: manage.py {name} {word}"
            for word in options
            if word.startswith("--") and word.split("=")[0] not in known
        ]
    assert wrong == []
    assert {"backup", "restore", "rotate_keys", "erase_buyer", "migrate", "serve", "dbshell"} <= seen


def test_every_chore_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    named = {name for page in PAGES for name in MAKE.findall(text_of(page))}
    assert {"demo", "test", "install", "keys"} <= named <= targets


def test_every_container_is_in_the_compose_file() -> None:
    services = yaml.safe_load(text_of(ROOT / "docker-compose.yml"))["services"]
    seen = 0
    for page in PAGES:
        for said in COMPOSE.findall(text_of(page)):
            words = said.split("&&")[0].split()
            if words[0] == "run":
                service = next(word for word in words if word in services)
                after = words[words.index(service) + 1 :]
                assert not after or after[0] in ("python", "..."), said
            elif words[0] == "up":
                named = [word.split("=")[0] for word in words[1:] if not word.startswith("-")]
                assert set(named) <= services.keys(), said
            else:
                assert words[0] in ("build", "ps", "logs"), said
            seen += 1
    assert seen > 4


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_setting_is_one(page: Path) -> None:
    known = {name.upper() for name in env.Env.__dataclass_fields__}
    known |= {f"{name}_FILE" for name in known}
    code = " ".join(re.findall(r"`[^`]+`", text_of(page).replace("```", "`")))
    named = set(WORD.findall(code))
    constants = set(re.findall(r"^([A-Z][A-Z0-9_]+)\b", sources(), re.MULTILINE))
    assert named - known - NO_SETTINGS - constants == set()


def sources() -> str:
    """Return our code: docs point to constants in it, too."""
    folders = ("painelml", "accounts", "catalog", "orders", "questions", "shipments", "webhooks")
    return "\n".join(text_of(path) for folder in folders for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for file, place in LINK.findall(text_of(page)):
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), file
        if place:
            titles = re.findall(r"^#+ (.+)$", text_of(target), re.MULTILINE)
            assert place in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}, (
                place
            )


@pytest.mark.django_db
def test_what_is_typed_into_a_shell_works() -> None:
    """Each line of Python in the pages, run as it stands; the runbook is read at three in the morning."""
    make_person("Ana")
    lines = [words[1] for _page, name, words in commands() if name == "shell" and words[:1] == ["-c"]]
    assert len(lines) >= 3
    for line in lines:
        exec(compile(line, "docs", "exec"), {})


@pytest.mark.django_db
def test_erasing_and_rotating_as_the_pages_say_ends_in_words() -> None:
    from django.core.management import call_command

    erasing = [words for _page, name, words in commands() if name == "erase_buyer" and "1" in words]
    assert erasing
    for words in erasing:
        with pytest.raises(CommandError, match="There is no account 1"):
            call_command("erase_buyer", *words)
    call_command("rotate_keys", verbosity=0)
