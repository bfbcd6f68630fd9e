"""A wire to a server that can be cut and mended, as when PostgreSQL or Redis goes away."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Relay:
    """Passes a port of its own on to the server of an address until `cut`; `mend` opens it again."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.target = (parts.hostname or "127.0.0.1", parts.port or {"redis": 6379}.get(parts.scheme, 5432))
        self.open: set[socket.socket] = set()
        self.door: socket.socket | None = None
        self.port = 0
        self.mend()
        user = f"{parts.username}@" if parts.username else ""
        self.address = parts._replace(netloc=f"{user}127.0.0.1:{self.port}").geturl()

    def mend(self) -> None:
        self.door = socket.create_server(("127.0.0.1", self.port))
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.door,), daemon=True).start()

    def cut(self) -> None:
        """Refuse new connections and end those that are open."""
        door, self.door = self.door, None
        if door is None:
            return
        door.shutdown(socket.SHUT_RDWR)
        door.close()
        for end in list(self.open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self, door: socket.socket) -> None:
        while True:
            try:
                near, _ = door.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            self.open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            self.open.discard(end)
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
