"""A thread for what must not be waited for: ringing workers, telling open pages, counting."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

log = logging.getLogger(__name__)


class Later:
    """Gathers things, each with how often it was added, and delivers them from a thread of its own.

    Whoever adds one never waits, not even for a lock, and never sees an error. `pause_s` lies between two
    deliveries, so a flood of the same thing is delivered a few times a second. What could not be delivered is
    tried again, with newer things; what is left when the process dies is lost: only for hints that something
    regular stands behind.
    """

    FAILED_PAUSE_S = 2.0
    FAREWELL_S = 5.0
    """How long the end of the process waits for a delivery on its way. A thread that is cut off inside one
    keeps the locks of its connection, and the process would wait for them for ever."""

    _arrived: deque[Iterable[Any] | Mapping[Any, int]]
    _has_arrived: threading.Event
    _is_over: threading.Event
    _thread: threading.Thread | None

    def __init__(self, deliver: Callable[[Counter[Any]], None], pause_s: float) -> None:
        self.deliver = deliver
        self.pause_s = pause_s
        self._reset()
        os.register_at_fork(after_in_child=self._reset)
        atexit.register(self.close)

    def add(self, *things: Any) -> None:
        self.update(things)

    def update(self, things: Iterable[Any] | Mapping[Any, int]) -> None:
        """Add things, or how often each of them was added."""
        self._arrived.append(things)
        if not self._has_arrived.is_set():  # after the append: whoever clears it gathers afterwards
            self._wake()

    def flush(self) -> None:
        """Deliver what is there, in this thread. The first error of a row is logged."""
        gathered = self._gather()
        if not gathered:
            return
        try:
            self.deliver(gathered)
            self._failed = False
        except Exception as error:
            if not self._failed:
                log.warning("%s does not work: %s", self.deliver.__name__, type(error).__name__)
            self._failed = True
            self._arrived.append(gathered)
            self._has_arrived.set()

    def close(self) -> None:
        """Let the thread end, and deliver what is left."""
        self._is_over.set()
        with self._starting:
            thread, self._thread = self._thread, None
        self._has_arrived.set()
        if thread is not None:
            thread.join(self.FAREWELL_S)
        self.flush()

    def _gather(self) -> Counter[Any]:
        gathered: Counter[Any] = Counter()
        self._has_arrived.clear()
        while self._arrived:
            try:
                gathered.update(self._arrived.popleft())
            except IndexError:  # another thread flushes, too
                break
        return gathered

    def _wake(self) -> None:
        with self._starting:
            if self._thread is None and not self._is_over.is_set():
                self._thread = threading.Thread(
                    target=self._run, name=f"later-{self.deliver.__name__}", daemon=True
                )
                self._thread.start()
        self._has_arrived.set()

    def _run(self) -> None:
        while not self._is_over.is_set():
            self._has_arrived.wait()
            self.flush()
            self._is_over.wait(self.FAILED_PAUSE_S if self._failed else self.pause_s)

    def _reset(self) -> None:
        self._failed = False
        self._is_over = threading.Event()
        self._arrived = deque()
        self._has_arrived = threading.Event()
        self._starting = threading.Lock()
        self._thread = None
