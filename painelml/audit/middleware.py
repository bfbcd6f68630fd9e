"""Tells the audit log of the request under way, and records what its view forgot."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from structlog.contextvars import bound_contextvars

from . import trail

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
REQUEST_ID = re.compile(r"^[\w.-]{8,64}$", re.ASCII)

UNRECORDED = {
    "language": "the language of one's own pages",
    "team:switch": "which of one's own organizations the pages are about; nothing is changed",
    "costs:file": "shows what a file holds; `costs:confirm` stores it and is recorded",
    "account_reauthenticate": "asks for the password again before something that is recorded",
    "mfa_reauthenticate": "asks for the second factor again before something that is recorded",
    "api-token-refresh": "a machine's renewal of a token whose giving was recorded",
}
"""Requests that are no action, and why. Everything else that changes something is in the log."""


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
    """Record a change that its view did not, and every attempt that a role did not allow."""
    match = request.resolver_match
    if request.method in SAFE_METHODS or request.is_recorded or match is None:  # type: ignore[attr-defined]
        return
    if not request.user.is_authenticated or match.view_name in UNRECORDED:
        return
    is_refused = response.status_code == 403
    if response.status_code < 400 or is_refused:
        trail.record(
            "other",
            match.view_name or request.path_info[:200],
            after={"method": request.method, **match.kwargs},
            refused=is_refused,
        )
