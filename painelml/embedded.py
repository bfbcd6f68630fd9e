"""The whole panel in one process: web in the main thread, worker and scheduler as threads beside it.

With SQLite and no Redis this needs nothing else on the machine. The queue then lives in memory and dies with
the process; that loses nothing, because the work itself lives in the database and sweeps ring for it again.
"""

import errno
import fcntl
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import structlog
import uvicorn
from celery import beat
from celery.worker import WorkController, state
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone
from django_celery_beat.schedulers import DatabaseScheduler

from accounts.models import Account
from catalog.models import BulkLine, LineState
from webhooks.models import Notification, NotificationState

from .celery import app, stopping
from .env import keep_private
from .logs import redact
from .sync.models import StepState, SyncStep

log = structlog.get_logger(__name__)


STOP_S = 10
"""How long a stop waits for tasks that run; they give their work back at the next page."""


class Part(Protocol):
    """A worker or a scheduler: `start` runs until `stop` is called from another thread."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


class Kept:
    """A part that runs in a thread of its own and is made anew when it ends without being asked to."""

    def __init__(self, name: str, make: Callable[[], Part], pause_s: float = 1.0) -> None:
        self.name = name
        self.make = make
        self.pause_s = pause_s
        self.part: Part | None = None
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    def _run(self) -> None:
        while not self.is_over.is_set():
            try:
                self.part = self.make()
                if self.is_over.is_set():
                    return
                self.part.start()
            except BaseException:  # a broken worker ends with SystemExit, which a thread swallows silently
                if not self.is_over.is_set():
                    log.exception(f"{self.name}_died")
            if not self.is_over.wait(self.pause_s):
                log.warning(f"{self.name}_restarted")

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """Ask it to end; `thread` tells when it has."""
        self.is_over.set()
        if self.part:
            self.part.stop()


class Worker:
    """A Celery worker on threads. Ends in its own thread, as soon as no task runs in it any more."""

    def __init__(self) -> None:
        state.should_stop = None
        # Without gossip and mingle: there is nobody to talk to in this process, and they wait for an answer.
        self.controller = WorkController(
            app=app,
            pool="threads",
            concurrency=settings.CELERY_WORKER_CONCURRENCY,
            without_gossip=True,
            without_mingle=True,
        )

    def start(self) -> None:
        self.controller.start()

    def stop(self) -> None:
        stopping.set()
        state.should_stop = 0


def make_scheduler() -> Part:
    return beat.Service(app, max_interval=1, scheduler_cls=DatabaseScheduler)  # it can stop between two looks


@contextmanager
def running_parts() -> Iterator[None]:
    """Keep a worker and a scheduler running until the block ends."""
    app.loader.init_worker()
    app.finalize()
    parts = [Kept("worker", Worker), Kept("scheduler", make_scheduler)]
    for part in parts:
        part.start()
    try:
        yield
    finally:
        for part in parts:
            part.stop()
        for part in parts:
            part.thread.join(STOP_S)


def leave() -> None:
    """End the process if a call still hangs in its worker; what that one holds is claimed again later."""
    if any(thread.name == "worker" for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def listen(host: str, port: int, option: str = "--port") -> socket.socket:
    """Return a socket bound to the address. Ends the program with one sentence when that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OverflowError:
        sys.exit(f"{option} must be a whole number from 0 to 65535 (it is {port}).")
    except OSError as wrong:
        bound.close()
        if wrong.errno == errno.EADDRINUSE:
            sys.exit(f"Port {port} is taken: stop the program that has it, or choose another with {option}.")
        sys.exit(f"Cannot listen on {host}:{port}: {wrong.strerror}.")
    return bound


def claim_database(way_out: str) -> None:
    """Keep every other panel off our SQLite file until this process ends, however it ends.

    Ends the program with one sentence when one is there already. Servers are shared on purpose, so they are
    never claimed.
    """
    if not is_alone():
        return
    file = str(settings.DATABASES["default"]["NAME"])
    lock = os.open(f"{file}.lock", os.O_RDWR | os.O_CREAT, 0o600)  # never closed: the process's end does that
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"Another panel runs on {file}: stop it, or {way_out}.")


def is_alone() -> bool:
    """Return whether no other process can be working on the same data."""
    return not settings.REDIS_URL and str(settings.DATABASES["default"]["ENGINE"]).endswith("sqlite3")


def release_claims() -> None:
    """Give back what a killed process held; its leases would let the work stand still until they end.

    Only for who is alone here: anyone else's claims would be taken from under their hands.
    """
    SyncStep.objects.filter(state=StepState.WORKING).update(state=StepState.WAITING, lease_until=None)
    Notification.objects.filter(state=NotificationState.WORKING).update(
        state=NotificationState.PENDING, lease_until=None, lease_owner=""
    )
    BulkLine.objects.filter(state=LineState.WORKING).update(lease_until=timezone.now())
    # A lease without an owner is a pause that Mercado Livre asked for.
    Account.objects.exclude(token_lease_owner="").update(token_lease_until=None, token_lease_owner="")


def reach_database() -> None:
    """End the program with one sentence when the database does not answer."""
    try:
        connection.ensure_connection()
    except OperationalError as wrong:
        reason = redact(str(wrong)).partition("\n")[0].rstrip(".")
        sys.exit(f"painelml: DATABASE_URL names a database that cannot be reached: {reason}.")


def prepare() -> None:
    """Bring the database up to this version, free what is held in it, put the static files in their place."""
    if connection.vendor == "sqlite":
        keep_private(Path(str(settings.DATABASES["default"]["NAME"])))
    reach_database()
    call_command("migrate", interactive=False, verbosity=0)
    if is_alone():
        release_claims()
    root = Path(settings.STATIC_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    with (root.parent / "static.lock").open("w") as lock:  # two panels can start in one folder
        fcntl.flock(lock, fcntl.LOCK_EX)
        if static_files_changed(root / "staticfiles.json"):
            call_command("collectstatic", interactive=False, verbosity=0)


def static_files_changed(manifest: Path) -> bool:
    """Return whether a file is younger than what was collected last."""
    if not manifest.exists():
        return True
    collected_at = manifest.stat().st_mtime
    files = (storage.path(name) for finder in get_finders() for name, storage in finder.list([]))
    return any(os.path.getmtime(file) > collected_at for file in files)


class Server(uvicorn.Server):
    """Tells when it answers, and when it was asked to stop, which can take a while."""

    def __init__(
        self, config: uvicorn.Config, when_ready: Callable[[], None], when_stopping: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self.when_ready = when_ready
        self.when_stopping = when_stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.when_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.when_stopping()
        await super().shutdown(sockets)


def serve(bound: socket.socket, when_ready: Callable[[], None], when_stopping: Callable[[], None]) -> None:
    """Serve pages, API and live updates on the socket, with worker and scheduler, until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        "painelml.asgi:application",
        proxy_headers=False,  # who the client is follows PROXY_COUNT, as everywhere
        access_log=False,
        server_header=False,
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=5,
    )
    # uvicorn stops cleanly and then repeats the signal for us: it must not kill the worker in mid-sentence.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), running_parts():
        Server(config, when_ready, when_stopping).run(sockets=[bound])
