"""`Sandbox`: the whole stand-in, started in a thread for tests or kept in the foreground by the command."""

import threading
from collections import Counter
from types import TracebackType
from typing import Any, Self

from .drills import Drills
from .oauth import Application
from .server import Box, Handler, Server
from .world import World


class Sandbox:
    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 8001,
        application: Application | None = None,
        drills: Drills | None = None,
        **world: Any,
    ) -> None:
        self.world = World(**world)
        self.box = Box(self.world, application or Application(), drills or Drills())
        handler = type("BoundHandler", (Handler,), {"box": self.box})
        self._server = Server((host, port), handler)
        self.port: int = self._server.server_address[1]
        self.url = f"http://{host}:{self.port}"

    @property
    def calls(self) -> Counter[str]:
        return self.box.calls

    def grant(self, seller_id: int | None = None) -> dict[str, Any]:
        with self.world.lock:
            return self.box.oauth.grant(seller_id or next(iter(self.world.sellers)))

    def start(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="sandbox", daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
