"""The language a person reads: of the browser's cookie, else their own, else what the browser asks for."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation


def keep_language(response: HttpResponseBase, language: str) -> None:
    """Remember the language in this browser."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


class PersonLanguageMiddleware:
    """Speaks a person's own language in a browser that has no choice of its own, and remembers it there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        has_choice = settings.LANGUAGE_COOKIE_NAME in request.COOKIES
        language = "" if has_choice or not request.user.is_authenticated else request.user.language
        if language not in dict(settings.LANGUAGES):
            return self.get_response(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        keep_language(response, language)
        return response
