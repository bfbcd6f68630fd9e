"""`Sandbox`: the whole stand-in, on a thread for tests or kept in the foreground by the command."""

import threading
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from . import state
from .drills import Drills
from .oauth import Application
from .server import Box, Handler, Server
from .truth import truth
from .world import World


class Sandbox:
    """Binds its port at once and serves from `start` (or `with`) until `stop`.

    `pace` 0 is a quiet life: nothing happens unless asked for. With a `state` file that exists, the world of
    that file goes on and the sizes count for nothing. `world` takes the arguments of `World`: seed, sellers,
    orders, items, questions, now. Raises OSError when the port is taken.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 8001,
        application: Application | None = None,
        drills: Drills | None = None,
        pace: float = 0.0,
        state_file: Path | str | None = None,
        **world: Any,
    ) -> None:
        self._server = Server((host, port), Handler)
        self.port: int = self._server.server_address[1]
        self.url = f"http://{host}:{self.port}"
        path = Path(state_file) if state_file else None
        kept = state.read(path) if path else None
        self.world = World(sellers=0, now=world.get("now")) if kept else World(**world)
        self.box = Box(self.world, application or Application(), drills or Drills())
        if kept:
            self.box.load(kept)
        self._server.RequestHandlerClass = type("BoundHandler", (Handler,), {"box": self.box})
        self._keeper = state.Keeper(self.box, path) if path else None
        self._pace = pace

    @property
    def calls(self) -> Counter[str]:
        """How often each endpoint was asked: `{"GET /orders/{id}": 3}`."""
        return self.box.calls

    @property
    def drills(self) -> Drills:
        return self.box.drills

    def grant(self, seller_id: int | None = None) -> dict[str, Any]:
        """A fresh pair of tokens for a seller, the first one by default, as `/oauth/token` answers it."""
        with self.world.lock:
            return self.box.oauth.grant(seller_id or next(iter(self.world.sellers)))

    def bearer(self, seller_id: int | None = None) -> dict[str, str]:
        """Headers of a seller who has just granted."""
        return {"Authorization": f"Bearer {self.grant(seller_id)['access_token']}"}

    def control(self, **orders: Any) -> dict[str, Any]:
        """What `POST /sandbox/control` does, without the HTTP."""
        return self.box.control(orders)

    def truth(self, seller_id: int, kind: str) -> dict[str, Any]:
        """`{id: payload}` of a seller's items, orders, shipments, costs, sla, history, questions, prices,
        discounts or packs."""
        with self.world.lock:
            return truth(self.world, seller_id, kind)

    def wait_until_told(self, timeout: float = 30.0) -> bool:
        """Block until every notification was delivered or given up; False when that takes too long."""
        return self.box.notifier.wait_until_told(timeout)

    def start(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), name="sandbox", daemon=True).start()
        self.box.notifier.start()
        self.box.set_pace(self._pace)
        if self._keeper:
            self._keeper.start()
        return self

    def stop(self) -> None:
        self._server.stopped = True
        self.box.set_pace(0)
        self.box.notifier.stop()
        self._server.shutdown()
        self._server.server_close()
        if self._keeper:
            self._keeper.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
