"""The panel as an app on a phone or a desk: its manifest, its service worker, and the page shown offline.

The worker keeps static files and the offline page, never a page with anybody's data.
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

ICONS = [("icon-192", 192, "any"), ("icon-512", 512, "any"), ("icon-maskable-512", 512, "maskable")]
KEPT = ["img/logo.svg", "js/theme.js", "js/offline.js"]
"""What the offline page needs beside the style sheets."""


@require_GET
@vary_on_headers("Accept-Language", "Cookie")
def manifest(request: HttpRequest) -> JsonResponse:
    def shortcut(name: str, page: str, query: str = "") -> dict[str, Any]:
        return {"name": name, "url": reverse(page) + query}

    shown = {
        "id": "/",
        "name": "Painel ML",
        "short_name": "Painel ML",
        "description": _("Your Mercado Livre sales, shipments and questions in one place."),
        "lang": get_language(),
        "start_url": reverse("overview"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#f4f5f9",
        "theme_color": "#2f5be0",
        "icons": [
            {
                "src": static(f"img/app/{name}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for name, size, purpose in ICONS
        ],
        "shortcuts": [
            shortcut(_("Questions"), "questions:list", "?status=UNANSWERED"),
            shortcut(_("Shipments"), "shipments:board"),
            shortcut(_("Orders"), "orders:list"),
        ],
    }
    return JsonResponse(shown, content_type="application/manifest+json")


@require_GET
@never_cache
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker's script. It lives at the root, because a worker rules only over addresses below its own."""
    context = {
        "version": version(),
        "offline": json.dumps(reverse("offline")),
        "static": json.dumps(settings.STATIC_URL),
        "kept": json.dumps(kept()),
    }
    return render(request, "service_worker.js", context, content_type="text/javascript")


@require_GET
@never_cache
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown while the network is gone. Knows nobody: it is kept in the browser."""
    response = HttpResponse(render_to_string("offline.html"))
    response.headers["Content-Language"] = get_language() or settings.LANGUAGE_CODE
    return response


@cache
def kept() -> list[str]:
    sheets = Path(settings.BASE_DIR, "static/css")
    names = [f"css/{sheet.relative_to(sheets).as_posix()}" for sheet in sorted(sheets.rglob("*.css"))]
    return [static(name) for name in [*names, *KEPT]]


def version() -> str:
    """Return what changes with the static files, so that a new release's worker forgets the old ones."""
    stamp = getattr(staticfiles_storage, "manifest_hash", "") or " ".join(kept())
    return sha256(stamp.encode()).hexdigest()[:12]
