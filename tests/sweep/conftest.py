"""Two shops side by side, and everybody who could come to an address."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import translation
from rest_framework.throttling import SimpleRateThrottle
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from painelml.sandbox import Sandbox
from webhooks import bell

from .world import THEIRS, World

SELLER = 1987654321


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep calls more often than anybody may; limits have tests of their own."""
    monkeypatch.setattr(SimpleRateThrottle, "allow_request", lambda *_: True)
    monkeypatch.setattr("django.conf.settings.ACCOUNT_RATE_LIMITS", False)


@pytest.fixture(autouse=True)
def _quiet_log(caplog: pytest.LogCaptureFixture) -> None:
    """Every refusal is logged; here that is thousands of lines."""
    for name in ("django.request", "django.security"):
        caplog.set_level(logging.ERROR, logger=name)


@pytest.fixture(autouse=True)
def _quiet_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker listens here."""
    monkeypatch.setattr(bell, "ring", lambda seller_id: None)


@pytest.fixture(scope="session")
def shared_box() -> Iterator[Sandbox]:
    with Sandbox(port=0, seed=11, sellers=2, orders=40, items=20, questions=20) as box:
        yield box


@pytest.fixture
def box(shared_box: Sandbox, settings: Any) -> Iterator[Sandbox]:
    """A Mercado Livre that answers what a write that got through sends."""
    settings.MELI_API_URL = settings.MELI_AUTH_URL = shared_box.url
    settings.MELI_CLIENT_ID = str(shared_box.box.application.id)
    settings.MELI_CLIENT_SECRET = shared_box.box.application.secret
    settings.MELI_MAX_RPM = 0
    shared_box.box.reset()
    yield shared_box
    shared_box.box.reset()


@pytest.fixture
def ours(db: None, box: Sandbox) -> World:
    """Ana's shop: a seller of the sandbox, and rows the sandbox knows."""
    tokens = box.grant(SELLER)
    ours = World(
        "Ana",
        meli_user_id=str(SELLER),
        access_token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
    )
    items = box.truth(SELLER, "items")
    known = {
        ours.item: next(id for id, item in items.items() if item["status"] != "closed"),
        ours.question: next(iter(box.truth(SELLER, "questions"))),
        ours.shipment: next(iter(box.truth(SELLER, "shipments"))),
        ours.order: next(iter(box.truth(SELLER, "orders"))),
    }
    for row, meli_id in known.items():
        row.meli_id = str(meli_id)
        row.save(update_fields=["meli_id"])
    return ours


@pytest.fixture
def theirs(ours: World) -> World:
    """Carla's shop, every row of which says so."""
    return World("Carla", says=THEIRS)


@contextmanager
def undone() -> Iterator[None]:
    """Undo what is written meanwhile. A savepoint and no block, so that durable blocks work in it."""
    savepoint = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(savepoint)


@contextmanager
def writing() -> Iterator[list[str]]:
    """Gather the statements that are more than a question: without one, no row can have changed."""
    statements: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield statements


@dataclass
class Visitor:
    """Somebody at the door: a browser with a session, a program with a JWT, or nobody."""

    client: Client = field(default_factory=Client)
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cookies = SimpleCookie(self.client.cookies.output(header="", sep=";"))

    def send(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        query: dict[str, Any] | None = None,
        **headers: str,
    ) -> Any:
        """Send a request; an API gets JSON, a page a form. Cookies are those of the beginning each time."""
        self.client.cookies = SimpleCookie(self.cookies.output(header="", sep=";"))
        content: Any = b""
        content_type = "application/json"
        if method not in ("GET", "HEAD", "OPTIONS"):
            has_file = any(hasattr(value, "read") for value in (body or {}).values())
            if path.startswith(("/api/", "/meli/")) and not has_file:
                content = json.dumps(body or {}).encode()
            else:
                content, content_type = encode_multipart(BOUNDARY, body or {}), MULTIPART_CONTENT
        address = f"{path}?{urlencode(query)}" if query else path
        return self.client.generic(
            method,
            address,
            content,
            content_type,
            headers={"accept-language": "en", **self.headers, **headers},
        )


def browser_of(person: User) -> Visitor:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return Visitor(client)


def program_of(person: User) -> Visitor:
    client = Client(raise_request_exception=False)
    return Visitor(client, {"authorization": f"Bearer {AccessToken.for_user(person)}"})


def nobody() -> Visitor:
    return Visitor(Client(raise_request_exception=False))
