"""What is said when something broke: 503 while the database is away, 500 for the rest."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

RETRY_S = 15


def broken(request: HttpRequest) -> HttpResponse:
    """Django calls this while it handles the exception. Nothing here asks the database."""
    is_away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status = 503 if is_away else 500
    headers = {"Retry-After": str(RETRY_S)} if is_away else {}
    if request.path_info.startswith("/api/"):
        words = _("The panel cannot reach its database. Try again in a moment.") if is_away else ""
        detail = words or _("Something broke on our side.")
        return JsonResponse({"detail": detail}, status=status, headers=headers)
    return HttpResponse(render_to_string(f"{status}.html"), status=status, headers=headers)
