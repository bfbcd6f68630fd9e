"""A short way in for Mercado Livre."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from .views import receive


class ShortWayMiddleware:
    """Answers `POST /meli/webhooks` before any other middleware.

    Sessions, languages and what browsers are told mean nothing to Mercado Livre, and cost as much again as
    keeping the event.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return receive(request) if request.path_info == "/meli/webhooks" else self.get_response(request)
