"""What callers send and are answered: JSON, read and written so that nothing in it ends in an error of
ours."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer


class BodyParser(JSONParser):
    """What is nested too deep to be read is as wrong as broken JSON."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().parse(*args, **kwargs)
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deep.")) from error


class EscapingRenderer(JSONRenderer):
    ensure_ascii = True


class BodyRenderer(JSONRenderer):
    """Half a character somebody sent and an answer repeats is escaped: it cannot be written otherwise."""

    def render(self, *args: Any, **kwargs: Any) -> bytes:
        try:
            return super().render(*args, **kwargs)
        except UnicodeEncodeError:
            return EscapingRenderer().render(*args, **kwargs)
