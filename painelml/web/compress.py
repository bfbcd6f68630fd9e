"""Pages and their parts, made small on the way out."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressPagesMiddleware(GZipMiddleware):
    """Compresses HTML, where tables repeat themselves: a list of fifty rows becomes a sixth of itself.

    Nothing else: files are compressed when they are collected, exports are streamed, JSON goes to programs.
    What is added at random to each answer (Django's own) keeps its length from telling what is in it.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_page = response.get("Content-Type", "").startswith("text/html")
        if not is_page or response.streaming:
            return response
        found: HttpResponseBase = super().process_response(request, response)
        return found
