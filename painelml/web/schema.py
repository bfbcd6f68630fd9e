"""The API described by itself: OpenAPI 3.1 at /api/schema, and a page for people at /api/docs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS

from .filters import ChoiceFilter, DayField, FilterForm, WordFilter


class Error(serializers.Serializer):
    """What went wrong, in words; `code` is Mercado Livre's own word when it refused."""

    detail = serializers.CharField()
    code = serializers.CharField(required=False)


class WritingError(Error):
    """Why it was not done; `fields` names what could not be changed, `applied` what was changed before."""

    causes = serializers.ListField(child=serializers.DictField(), required=False)
    fields = serializers.ListField(child=serializers.CharField(), required=False)  # type: ignore[assignment]
    applied = serializers.ListField(child=serializers.CharField(), required=False)


class Refusals(serializers.Serializer):
    """What is wrong with each field or parameter, or one `detail`."""

    detail = serializers.CharField(required=False)


ERRORS = {
    "400": "A parameter or field is wrong; the answer names it.",
    "401": "Not logged in.",
    "403": "The role does not allow it.",
    "404": "There is no such thing, or it belongs to somebody else.",
    "429": "Too many calls; `Retry-After` says for how many seconds to wait.",
}
ERRORS_OF_ASKING = {
    "502": "Mercado Livre refused; `code` is its own word for why.",
    "503": "Mercado Livre cannot be reached now; `Retry-After` says for how many seconds to wait.",
}
ERRORS_OF_WRITING = {"409": "It does not fit the present state.", **ERRORS_OF_ASKING}
ERRORS_OF_BODIES = {
    "413": "The body is longer than 2.5 MB, or a form with a file than 16 MB.",
    "415": "The body is of a kind that is not read here.",
}
ASKING: dict[Any, Any] = {
    int(code): OpenApiResponse(WritingError, meaning) for code, meaning in ERRORS_OF_ASKING.items()
}
"""For `extend_schema`: what reading answers, too, where it asks Mercado Livre."""

ORGANIZATION = OpenApiParameter(
    "X-Organization",
    int,
    OpenApiParameter.HEADER,
    description="The organization to act in; the person's default one without it.",
)

KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="A key of the caller's own: the same call with the same key acts once, for a day.",
)


class TokenScheme(OpenApiAuthenticationExtension):
    """How a program says who it is: without this the description of every operation leaves it out."""

    target_class = "accounts.logins.TokenAuthentication"
    name = "jwtAuth"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class Schema(AutoSchema):
    """Knows our query forms, the header for organizations, and the errors every endpoint may answer."""

    def get_override_parameters(self) -> list[Any]:
        form_class = getattr(self.view, "query_forms", {}).get(getattr(self.view, "action", None))
        headers = [ORGANIZATION, KEY] if self.acts_once() else [ORGANIZATION]
        return [*headers, *(parameters_of(form_class) if form_class else [])]

    def acts_once(self) -> bool:
        endpoint = getattr(self.view, getattr(self.view, "action", None) or "", None)
        return bool(getattr(endpoint, "acts_once", False))

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            is_writing = self.method not in SAFE_METHODS
            of_keys = {"422": "This `Idempotency-Key` was used for another call."} if self.acts_once() else {}
            of_writing = {**ERRORS_OF_WRITING, **ERRORS_OF_BODIES} if is_writing else {}
            for code, meaning in {**ERRORS, **of_writing, **of_keys}.items():
                body = {"400": Refusals}.get(code, WritingError if code in ERRORS_OF_WRITING else Error)
                answer = self._get_response_for_code(body, code)
                operation["responses"].setdefault(code, {**answer, "description": meaning})
        return operation


def parameters_of(form_class: type[FilterForm]) -> list[OpenApiParameter]:
    """Return the fields of a query form as parameters."""
    return [
        OpenApiParameter(name, type_of(field), required=field.required, description=meaning_of(field))
        for name, field in form_class.base_fields.items()
    ]


def meaning_of(field: forms.Field) -> str:
    label = str(field.label or "")
    if isinstance(field, WordFilter) and known_words(field):
        more = _("Any word of Mercado Livre's; those it may still invent find nothing until a row has them.")
        return f"{label}. {more}"
    return label


def known_words(field: WordFilter) -> list[str]:
    """Return the words of Mercado Livre's that we have words for; it may use others."""
    choices: Any = getattr(field.widget, "choices", ())
    return [value for value, _label in choices if value]


def type_of(field: forms.Field) -> dict[str, Any]:
    match field:
        case forms.IntegerField():
            bounds = {"minimum": field.min_value, "maximum": field.max_value}
            return {"type": "integer"} | {word: bound for word, bound in bounds.items() if bound is not None}
        case ChoiceFilter():
            choices: Any = field.choices
            return {"type": "string", "enum": [value for value, _label in choices if value]}
        case WordFilter():
            examples = {"examples": words} if (words := known_words(field)) else {}
            return {"type": "string", "maxLength": field.max_length, **examples}
        case DayField():
            return {"type": "string", "examples": ["2026-11-21", "2026-11-21T10:00:00Z"]}
        case _:
            return {"type": "string"}
