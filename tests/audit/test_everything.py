"""Nothing a person or an API key does is missing from the log: every address of the panel is tried."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import Account, Organization, User
from painelml.audit import trail
from painelml.audit.middleware import UNRECORDED, AuditMiddleware
from painelml.audit.models import Entry
from painelml.audit.words import ACTIONS, Outcome

OF_DJANGO = ("admin:",)
"""The administration keeps its own log; each line of it is copied (painelml/audit/people.py)."""


def addresses(patterns: Any = None, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield every address of the panel with its full name."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from addresses(pattern.url_patterns, inner)
        else:
            yield f"{namespace}{pattern.name or ''}", pattern


def takes_changes(pattern: URLPattern) -> bool:
    """Whether an address takes anything but reading; unknown counts as yes."""
    actions = getattr(pattern.callback, "actions", None)
    if actions is not None:
        return bool(set(actions) - {"get", "head", "options"})
    return True


NAMES = sorted(
    {
        name
        for name, pattern in addresses()
        if name and takes_changes(pattern) and not name.startswith(OF_DJANGO)
    }
)


class Match:
    def __init__(self, name: str) -> None:
        self.view_name, self.kwargs = name, {"pk": 7}


@pytest.fixture
def send(ana: User, shop: Organization) -> Any:
    """Send a request of Ana's through the middleware to a view that records nothing itself."""

    def sent(name: str, status: int, method: str = "post") -> HttpResponse:
        request: Any = getattr(RequestFactory(), method)("/somewhere/")
        request.user, request.organization, request.resolver_match = ana, shop, Match(name)

        def view(request: HttpRequest) -> HttpResponse:
            return HttpResponse(status=status)

        return AuditMiddleware(view)(request)  # type: ignore[return-value]

    return sent


@pytest.mark.parametrize("name", NAMES)
def test_what_a_view_forgets_is_recorded_all_the_same_unless_it_says_why_not(send: Any, name: str) -> None:
    send(name, 200)

    assert Entry.objects.filter(action="other", object_name=name).exists() == (name not in UNRECORDED)


@pytest.mark.parametrize("name", NAMES)
def test_an_attempt_a_role_does_not_allow_is_recorded(send: Any, name: str) -> None:
    send(name, 403)

    found = Entry.objects.filter(action="other", object_name=name, outcome=Outcome.REFUSED)
    assert found.exists() == (name not in UNRECORDED)


def test_every_exception_is_an_address_and_has_its_reason() -> None:
    names = {name for name, _pattern in addresses()}

    assert set(UNRECORDED) - names == set()
    assert all(len(reason) > 20 for reason in UNRECORDED.values())


@pytest.mark.parametrize(("status", "method"), [(200, "get"), (422, "post"), (404, "post"), (400, "delete")])
def test_reading_and_what_came_to_nothing_fill_no_log(send: Any, status: int, method: str) -> None:
    send("orders:list", status, method)

    assert not Entry.objects.exists()


def test_what_is_recorded_where_it_is_done_is_not_recorded_twice(
    ana: User, shop: Organization, account: Account
) -> None:
    request: Any = RequestFactory().post("/accounts/1/pause/")
    request.user, request.organization, request.resolver_match = ana, shop, Match("accounts:pause")

    def view(request: HttpRequest) -> HttpResponse:
        trail.record("account.paused", account)
        return HttpResponse()

    AuditMiddleware(view)(request)

    assert [entry.action for entry in Entry.objects.all()] == ["account.paused"]


def test_every_word_is_used_somewhere() -> None:
    from pathlib import Path

    root = Path(__file__).resolve().parents[2]
    apps = ("accounts", "catalog", "orders", "questions", "shipments", "webhooks", "painelml")
    source = "".join(
        path.read_text()
        for app in apps
        for path in (root / app).rglob("*.py")
        if path.name != "words.py" and "migrations" not in path.parts
    )

    assert [word for word in ACTIONS if f'"{word}"' not in source] == []
