"""Tells the audit log of the request under way, and records what its view forgot."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from structlog.contextvars import bound_contextvars

from . import trail
from .addresses import UNRECORDED, word_for

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
OF_PACKAGES = ("account_", "mfa_", "admin:")
"""How the names of addresses begin whose views are allauth's and Django's."""
ASKING_AGAIN = ("account_reauthenticate", "mfa_reauthenticate")
REQUEST_ID = re.compile(r"^[\w.-]{8,64}$", re.ASCII)


class AuditMiddleware:
    """Gives every request an id (the proxy's `X-Request-ID` when it looks like one), and answers it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if REQUEST_ID.match(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
        request.is_recorded = False  # type: ignore[attr-defined]
        token = trail.current.set(request)
        try:
            with bound_contextvars(request_id=request.request_id):  # type: ignore[attr-defined]
                response = self.get_response(request)
                record_the_rest(request, response)
        finally:
            trail.current.reset(token)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response


def record_the_rest(request: HttpRequest, response: HttpResponseBase) -> None:
    """Record every attempt that was not allowed, and a change that its view said nothing of."""
    match = request.resolver_match
    if request.method in SAFE_METHODS or request.is_recorded or match is None:  # type: ignore[attr-defined]
        return
    name = match.view_name or request.path_info[:200]
    if not request.user.is_authenticated or name in UNRECORDED:
        return
    if response.status_code == 403:
        trail.record(word_for(name, request.method), name, after=call_of(request), refused=True)
    elif response.status_code < 400 and not is_asked_first(name, response):
        trail.record("other", name, after=call_of(request))


def call_of(request: HttpRequest) -> dict[str, object]:
    """Return the request's own words; the `key` of a link in a mail is as good as a password."""
    kwargs = request.resolver_match.kwargs  # type: ignore[union-attr]
    return {"method": request.method, **{name: one for name, one in kwargs.items() if name != "key"}}


def is_asked_first(name: str, response: HttpResponseBase) -> bool:
    """Whether a package drew its form once more, where ours say 422, or the password is asked for again."""
    if response.status_code == 200:
        return name.startswith(OF_PACKAGES)
    return urlsplit(response.headers.get("Location", "")).path in map(reverse, ASKING_AGAIN)
