"""A thread for what must not be waited for: ringing workers, telling open pages, counting."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)


class Later:
    """Gathers things, each with how often it was added, and delivers them from a thread of its own.

    Whoever adds one never waits and never sees an error. `pause_s` lies between two deliveries, so a flood of
    the same thing is delivered a few times a second. What is not delivered when the process dies is lost:
    only for hints that something regular stands behind.
    """

    def __init__(self, deliver: Callable[[Counter[Any]], None], pause_s: float) -> None:
        self.deliver = deliver
        self.pause_s = pause_s
        self._reset()
        os.register_at_fork(after_in_child=self._reset)
        atexit.register(self.flush)

    def add(self, *things: Any) -> None:
        with self._arrival:
            self._gathered.update(things)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name=f"later-{self.deliver.__name__}", daemon=True
                )
                self._thread.start()
            self._arrival.notify()

    def flush(self) -> None:
        """Deliver what is there, in this thread. An error is logged and forgotten."""
        with self._arrival:
            gathered, self._gathered = self._gathered, Counter()
        if not gathered:
            return
        try:
            self.deliver(gathered)
        except Exception as error:
            log.warning("%s did not work: %s", self.deliver.__name__, type(error).__name__)

    def _run(self) -> None:
        while True:
            with self._arrival:
                self._arrival.wait_for(lambda: self._gathered)
            self.flush()
            time.sleep(self.pause_s)

    def _reset(self) -> None:
        self._gathered: Counter[Any] = Counter()
        self._arrival = threading.Condition()
        self._thread: threading.Thread | None = None
