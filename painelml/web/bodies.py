"""What callers send and are answered: JSON, read and written so that nothing in it ends in an error of
ours, and nothing longer than we have a use for."""

from collections.abc import Callable
from contextlib import suppress
from json import JSONDecodeError
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer

FORM_MAX = 16 * 1024 * 1024
"""What a form with a file may have. A file is told to be too large from 5 MB on; this is for worse."""


class BodyLimitMiddleware:
    """Refuses what is too long before anybody reads it: files lie on the disk while their form is read, and
    JSON in memory. A body that does not say how long it is counts as none. The log names the address, which
    is otherwise found only behind all of this."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_form = request.content_type == "multipart/form-data"
        length = request.headers.get("Content-Length") or "0"
        most = FORM_MAX if is_form else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if length.isdecimal() and int(length) <= most:
            return self.get_response(request)
        with suppress(Resolver404):
            request.resolver_match = resolve(request.path_info)
        if request.path_info.startswith("/api/"):
            return JsonResponse({"detail": _("What was sent is too large.")}, status=413)
        return HttpResponse(render_to_string("413.html"), status=413)


class BodyParser(JSONParser):
    """What is nested too deep to be read is as wrong as broken JSON, and either is said in the caller's
    language.
    """

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().parse(*args, **kwargs)
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deep.")) from error
        except ParseError as error:
            wrong = error.__context__
            if not isinstance(wrong, JSONDecodeError):
                raise ParseError(_("This is not JSON.")) from error
            place = {"line": wrong.lineno, "column": wrong.colno}
            raise ParseError(
                _("This is not JSON from line %(line)s, column %(column)s on.") % place
            ) from error


class EscapingRenderer(JSONRenderer):
    ensure_ascii = True


class BodyRenderer(JSONRenderer):
    """Half a character somebody sent and an answer repeats is escaped: it cannot be written otherwise."""

    def render(self, *args: Any, **kwargs: Any) -> bytes:
        try:
            return super().render(*args, **kwargs)
        except UnicodeEncodeError:
            return EscapingRenderer().render(*args, **kwargs)
