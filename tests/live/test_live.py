"""`GET /live`: open pages hear which kinds of things changed, their own organization's only."""

from __future__ import annotations

import http.client
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import uvicorn
from django.conf import settings
from django.db import transaction

from accounts.models import User
from painelml import live
from tests import processes

from .conftest import Page, cookies_of

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def served() -> Iterator[int]:
    """The stream's server: a process of its own over Redis, in this process without."""
    if settings.REDIS_URL:
        with processes.live() as (port, _process):
            yield port
        return
    port = processes.free_port()
    server = uvicorn.Server(uvicorn.Config("painelml.asgi:application", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    processes.until(lambda: processes.listens(port))
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def port() -> Iterator[int]:
    with served() as port:
        yield port


def test_a_page_hears_its_own_organizations_words_only(port: int, ana: User, carla: User) -> None:
    with Page(port, cookies_of(ana)) as anas, Page(port, cookies_of(carla)) as carlas:
        live.publish(ana.organizations.get().pk, "orders")
        assert anas.next_word() == "orders"

        live.publish(carla.organizations.get().pk, "items")
        assert carlas.next_word() == "items", "Ana's word must not have come first"


def test_every_open_page_hears_it(port: int, ana: User) -> None:
    cookies = cookies_of(ana)
    with ExitStack() as stack:
        pages = [stack.enter_context(Page(port, cookies)) for _ in range(12)]
        live.publish(ana.organizations.get().pk, "questions", "runs")

        for page in pages:
            assert {page.next_word(), page.next_word()} == {"questions", "runs"}


def test_a_flood_is_a_few_words(port: int, ana: User) -> None:
    organization_id = ana.organizations.get().pk
    with Page(port, cookies_of(ana)) as page:
        for _ in range(500):
            live.publish(organization_id, "orders")
        time.sleep(3 * live.PAUSE_S)
        live.publish(organization_id, "items")
        words = [page.next_word()]
        while words[-1] != "items":
            words.append(page.next_word())

    assert len(words) < 20


def test_what_is_rolled_back_was_never_said(port: int, ana: User) -> None:
    organization_id = ana.organizations.get().pk
    with Page(port, cookies_of(ana)) as page:
        with transaction.atomic():
            live.publish(organization_id, "orders")
            transaction.set_rollback(True)
        with transaction.atomic():
            live.publish(organization_id, "items")

        assert page.next_word() == "items"


@pytest.mark.parametrize("cookies", ["", "sessionid=made-up"])
def test_nobody_listens_without_a_login(port: int, cookies: str) -> None:
    with Page(port, cookies) as page:
        assert page.response.status == 401


def test_it_only_answers_get(port: int, ana: User) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", "/live", headers={"Cookie": cookies_of(ana)})

    assert connection.getresponse().status == 405


def test_a_page_that_left_is_forgotten(port: int, ana: User) -> None:
    with Page(port, cookies_of(ana)):
        pass
    with Page(port, cookies_of(ana)) as page:
        live.publish(ana.organizations.get().pk, "orders")
        assert page.next_word() == "orders"


def test_the_server_stops_at_once_with_pages_open(ana: User) -> None:
    cookies = cookies_of(ana)
    with processes.live() as (port, process), Page(port, cookies) as page:
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)

        assert page.next_word() == ""
        assert process.wait(5) in (0, -signal.SIGTERM)
        assert time.monotonic() - began < 3
