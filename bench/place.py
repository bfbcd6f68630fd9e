"""Where benchmarks run: databases and a Redis number of their own, and the processes of production."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from painelml.env import forget

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "bench"
NAMES = "painelml_bench"
"""How the databases of the benchmarks begin; nobody else's are touched."""
START_S = 60


def settle(postgres: str, redis: str) -> None:
    """Fill the environment and set Django up. The database is chosen later, with `use`."""
    forget(os.environ)
    os.environ.update(
        DATABASE_URL=f"{postgres}/{NAMES}",
        REDIS_URL=redis,
        SECRET_KEY="a key for the benchmarks " + secrets.token_hex(16),
        ENCRYPTION_KEY="an encryption key for the benchmarks that is long enough",
        ALLOWED_HOSTS="127.0.0.1,testserver",
        MELI_CLIENT_ID="1122334455667788",
        MELI_CLIENT_SECRET="a secret for the benchmarks",
        MELI_MAX_RPM="0",
        LOG_LEVEL="ERROR",
        PYTHONWARNINGS="ignore:No directory at:UserWarning",
        DJANGO_SETTINGS_MODULE="painelml.settings",
    )
    import django
    from django.conf import settings

    django.setup()
    # Pages are drawn in this process, which serves no static files.
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"


def server() -> psycopg.Connection:
    """Return a connection to the server beside every database, for making and dropping them."""
    address = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
    return psycopg.connect(f"{address}/postgres", autocommit=True)


def databases() -> set[str]:
    with server() as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{NAMES}\\_%"])
        return {name for (name,) in rows}


def drop_left_behind() -> None:
    """Drop the throw-away copies of runs that were killed: those named after a process that is gone."""
    for name in databases():
        if "_scratch_" in name and not Path("/proc", name.rsplit("_", 1)[1]).exists():
            drop(name)


def create(name: str, template: str = "template1") -> None:
    with server() as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def drop(name: str) -> None:
    assert name.startswith(f"{NAMES}_")
    with server() as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def rename(name: str, new: str) -> None:
    with server() as connection:
        connection.execute(f'ALTER DATABASE "{name}" RENAME TO "{new}"')


def use(name: str) -> None:
    """Let this process, and what it starts, work on that database with an empty cache."""
    from django.contrib.contenttypes.models import ContentType
    from django.core.cache import cache
    from django.db import connections

    connections.close_all()
    connections.settings["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name
    address = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
    os.environ["DATABASE_URL"] = f"{address}/{name}"
    ContentType.objects.clear_cache()
    cache.clear()


@contextmanager
def copy_of(name: str) -> Iterator[str]:
    """Work on a throw-away copy of a database, so that what a benchmark writes disappears."""
    from django.db import connections

    connections.close_all()
    copied = f"{NAMES}_scratch_{os.getpid()}"
    drop(copied)
    create(copied, name)
    use(copied)
    try:
        yield copied
    finally:
        connections.close_all()
        drop(copied)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port: int = door.getsockname()[1]
        return port


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


def until(condition: Callable[[], Any], seconds: float, process: subprocess.Popen[Any] | None = None) -> None:
    give_up_at = time.monotonic() + seconds
    while not condition():
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        if time.monotonic() > give_up_at:
            raise TimeoutError("it did not happen in time")
        time.sleep(0.02)


@contextmanager
def running(*command: str, ready: Callable[[], bool], **changes: str) -> Iterator[subprocess.Popen[Any]]:
    """Run `python -m <command>` until the block ends; it begins once `ready` says so. What it started itself
    ends with it."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, **changes},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until(ready, START_S, process)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def collect_static() -> None:
    """Gather the files a web server sends with its pages, which it looks for when it draws them."""
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"], cwd=ROOT, check=True
    )


@dataclass(frozen=True)
class Served:
    """A web server that runs."""

    port: int
    process: subprocess.Popen[Any]

    @property
    def memory(self) -> float:
        return memory_mib(self.process.pid)


@contextmanager
def web(application: str = "painelml.wsgi:application", **changes: str) -> Iterator[Served]:
    """The production web server with any WSGI application."""
    port = free_port()
    command = ("granian", "--interface", "wsgi", application, "--port", str(port))
    size = ("--workers", "2", "--blocking-threads", "8", "--no-access-log", "--log-level", "error")
    with running(*command, *size, ready=lambda: listens(port), **changes) as process:
        yield Served(port, process)


def memory_mib(pid: int) -> float:
    """Return the memory a process and those it started hold now, what they share counted once (PSS)."""
    own = 0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            own = int(line.split()[1])
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own / 1024 + sum(memory_mib(int(child)) for child in children)
