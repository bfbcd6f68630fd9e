"""Every request, measured: counted for `/metrics`, told to the log, and known there by its id."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponseBase

from painelml import metrics

log = structlog.get_logger("painelml.requests")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
MACHINES = frozenset({"painelml.health.healthz", "painelml.health.readyz", "painelml.health.metrics"})
"""Asked every few moments, and what goes wrong there says so itself."""


class MeasuredMiddleware:
    """Stands before all others but the short way of notifications, which are counted where they are
    answered, so that it sees every answer.

    A route is the name of its address, never the path: paths hold ids, and some hold a token.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - began
        route = route_of(request)
        method = request.method if request.method in METHODS else "other"
        metrics.REQUESTS.observe(seconds, str(method), route, str(response.status_code))
        is_trouble = response.status_code >= 500
        if route in MACHINES or (route == "none" and not is_trouble):
            return response
        (log.warning if is_trouble else log.info)(
            "request_answered",
            request_id=getattr(request, "request_id", None),
            method=method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000),
        )
        return response


def route_of(request: HttpRequest) -> str:
    """Return the name of the address; `none` for one that does not exist, and for static files."""
    return request.resolver_match.view_name if request.resolver_match else "none"
