"""The state file: written whole and swapped in, so that a second start goes on where the first one
stopped.
"""

import json
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import Box

VERSION = 1


def read(path: Path) -> dict[str, Any] | None:
    """What was kept, or None when there is no file of this version."""
    try:
        data: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    return data if data.get("version") == VERSION else None


class Keeper(threading.Thread):
    """Writes the state every few seconds while anything changes, and once more at the end."""

    def __init__(self, box: "Box", path: Path, every_s: float = 5.0) -> None:
        super().__init__(name="sandbox-state", daemon=True)
        self.box = box
        self.path = path
        self.every_s = every_s
        self._written: object = None
        self._ended = threading.Event()

    def run(self) -> None:
        pause = self.every_s
        while not self._ended.wait(pause):
            began = time.monotonic()
            self.write()
            # A big world takes seconds to write; it must not spend its life doing so.
            pause = max(self.every_s, 60 * (time.monotonic() - began))

    def stop(self) -> None:
        self._ended.set()
        self.join()
        self.write()

    def write(self) -> None:
        with self.box.world.lock:
            mark = (self.box.world.changes, self.box.oauth.issued, *self.box.oauth.grants)
            if mark == self._written:
                return
            text = json.dumps({"version": VERSION, **self.box.dump()}, separators=(",", ":"))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".tmp")
        draft.touch(mode=0o600)  # it holds invented buyers, but tokens that open something
        draft.write_text(text, "utf-8")
        os.replace(draft, self.path)
        self._written = mark
