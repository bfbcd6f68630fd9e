"""The overview, and the language every page is read in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_GET, require_POST

from accounts.access import role_required
from accounts.models import Role

from . import overview as parts
from .context import filters_of, panel_of
from .filters import FilterForm
from .htmx import page_or_partial, wants_partial
from .language import keep_language

PAGE = "overview/overview.html"
PARTS = {
    "overview-now": ("overview/_now.html", parts.needs_you),
    "overview-runs": ("overview/_runs.html", parts.running),
    "overview-sales": ("overview/_sales.html", parts.sales),
}
"""By the id it replaces: each part of the overview and what it shows."""


@role_required(Role.VIEWER)
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    filters_of(request, FilterForm)
    part = PARTS.get(request.htmx.target) if wants_partial(request) else None  # type: ignore[attr-defined]
    context: dict[str, Any] = {}
    for _, shows in [part] if part else PARTS.values():
        context |= shows(panel_of(request))
    return page_or_partial(request, PAGE, part[0] if part else PAGE, context)


@role_required(Role.VIEWER)
@require_GET
def navigation(request: HttpRequest) -> HttpResponse:
    """The navigation of the page that asks, with the counts of this moment; `whole`: that of phones, too."""
    panel_of(request).section = request.GET.get("section", "")
    context = {"is_renewed": "whole" in request.GET}
    return render(request, "_navigation.html", context)


@role_required(Role.VIEWER)
@require_GET
def attention(request: HttpRequest) -> HttpResponse:
    """The bell, with what needs somebody at this moment."""
    filters_of(request, FilterForm)
    return render(request, "_attention.html")


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Read the panel in another language from now on: in this browser, and wherever the person logs in."""
    language = request.POST.get("language", "")
    address = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure()):
        address = "/"
    response = HttpResponseRedirect(address)
    if check_for_language(language) and language in dict(settings.LANGUAGES):
        keep_language(response, language)
        if request.user.is_authenticated:
            request.user.language = language
            request.user.save(update_fields=["language"])
    return response
