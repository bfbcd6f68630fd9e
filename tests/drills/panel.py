"""The panel as production runs it: web server, workers, scheduler, and a supervisor that restarts them."""

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

from django_celery_beat.models import IntervalSchedule, PeriodicTask

from tests import processes
from tests.drills.servers import Servers

FULL = os.environ.get("PAINELML_DRILL") == "full"
"""`make drill`: the size of the requirement. Otherwise a size that every change can afford."""

CELERY = ("celery", "-A", "painelml")
WORKER = (*CELERY, "worker", "--pool", "threads", "--concurrency", "4")
BEAT = (*CELERY, "beat")
WORKERS = 8 if FULL else 2


class Panel:
    """Starts everything, restarts what dies as a supervisor would, and ends it all."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self.kept: dict[str, subprocess.Popen[Any]] = {}
        self.commands = {"beat": BEAT, **{f"worker {number}": WORKER for number in range(WORKERS)}}
        self.is_over = threading.Event()
        self.stack = ExitStack()
        self.killed: list[int] = []
        """How each worker ended that was killed."""

    def __enter__(self) -> Self:
        hurry("painelml.sync.resume", "painelml.sync.due_accounts", "webhooks.sweep", "webhooks.missed_feeds")
        self.port = self.stack.enter_context(processes.web(**self.servers.addresses()))
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

    def _supervise(self) -> None:
        while not self.is_over.wait(0.2):
            for name, command in self.commands.items():
                process = self.kept.get(name)
                if process is None or process.poll() is not None:
                    self.kept[name] = subprocess.Popen(
                        [sys.executable, "-m", *command],
                        cwd=processes.ROOT,
                        env=processes.environment(**self.servers.addresses(), LOG_LEVEL="ERROR"),
                    )

    @contextmanager
    def killing(self, times: int, every_s: float) -> Iterator[None]:
        """`kill -9` a worker every so many seconds, in turn. The block ends no sooner than the last one."""

        def kill() -> None:
            began = time.monotonic()
            for number in range(times):
                time.sleep(max(0.0, began + (number + 1) * every_s - time.monotonic()))
                victim = self.kept[f"worker {number % WORKERS}"]
                victim.kill()
                self.killed.append(victim.wait())

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        try:
            yield
        finally:
            killer.join()


def hurry(*tasks: str) -> None:
    """Let the schedule ring every two seconds, as an administrator could: a drill does not wait minutes."""
    every, _ = IntervalSchedule.objects.get_or_create(every=2, period=IntervalSchedule.SECONDS)
    assert PeriodicTask.objects.filter(task__in=tasks).update(interval=every) == len(tasks)
