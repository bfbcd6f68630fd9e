"""Nothing a person or an API key does is missing from the log: every address of the panel is tried."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import Account, Organization, User
from painelml.audit import trail
from painelml.audit.addresses import UNRECORDED, WORDS
from painelml.audit.middleware import AuditMiddleware
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
    def __init__(self, name: str, **kwargs: Any) -> None:
        self.view_name, self.kwargs = name, kwargs or {"pk": 7}


@pytest.fixture
def send(ana: User, shop: Organization) -> Any:
    """Send a request of Ana's through the middleware to a view that records nothing itself."""

    def sent(name: str, status: int, method: str = "post", **kwargs: Any) -> HttpResponse:
        request: Any = getattr(RequestFactory(), method)("/somewhere/")
        request.user, request.organization, request.resolver_match = ana, shop, Match(name, **kwargs)

        def view(request: HttpRequest) -> HttpResponse:
            return HttpResponse(status=status)

        return AuditMiddleware(view)(request)  # type: ignore[return-value]

    return sent


@pytest.mark.parametrize("name", NAMES)
def test_what_a_view_forgets_is_recorded_all_the_same_unless_it_says_why_not(send: Any, name: str) -> None:
    send(name, 302)

    assert Entry.objects.filter(action="other", object_name=name).exists() == (name not in UNRECORDED)


@pytest.mark.parametrize("name", NAMES)
def test_an_attempt_a_role_does_not_allow_is_recorded(send: Any, name: str) -> None:
    send(name, 403)

    found = Entry.objects.filter(object_name=name, outcome=Outcome.REFUSED)
    assert found.exists() == (name not in UNRECORDED)
    assert not found.exists() or found.get().action == WORDS.get(name, "other")


def test_what_was_refused_is_called_what_it_would_have_been(send: Any) -> None:
    send("account-detail", 403, "delete")
    send("account-detail", 403, "patch")
    send("admin:accounts_user_delete", 403)

    words = Entry.objects.order_by("pk").values_list("action", flat=True)
    assert list(words) == ["account.disconnected", "account.changed", "admin.changed"]


@pytest.mark.parametrize("status", [302, 403])
def test_the_key_of_a_link_in_a_mail_is_not_kept(send: Any, status: int) -> None:
    send("account_reset_password_from_key", status, uidb36="1", key="set-password-now")

    assert Entry.objects.get().after == {"method": "POST", "uidb36": "1"}


def test_every_exception_and_every_word_is_of_an_address() -> None:
    names = {name for name, _pattern in addresses()}

    assert set(UNRECORDED) - names == set()
    assert all(len(reason) > 20 for reason in UNRECORDED.values())
    assert {name.rpartition(" ")[2] for name in WORDS} - names == set()
    assert set(WORDS.values()) - set(ACTIONS) == set()
    assert set(WORDS) & set(UNRECORDED) == set()


@pytest.mark.parametrize(("status", "method"), [(200, "get"), (422, "post"), (404, "post"), (400, "delete")])
def test_reading_and_what_came_to_nothing_fill_no_log(send: Any, status: int, method: str) -> None:
    send("orders:list", status, method)

    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "name", ["account_change_password", "mfa_activate_totp", "admin:accounts_user_change"]
)
def test_a_form_that_is_drawn_again_fills_no_log(send: Any, name: str) -> None:
    send(name, 200)

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
        if path.name not in ("words.py", "addresses.py") and "migrations" not in path.parts
    )

    assert [word for word in ACTIONS if f'"{word}"' not in source] == []
