"""Browsers with a stream open."""

from __future__ import annotations

import http.client
from typing import Self

from django.conf import settings
from django.test import Client

from accounts.models import User
from tests.people import account, ana, carla, shop  # noqa: F401

# Without Redis everything is one process: there is nothing that could go away.
collect_ignore = [] if settings.REDIS_URL else ["test_outages.py"]


class Page:
    """A browser's open stream."""

    def __init__(self, port: int, cookies: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.connection.request("GET", "/live", headers={"Cookie": cookies})
        self.response = self.connection.getresponse()
        if self.response.status == 200:
            assert self.response.getheader("Content-Type", "").startswith("text/event-stream")
            assert self.next_line() == "retry: 2000"

    def next_line(self) -> str:
        """Return the next line that says something, "" at the end."""
        while raw := self.response.readline():
            if line := raw.decode().strip():
                return line
        return ""

    def next_word(self) -> str:
        while (line := self.next_line()).startswith(":"):
            pass
        return line.removeprefix("data: ")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.response.close()
        self.connection.close()


def cookies_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
