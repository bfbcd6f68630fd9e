"""The panel as production runs it: PostgreSQL and Redis behind wires that can be cut, and a supervisor."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, Self

import redis
from django.conf import settings
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from tests import processes
from tests.relay import Relay

FULL = os.environ.get("PAINELML_DRILL") == "full"
"""`make drill`: the size of the requirement. Otherwise a size that every change can afford."""

CELERY = ("celery", "-A", "painelml")
WORKER = (*CELERY, "worker", "--pool", "threads", "--concurrency", "4", "--loglevel", "CRITICAL")
BEAT = (*CELERY, "beat", "--loglevel", "CRITICAL")
WORKERS = 2


class Panel:
    """Starts everything, restarts what dies as a supervisor would, and ends it all."""

    def __init__(self) -> None:
        self.database = Relay(processes.database_url())
        self.redis = Relay(settings.REDIS_URL)
        self.kept: dict[str, subprocess.Popen[Any]] = {}
        self.commands = {"beat": BEAT, **{f"worker {number}": WORKER for number in range(WORKERS)}}
        self.is_over = threading.Event()
        self.stack = ExitStack()
        self.kills = 0

    def __enter__(self) -> Self:
        hurry("painelml.sync.resume", "painelml.sync.due_accounts", "webhooks.sweep", "webhooks.missed_feeds")
        self.stack.enter_context(self.database)
        self.stack.enter_context(self.redis)
        self.port = self.stack.enter_context(processes.web(**self.addresses()))
        self.supervisor = threading.Thread(target=self._supervise, daemon=True)
        self.supervisor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_over.set()
        self.supervisor.join()
        for process in self.kept.values():
            process.kill()
        for process in self.kept.values():
            process.wait()
        self.stack.close()

    def addresses(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database.address, "REDIS_URL": self.redis.address}

    def _supervise(self) -> None:
        while not self.is_over.wait(0.2):
            for name, command in self.commands.items():
                process = self.kept.get(name)
                if process is None or process.poll() is not None:
                    self.kept[name] = subprocess.Popen(
                        [sys.executable, "-m", *command],
                        cwd=processes.ROOT,
                        env=processes.environment(**self.addresses()),
                    )

    @contextmanager
    def killing(self, every_s: float) -> Iterator[None]:
        """`kill -9` a worker every so many seconds, in turn, until the block ends."""
        is_enough = threading.Event()

        def kill() -> None:
            while not is_enough.wait(every_s):
                self.kept[f"worker {self.kills % WORKERS}"].kill()
                self.kills += 1

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        try:
            yield
        finally:
            is_enough.set()
            killer.join()

    def empty_redis(self) -> None:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.flushdb()

    def without(self, relay: Relay, seconds: float) -> None:
        relay.cut()
        time.sleep(seconds)  # this long an outage is the drill
        relay.mend()


def hurry(*tasks: str) -> None:
    """Let the schedule ring every two seconds, as an administrator could: a drill does not wait minutes."""
    every, _ = IntervalSchedule.objects.get_or_create(every=2, period=IntervalSchedule.SECONDS)
    assert PeriodicTask.objects.filter(task__in=tasks).update(interval=every) == len(tasks)
