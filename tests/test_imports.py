"""Imports run one way (design, section 2): what a layer may know, read from the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = {"painelml", "accounts", "catalog", "orders", "shipments", "questions", "webhooks"}
RESOURCE_APPS = {"catalog", "orders", "shipments", "questions"}

FORBIDDEN = {
    "painelml/meli": OURS - {"painelml"},
    "painelml/sandbox": OURS - {"painelml"},
    "painelml/sync": RESOURCE_APPS | {"webhooks"},
    **{f"{app}/sync.py": {"webhooks"} for app in sorted(RESOURCE_APPS)},
    **{f"{app}/models.py": {"webhooks"} for app in sorted(RESOURCE_APPS)},
    "accounts/models.py": RESOURCE_APPS | {"webhooks"},
    "accounts/tokens.py": RESOURCE_APPS | {"webhooks"},
    "accounts/client.py": RESOURCE_APPS | {"webhooks"},
    "webhooks/drain.py": RESOURCE_APPS,
    "webhooks/inbox.py": RESOURCE_APPS,
}
ALONE = {"painelml/meli": "painelml.meli", "painelml/sandbox": "painelml.sandbox"}
"""Packages that know nothing of ours but themselves."""


def files(place: str) -> list[Path]:
    path = ROOT / place
    return [path] if path.suffix else sorted(path.rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Yield the full names of the modules a file imports, wherever in it."""
    package = ".".join(path.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = (
                ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            )
            yield ".".join(part for part in (base, node.module) if part)


@pytest.mark.parametrize("place", FORBIDDEN)
def test_a_layer_imports_none_that_is_built_on_it(place: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in files(place)
        for module in imported(path)
        if module.split(".")[0] in FORBIDDEN[place]
    ]
    assert files(place)
    assert wrong == []


@pytest.mark.parametrize("place", ALONE)
def test_the_client_and_the_sandbox_know_nothing_of_ours(place: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in files(place)
        for module in imported(path)
        if module.split(".")[0] in OURS and not module.startswith(ALONE[place])
    ]
    assert wrong == []


def test_only_the_client_speaks_http() -> None:
    product = [path for app in OURS for path in files(app) if "sandbox" not in path.parts]
    speaking = {
        str(path.relative_to(ROOT))
        for path in product
        for module in imported(path)
        if module.split(".")[0] in {"requests", "httpx", "urllib3"} or module == "urllib.request"
    }
    the_demo_is_the_sellers_browser = {"painelml/demo.py"}
    assert {
        name for name in speaking if not name.startswith("painelml/meli/")
    } == the_demo_is_the_sellers_browser
