"""Live updates: which kinds of things changed, told to open pages in one word each.

A page that hears `orders` asks for its own part again through its normal view, so who may see what is decided
in one place. Words travel over Redis, or inside the process when everything runs in one. Nobody depends on
them: a page without a stream asks every few seconds.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import cache
from typing import Any

import redis
import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.asgi import ASGIRequest
from django.db import Error, close_old_connections, transaction
from django.http import Http404
from django.utils.crypto import salted_hmac

from painelml.later import Later

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PAUSE_S = 0.2
"""Between two deliveries of a process, and between two words to one page: a flood is a few words a second."""
HEARTBEAT_S = 15.0
LIFE_S = 600.0
"""A stream ends after this long and the browser opens the next one: who was shut out meanwhile stays out."""


def publish(organization_id: int, *words: str) -> None:
    """Tell this organization's open pages what changed: `orders`, `items`, `shipments`, `questions`,
    `accounts`, `runs`, `webhooks`. Inside a transaction: once it is committed. Never waits, never fails."""
    transaction.on_commit(lambda: _words.add(*((organization_id, word) for word in words)))


def deliver(gathered: Counter[tuple[int, str]]) -> None:
    words: dict[int, list[str]] = defaultdict(list)
    for organization_id, word in gathered:
        words[organization_id].append(word)
    if not settings.REDIS_URL:
        hub.tell_from_elsewhere(words)
        return
    with publisher().pipeline(transaction=False) as pipeline:
        for organization_id, told in words.items():
            pipeline.publish(f"{channels()}{organization_id}", " ".join(told))
        pipeline.execute()


_words = Later(deliver, PAUSE_S)


@cache
def publisher() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)


def channels() -> str:
    """Return how this panel's channels begin. Redis keeps channels apart by name, not by database number."""
    panel = salted_hmac("painelml.live", str(settings.DATABASES["default"]["NAME"])).hexdigest()[:12]
    return f"painelml:live:{panel}:"


class Stream:
    """One open page: the words it has not been told yet."""

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.stirred = asyncio.Event()
        self.is_closed = False

    def tell(self, words: Iterable[str]) -> None:
        self.words.update(words)
        self.stirred.set()

    def close(self) -> None:
        self.is_closed = True
        self.stirred.set()

    async def next_chunk(self) -> bytes:
        """Wait for words and return them as events; a comment when nothing happened for a while."""
        try:
            await asyncio.wait_for(self.stirred.wait(), HEARTBEAT_S)
        except TimeoutError:
            return b":\n\n"
        self.stirred.clear()
        words, self.words = self.words, set()
        return "".join(f"data: {word}\n\n" for word in sorted(words)).encode()


class Hub:
    """The open streams of this process. Everything runs in its event loop."""

    def __init__(self) -> None:
        self.streams: dict[int, set[Stream]] = defaultdict(set)
        self.loop: asyncio.AbstractEventLoop | None = None
        self.listener: asyncio.Task[None] | None = None
        self.is_listening = asyncio.Event()

    async def open(self) -> bool:
        """Make sure that words arrive here; False when Redis cannot be had, and the page had better poll."""
        self.loop = asyncio.get_running_loop()
        if not settings.REDIS_URL:
            return True
        if self.listener is None or self.listener.done():
            self.is_listening = asyncio.Event()
            self.listener = asyncio.create_task(self.listen())
        waiting = asyncio.create_task(self.is_listening.wait())
        await asyncio.wait({waiting, self.listener}, timeout=3, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        return self.is_listening.is_set() and not self.listener.done()

    async def listen(self) -> None:
        """Hand on what other processes publish. When Redis goes away every stream ends, and pages poll."""
        try:
            async with (
                redis.asyncio.Redis.from_url(
                    settings.REDIS_URL, socket_connect_timeout=2, health_check_interval=10
                ) as client,
                client.pubsub(ignore_subscribe_messages=True) as pubsub,
            ):
                await pubsub.psubscribe(f"{channels()}*")
                self.is_listening.set()
                while True:
                    message = await pubsub.get_message(timeout=5)
                    if message is not None:
                        organization_id = int(message["channel"].rpartition(b":")[2])
                        self.tell({organization_id: message["data"].decode().split()})
        except (redis.RedisError, OSError) as error:
            log.warning("Live updates stopped: %s", type(error).__name__)
        finally:
            self.close()

    def tell(self, words: dict[int, list[str]]) -> None:
        for organization_id, told in words.items():
            for stream in self.streams.get(organization_id, ()):
                stream.tell(told)

    def tell_from_elsewhere(self, words: dict[int, list[str]]) -> None:
        """The same from another thread of this process."""
        if self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.tell, words)

    def close(self) -> None:
        """End every stream: the server can stop without waiting for browsers."""
        for streams in self.streams.values():
            for stream in streams:
                stream.close()

    async def stop(self) -> None:
        self.close()
        if self.listener is not None:
            self.listener.cancel()


hub = Hub()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """`GET /live`: a stream of server-sent events, one word each, for the organization the session works in.

    401 for nobody, 503 when words or the session cannot be had. Holds no thread and no database connection.
    """
    if scope["method"] != "GET":
        await refuse(send, 405)
        return
    try:
        organization_id = await sync_to_async(find_organization)(scope)
    except Error:
        await refuse(send, 503)
        return
    if organization_id is None:
        await refuse(send, 401)
    elif not await hub.open():
        await refuse(send, 503)
    else:
        await stream_to(organization_id, receive, send)


async def stream_to(organization_id: int, receive: Receive, send: Send) -> None:
    stream = Stream()
    hub.streams[organization_id].add(stream)
    leaving = asyncio.create_task(close_when_left(stream, receive))
    until = asyncio.get_running_loop().time() + LIFE_S
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-cache, no-transform"),
        (b"x-accel-buffering", b"no"),
    ]
    try:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        chunk = b"retry: 2000\n\n"
        while not stream.is_closed and asyncio.get_running_loop().time() < until:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(PAUSE_S)
            chunk = await stream.next_chunk()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        leaving.cancel()
        hub.streams[organization_id].discard(stream)


async def close_when_left(stream: Stream, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.close()


async def refuse(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def find_organization(scope: Scope) -> int | None:
    """Return the organization this browser's session works in, None for nobody."""
    from accounts.access import find_membership

    close_old_connections()
    request = ASGIRequest(scope, io.BytesIO())
    request.session = SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    request.user = get_user(request)
    try:
        membership = find_membership(request)
    except Http404:
        return None
    finally:
        close_old_connections()
    return membership.organization_id if membership else None
