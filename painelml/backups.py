"""The whole database as one file, and back: PostgreSQL through its own tools, SQLite through its backup API.

A backup is a tar of two members: `manifest.json` says what it is, `database` is the dump. Keys are not in it:
of ENCRYPTION_KEY only the fingerprints are, so that a restore can tell whether the stored secrets will open.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from .crypto import keyring

FORMAT = 1
MANIFEST, DATABASE = "manifest.json", "database"


class BackupError(Exception):
    """It cannot be done; the message says why, and how to mend it."""


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself."""

    format: int
    made_at: str
    vendor: str
    migrations: list[str]
    keys: list[str]
    sha256: str


def make(file: Path) -> Manifest:
    """Write a backup of the database as it is at this moment; work goes on meanwhile. Raises BackupError."""
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder:
        dump = Path(folder) / DATABASE
        (dump_sqlite if connection.vendor == "sqlite" else dump_postgres)(dump)
        manifest = Manifest(
            format=FORMAT,
            made_at=timezone.now().isoformat(timespec="seconds"),
            vendor=connection.vendor,
            migrations=applied(),
            keys=keyring().fingerprints,
            sha256=digest_of(dump),
        )
        whole = Path(folder) / "backup"
        whole.touch(mode=0o600)
        with tarfile.open(whole, "w") as tar:
            add(tar, MANIFEST, json.dumps(asdict(manifest), indent=1).encode())
            tar.add(dump, DATABASE)
        whole.replace(file)
    return manifest


def restore(file: Path, *, overwrite: bool = False, without_key: bool = False) -> Manifest:
    """Put the backup in the place of the database. Nothing is touched unless it fits. Raises BackupError."""
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".restore-") as folder:
        manifest = unpack(file, Path(folder))
        dump = Path(folder) / DATABASE
        check(manifest, dump, without_key=without_key)
        if not overwrite and connection.introspection.table_names():
            raise BackupError("The database is not empty. Stop the panel, and add --force to replace it.")
        if connection.vendor == "sqlite":
            restore_sqlite(dump)
        else:
            restore_postgres(dump)
    return manifest


def unpack(file: Path, folder: Path) -> Manifest:
    try:
        with tarfile.open(file) as tar:
            for name in (MANIFEST, DATABASE):
                member = tar.extractfile(name)
                if member is None:
                    raise BackupError(f"{file} is not a backup of the panel.")
                with member, (folder / name).open("wb") as out:
                    shutil.copyfileobj(member, out)
        return Manifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise BackupError(f"There is no file {file}.") from None
    except (tarfile.TarError, KeyError, TypeError, ValueError, EOFError):
        raise BackupError(f"{file} is not a backup of the panel, or is damaged.") from None


def check(manifest: Manifest, dump: Path, *, without_key: bool) -> None:
    """Raises BackupError unless this version, this kind of database and these keys can take the backup."""
    if manifest.format != FORMAT:
        raise BackupError("The backup was made by another version of the panel: restore it with that one.")
    if manifest.sha256 != digest_of(dump):
        raise BackupError("The backup is damaged: its check sum is not the one it was made with.")
    if manifest.vendor != connection.vendor:
        raise BackupError(f"The backup is of {manifest.vendor}, DATABASE_URL names {connection.vendor}.")
    known = {".".join(key) for key in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    if newer := [name for name in manifest.migrations if name not in known]:
        raise BackupError(
            f"The backup was made by a newer version of the panel ({newer[0]}): install that one first."
        )
    if not without_key and manifest.keys[0] not in keyring().fingerprints:
        raise BackupError(
            f"ENCRYPTION_KEY lacks the key the backup was made with ({manifest.keys[0]}). Add it; if it "
            "is lost, add --without-key: every account has to be connected again."
        )


def applied() -> list[str]:
    return sorted(".".join(key) for key in MigrationRecorder(connection).applied_migrations())


def digest_of(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    tar.addfile(info, io.BytesIO(content))


# SQLite


def dump_sqlite(dump: Path) -> None:
    with (
        closing(sqlite3.connect(connection.settings_dict["NAME"])) as live,
        closing(sqlite3.connect(dump)) as copy,
    ):
        live.backup(copy)


def restore_sqlite(dump: Path) -> None:
    connection.close()
    with (
        closing(sqlite3.connect(dump)) as copy,
        closing(sqlite3.connect(connection.settings_dict["NAME"])) as live,
    ):
        copy.backup(live)


# PostgreSQL


def dump_postgres(dump: Path) -> None:
    run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={dump}")


def restore_postgres(dump: Path) -> None:
    run("pg_restore", "--list", str(dump), connects=False)
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    connection.close()
    run("pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error",
        f"--dbname={address()}", str(dump), connects=False)  # fmt: skip


def run(tool: str, *arguments: str, connects: bool = True) -> None:
    """Run a tool of PostgreSQL. The password goes through the environment, where `ps` does not show it."""
    found = shutil.which(tool)
    if found is None:
        raise BackupError(f"{tool} was not found: install PostgreSQL's client tools (postgresql-client).")
    command: Sequence[str] = [found, *arguments, *([f"--dbname={address()}"] if connects else [])]
    password = connection.settings_dict["PASSWORD"]
    said = subprocess.run(  # noqa: S603 - a tool of PostgreSQL with arguments of our own
        command,
        env={**os.environ, **({"PGPASSWORD": password} if password else {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if said.returncode:
        raise BackupError(f"{tool} did not succeed: {said.stderr.strip()}")


def address() -> str:
    found = connection.settings_dict
    options = {
        name: value
        for name, value in found["OPTIONS"].items()
        if isinstance(value, str | int) and name not in ("password", "pool")
    }
    named = {"dbname": found["NAME"], "user": found["USER"], "host": found["HOST"], "port": found["PORT"]}
    options |= {name: value for name, value in named.items() if value}
    return make_conninfo("", **options)
