"""The page of the search, and the part of it that opens below the field in the top bar."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from accounts.access import role_required
from accounts.models import Role

from .context import filters_of, panel_of
from .filters import FilterForm
from .htmx import HEADERS, wants_partial
from .search import LONGEST, SHORTEST, newest_searched, search

SHOWN, SHOWN_BELOW = 20, 5
"""Rows of each kind on the page, and below the field."""


@role_required(Role.VIEWER)
@require_GET
def search_page(request: HttpRequest) -> HttpResponse:
    filters_of(request, FilterForm)
    is_partial = wants_partial(request)
    text = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST]
    newest = newest_searched(text)
    panel, most = panel_of(request), SHOWN_BELOW if is_partial else SHOWN
    groups = search(panel.accounts, text, most, newest, sees_people=panel.sees_people)
    template = "search/_found.html" if is_partial else "search/search.html"
    context = {
        "q": text,
        "groups": groups,
        "is_short": len(text) < SHORTEST,
        "newest": newest,
        "is_partial": is_partial,
    }
    response = TemplateResponse(request, template, context)
    patch_vary_headers(response, HEADERS)
    return response
