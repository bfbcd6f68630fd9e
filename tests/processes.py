"""Processes of the panel as production starts them, over the database and the broker of the test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
START_S = 120
"""What a process gets to start, on a machine that does a lot else."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return door.getsockname()[1]


def database_url() -> str:
    """Return the address of the database this test uses."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    password = f":{found['PASSWORD']}" if found["PASSWORD"] else ""
    return f"postgres://{found['USER']}{password}@{found['HOST']}:{found['PORT'] or 5432}/{found['NAME']}"


def environment(**changes: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "ENCRYPTION_KEY": settings.ENCRYPTION_KEY,
        "MELI_API_URL": settings.MELI_API_URL,
        "MELI_CLIENT_ID": settings.MELI_CLIENT_ID,
        "MELI_CLIENT_SECRET": settings.MELI_CLIENT_SECRET,
        "MELI_MAX_RPM": "0",
        **changes,
    }


@contextmanager
def running(
    *command: str, ready: Callable[[], bool], stderr: IO[str] | None = None, **changes: str
) -> Iterator[subprocess.Popen[Any]]:
    """Run `python -m <command>` until the block ends; it begins once `ready` says so."""
    environ = environment(**changes)
    process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=environ, stderr=stderr)
    try:
        until(ready, START_S, process)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def until(
    condition: Callable[[], Any], seconds: float = 10, process: subprocess.Popen[Any] | None = None
) -> Any:
    """Wait for the condition and return what it said."""
    end = time.monotonic() + seconds
    while not (said := condition()):
        assert process is None or process.poll() is None, f"the process ended with {process.returncode}"
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return said


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


@contextmanager
def web(**changes: str) -> Iterator[int]:
    """The production web server; yields its port."""
    port = free_port()
    command = ("granian", "--interface", "wsgi", "painelml.wsgi:application", "--port", str(port))
    with running(
        *command, "--workers", "1", "--blocking-threads", "4", ready=lambda: listens(port), **changes
    ):
        yield port


@contextmanager
def live(**changes: str) -> Iterator[tuple[int, subprocess.Popen[Any]]]:
    """The process of live updates; yields its port and itself."""
    port = free_port()
    command = ("uvicorn", "painelml.asgi:application", "--port", str(port), "--log-level", "warning")
    with running(*command, ready=lambda: listens(port), **changes) as process:
        yield port, process
