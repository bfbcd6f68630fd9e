"""Live updates: `uvicorn painelml.asgi:application`.

The proxy of a production set-up sends only `/live` here. The embedded panel serves everything from here, with
the pages on WSGI threads, where Django is twice as fast as on its own ASGI path.
"""

import asyncio
import signal
import threading
from types import FrameType
from typing import Any, cast

from a2wsgi import WSGIMiddleware

from painelml import wsgi

# After the pages: models can only be imported once Django is set up.
from painelml import live  # isort: skip

pages: Any = WSGIMiddleware(cast(Any, wsgi.application), workers=8)


async def application(scope: live.Scope, receive: live.Receive, send: live.Send) -> None:
    if scope["type"] == "lifespan":
        await live_as_long(receive, send)
    elif scope["type"] == "http" and scope["path"] == "/live":
        await live.application(scope, receive, send)
    else:
        await pages(scope, receive, send)


async def live_as_long(receive: live.Receive, send: live.Send) -> None:
    """Follow the server's life. Its stop waits for streams, so they end with the signal that begins it."""
    await receive()
    close_streams_on_signals()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await live.hub.stop()
    await send({"type": "lifespan.shutdown.complete"})


def close_streams_on_signals() -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        servers_own = signal.getsignal(number)

        def close_and_pass_on(number: int, frame: FrameType | None, servers_own=servers_own) -> None:  # type: ignore[no-untyped-def]
            loop.call_soon_threadsafe(live.hub.close)
            if callable(servers_own):
                servers_own(number, frame)

        signal.signal(number, close_and_pass_on)
