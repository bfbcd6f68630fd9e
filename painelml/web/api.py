"""What every JSON endpoint shares: strict parameters, pages by key, values, errors (contract section 3.2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from typing import Any, ClassVar

from django.db import models
from django.http import Http404, QueryDict
from django.utils.translation import gettext as _
from rest_framework import mixins, serializers
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    NotAuthenticated,
    NotFound,
    Throttled,
    ValidationError,
)
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView, exception_handler
from rest_framework.viewsets import GenericViewSet

from accounts.access import sees_people
from accounts.models import Organization
from painelml import meli

from .filters import FilterForm
from .paging import Page, WrongCursor, page_at
from .refusals import words_for_codes
from .throttling import StrangerThrottle

PAGE_SIZE = 50
PAGE_SIZE_MAX = 200
PAGE_PARAMETERS = ("page_size", "ordering", "cursor")
RETRY_AFTER_S = 60
"""What a caller is told to wait when Mercado Livre is busy and does not say for how long."""


# Parameters


class NoParameters(FilterForm):
    """The form of an endpoint that takes no query parameter."""

    account_id = None  # type: ignore[assignment]
    q = None  # type: ignore[assignment]


class AccountForm(FilterForm):
    """The form of an endpoint that can be narrowed to one account, and by nothing else."""

    q = None  # type: ignore[assignment]


def read_parameters(
    given: QueryDict, form_class: type[FilterForm], organization: Organization, also: tuple[str, ...] = ()
) -> FilterForm:
    """Return the given parameters, checked. `also` names parameters that somebody else checks.

    Raises ValidationError naming each parameter that is unknown, given twice or wrong, and NotFound for an
    account of somebody else.
    """
    form = form_class(given, organization=organization)
    if form.has_error("account_id", "not_found"):
        raise NotFound(str(form.errors["account_id"][0]))
    errors = {name: [str(message) for message in messages] for name, messages in form.errors.items()}
    for name in given:
        if name not in form.fields and name not in also:
            errors[name] = [_("There is no such parameter.")]
        elif len(given.getlist(name)) > 1:
            errors[name] = [_("Give this parameter once.")]
    if errors:
        raise ValidationError(errors)
    return form


# Lists


class CursorPagination(BasePagination):
    """Pages by key: one query a page, however deep.

    The view's `orderings` are the names people order by and the columns behind them, the default first.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        params = request.query_params
        cursor = params.get("cursor", "")
        backwards = len(cursor) > 1 and cursor.startswith("-")
        try:
            self.page: Page[Any] = page_at(
                queryset,
                order=read_order(params.get("ordering", ""), orderings_of(view)),
                size=read_page_size(params.get("page_size", "")),
                after=None if backwards else cursor,
                before=cursor[1:] if backwards else None,
            )
        except WrongCursor:
            raise ValidationError({"cursor": [_("This cursor was not made for this list.")]}) from None
        self.address = request.build_absolute_uri()
        return self.page.rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "next": self.link(self.page.next),
                "previous": self.link(self.page.previous and f"-{self.page.previous}"),
                "results": data,
            }
        )

    def link(self, cursor: str | None) -> str | None:
        return replace_query_param(self.address, "cursor", cursor) if cursor else None

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        names = [sign + name for name in orderings_of(view) for sign in ("", "-")]
        size = {"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_MAX, "default": PAGE_SIZE}
        schemas = {
            "page_size": size,
            "ordering": {"type": "string", "enum": names},
            "cursor": {"type": "string"},
        }
        return [{"name": name, "in": "query", "schema": schemas[name]} for name in PAGE_PARAMETERS]


def orderings_of(view: APIView | None) -> dict[str, str]:
    return getattr(view, "orderings", None) or {"id": "id"}


def read_order(text: str, orderings: Mapping[str, str]) -> str:
    """Return the column to order by, `-` before it for the greatest first; the first one without a wish."""
    name = text.removeprefix("-") if text else next(iter(orderings))
    if name not in orderings:
        known = ", ".join(orderings)
        raise ValidationError({"ordering": [_("Order by one of: %(known)s.") % {"known": known}]})
    return ("-" if text.startswith("-") or not text else "") + orderings[name]


def read_page_size(text: str) -> int:
    if not text:
        return PAGE_SIZE
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= PAGE_SIZE_MAX):
        message = _("Enter a whole number from 1 to %(most)s.") % {"most": PAGE_SIZE_MAX}
        raise ValidationError({"page_size": [message]})
    return int(text)


# Values


class Word(serializers.CharField):
    """Text of Mercado Livre's; what it left empty is null."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"allow_null": True, **kwargs})

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(value) or None


class AboutPeople(serializers.CharField):
    """What tells who a buyer is: masked for viewers, and for whoever reads outside a request. Empty text is
    null where that is allowed."""

    def __init__(self, mask: Callable[[str], str], **kwargs: Any) -> None:
        self.mask = mask
        super().__init__(**kwargs)

    def to_representation(self, value: Any) -> Any:
        told = super().to_representation(value)
        if not told:
            return None if self.allow_null else told
        request = self.context.get("request")
        return told if request and sees_people(request) else self.mask(told)


class Instant(serializers.DateTimeField):
    """An instant in UTC: `2026-11-21T10:00:00Z`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"default_timezone": UTC, **kwargs})


class Money(serializers.DecimalField):
    """An amount as a decimal string; null while unknown."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 14, "decimal_places": 2, "allow_null": True, **kwargs})


class Share(serializers.DecimalField):
    """A part of a whole as a decimal string, "0.2500" for a quarter; null while unknown."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 20, "decimal_places": 4, "allow_null": True, **kwargs})


class Whole(serializers.IntegerField):
    """A JSON whole number: no text, no truth value, no fraction."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictSerializer(serializers.Serializer):
    """What a caller may send, and nothing else: an unknown field is an error that names it."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else ()
        errors: dict[str, Any] = {str(name): [_("There is no such field.")] for name in unknown}
        try:
            values = super().to_internal_value(data)
        except ValidationError as error:
            raise ValidationError({**error.detail, **errors}) from error  # type: ignore[dict-item]
        if errors:
            raise ValidationError(errors)
        return values


class RowSerializer(serializers.ModelSerializer):
    """Columns as the contract spells values: instants in UTC, amounts as strings, empty words as null."""

    serializer_field_mapping: ClassVar = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: Word,
        models.URLField: Word,
        models.DateTimeField: Instant,
    }

    def build_standard_field(self, field_name: str, model_field: models.Field[Any, Any]) -> Any:
        field_class, kwargs = super().build_standard_field(field_name, model_field)
        if issubclass(field_class, Word):
            kwargs = {}
        return field_class, {**kwargs, "read_only": True, "required": False}


class MirrorSerializer(RowSerializer):
    """What every mirrored row begins with."""

    account_id = serializers.IntegerField(read_only=True)
    id = serializers.CharField(source="meli_id", read_only=True)
    last_updated = Instant(source="remote_updated_at", read_only=True)

    FIRST: ClassVar = ("account_id", "id", "last_updated")


# Views


class ApiViewSet(GenericViewSet):
    """A view set whose parameters are strict.

    `query_forms` names the form of each action's query parameters (an action that is not there takes none);
    the checked form is `self.query`. `orderings` is what lists are ordered by, `roles` who may do what
    (accounts/permissions.py).
    """

    query_forms: ClassVar[dict[str, type[FilterForm]]] = {}
    orderings: ClassVar[dict[str, str]] = {}
    roles: ClassVar[dict[str, str]] = {}
    query: Any
    pagination_class = CursorPagination
    lookup_url_kwarg = "id"
    lookup_value_regex = r"[\w-]+"
    metadata_class = None  # OPTIONS tells nothing that /api/schema does not; DRF's looks for a row to do it

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action is not None:  # no action: the method is not allowed, whatever its parameters
            request.data  # noqa: B018  a body nobody can read is refused, also where none is needed
            form_class = self.query_forms.get(self.action, NoParameters)
            also = PAGE_PARAMETERS if self.action == "list" else ()
            organization = request.organization  # type: ignore[attr-defined]
            self.query = read_parameters(self.parameters(), form_class, organization, also)
            self.query.sees_people = sees_people(request)

    def parameters(self) -> QueryDict:
        """Return the parameters as they were given."""
        return self.request.query_params


class MirrorViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """List and detail of one kind of mirrored row. A subclass's `get_queryset` answers for `self.query`."""

    lookup_field = "meli_id"

    def get_object(self) -> Any:
        """Return the row with this id; of several accounts' the one of the account connected first."""
        row = self.get_queryset().filter(meli_id=self.kwargs["id"]).order_by("account_id").first()
        if row is None:
            raise NotFound
        self.check_object_permissions(self.request, row)
        return row


# Errors


class Conflict(APIException):
    """What was asked for does not fit the present state."""

    status_code = 409
    default_code = "conflict"


def handle_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer for an error: `{"detail": "..."}` or `{"field": ["..."]}`."""
    if isinstance(error, meli.MeliError):
        return answer_for(error)
    if isinstance(error, Http404):
        error = NotFound()  # what Django says names our classes, in English
    if isinstance(error, NotAuthenticated | AuthenticationFailed):
        error = or_throttled(error, context)
    response = exception_handler(error, context)
    if response is not None:
        response.data = with_detail(response.data)
    return response


def or_throttled(error: APIException, context: dict[str, Any]) -> APIException:
    """Return the refusal of a caller who is not logged in, or 429 for one who keeps calling: the throttles of
    a view come after its logins, so that they never saw this call.
    """
    throttle = StrangerThrottle()
    if throttle.allow_request(context["request"], context["view"]):
        return error
    return Throttled(throttle.wait())


def with_detail(data: Any) -> Any:
    """Return errors that belong to no field as one `detail`."""
    if isinstance(data, list):
        return {"detail": " ".join(str(message) for message in data)}
    if "non_field_errors" in data:
        return {"detail": " ".join(str(message) for message in data["non_field_errors"])}
    return data


def not_done(detail: str, *, fields: Iterable[str], codes: Iterable[str] = ()) -> Response:
    """Return the 409 for fields that Mercado Livre leaves as they are, whatever is sent."""
    body = {"detail": detail, "fields": list(fields)}
    return Response({**body, **({"code": code} if (code := min(codes, default="")) else {})}, 409)


def answer_for(error: meli.MeliError) -> Response:
    """Return what a caller is told when Mercado Livre did not do it: 429, 503, 409 or 502, and its code."""
    detail = words_for_codes(error.codes) or error.message or str(error)
    body: dict[str, Any] = {"detail": detail, "code": code_of(error)}
    if error.causes:
        body["causes"] = error.causes
    if isinstance(error, meli.Throttled):
        return Response(body, 429, headers={"Retry-After": retry_after(error)})
    if isinstance(error, meli.TryLater):
        return Response(body, 503, headers={"Retry-After": retry_after(error)})
    return Response(body, 409 if isinstance(error, meli.Conflict) else 502)


def code_of(error: meli.MeliError) -> str:
    """Return Mercado Livre's word for a refusal, else the status, else nothing: it did not answer."""
    cause = error.causes[0]["code"] if error.causes else ""
    return error.code or cause or str(error.status or "")


def retry_after(error: meli.MeliError) -> str:
    return str(math.ceil(RETRY_AFTER_S if error.retry_after is None else error.retry_after))
