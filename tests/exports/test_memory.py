"""However long a list is, a process that writes it needs little memory.

The size of every change is small; `make export-size` measures 100,000 orders and prints the figures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from accounts.models import Account, Organization, User
from painelml.exports.models import FileState
from tests.exports.selling import sell
from tests.exports.test_making import wanted
from tests.processes import ROOT, environment

ROWS = int(os.environ.get("PAINELML_EXPORT_ROWS", "4000"))
MOST_MIB = 100

pytestmark = pytest.mark.django_db(transaction=True)


def run(*command: str) -> dict[str, Any]:
    """Return what a process of its own said."""
    said = subprocess.run(
        [sys.executable, "-m", "tests.exports.process", *command],
        cwd=ROOT,
        env={**environment(), "DJANGO_SETTINGS_MODULE": "painelml.settings"},
        stdout=subprocess.PIPE,
        check=True,
    )
    told: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
    return told


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_list_is_streamed_and_made_in_little_memory(
    shop: Organization, ana: User, account: Account, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sell(account, ROWS)
    streamed = run("stream", kind)
    assert streamed["rows"] == ROWS
    file = wanted(shop, ana, kind)
    made = run("make")
    file.refresh_from_db()
    assert (file.state, file.done) == (FileState.DONE, ROWS)
    with capsys.disabled():
        for name, told in (("streamed", streamed), ("made in the background", made)):
            print(
                f"\n  {ROWS} orders as {kind}, {file.size / 2**20:.1f} MiB, {name} in "
                f"{told['seconds']:.1f} s: memory grew by {told['grown']:.1f} MiB",
                end="",
            )
    assert max(streamed["grown"], made["grown"]) < MOST_MIB
