"""What htmx asks of a view."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers

HEADERS = ("HX-Request", "HX-Boosted", "HX-History-Restore-Request", "HX-Target", "Painel-Live")


def wants_partial(request: HttpRequest) -> bool:
    """Say whether only a part of the page is asked for.

    A boosted link and a restored history entry are htmx requests too, but want the whole page.
    """
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def page_or_partial(
    request: HttpRequest, page: str, partial: str, context: dict[str, Any]
) -> TemplateResponse:
    """Return the page, or the partial it includes when htmx asked for that; caches keep the two apart.

    Templates know the second by `is_partial`.
    """
    is_partial = wants_partial(request)
    response = TemplateResponse(
        request, partial if is_partial else page, {**context, "is_partial": is_partial}
    )
    patch_vary_headers(response, HEADERS)
    return response
