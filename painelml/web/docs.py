"""The API described: OpenAPI 3.1 for programs at /api/schema, a page for people at /api/docs; both public."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    return JsonResponse(document(get_language()))


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "api/docs.html", {"groups": groups_of(document(get_language()))})


@csrf_exempt
def not_found(request: HttpRequest) -> HttpResponse:
    """Answer for any other address under /api/ as the API does, not with a page."""
    return JsonResponse({"detail": _("There is no such address.")}, status=404)


@cache
def document(language: str) -> dict[str, Any]:
    """Return the OpenAPI document; it only changes with the code, so each language is made once."""
    with override(language):
        description: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return description


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body or an answer."""

    name: str
    type: str
    is_required: bool
    description: str


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    description: str
    parameters: list[Field]
    body: list[Field]
    answer: list[Field]
    codes: list[tuple[str, str]]


def groups_of(document: dict[str, Any]) -> list[tuple[str, list[Operation]]]:
    """Return each tag with its operations, in the order of their addresses."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                operation = methods[method]
                groups.setdefault(operation["tags"][0], []).append(
                    read_operation(document, method, path, operation)
                )
    return list(groups.items())


def read_operation(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> Operation:
    responses = operation["responses"]
    done: dict[str, Any] = next((answer for code, answer in responses.items() if code.startswith("2")), {})
    return Operation(
        method.upper(),
        path,
        operation.get("description", ""),
        [read_parameter(parameter) for parameter in operation.get("parameters", [])],
        fields_of(document, schema_in(operation.get("requestBody", {}))),
        fields_of(document, schema_in(done)),
        [(code, answer.get("description", "")) for code, answer in responses.items()],
    )


def schema_in(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = body.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def read_parameter(parameter: dict[str, Any]) -> Field:
    return Field(
        parameter["name"],
        type_name(parameter["schema"]),
        parameter.get("required", False),
        parameter.get("description", ""),
    )


def fields_of(document: dict[str, Any], schema: dict[str, Any]) -> list[Field]:
    """Return the fields of an object; of a page of a list, those of one row."""
    schema = resolve(document, schema)
    properties = schema.get("properties", {})
    if "results" in properties:
        return fields_of(document, properties["results"]["items"])
    required = schema.get("required", [])
    return [
        Field(name, type_name(field), name in required, resolve(document, field).get("description", ""))
        for name, field in properties.items()
    ]


def resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return the component a schema points to, or the schema itself."""
    if "$ref" not in schema:
        return schema
    component: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return component


def type_name(schema: dict[str, Any]) -> str:
    """Return a type as people write it: `string | null`, `list of Variation`, `in | low | out`."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return " | ".join("null" if word is None else str(word) for word in schema["enum"])
    for choice in ("oneOf", "anyOf", "allOf"):
        if choice in schema:
            return " | ".join(type_name(one) for one in schema[choice])
    kinds = schema.get("type", "any")
    words = kinds if isinstance(kinds, list) else [kinds]
    if "array" in words:
        of = _("list of %(type)s") % {"type": type_name(schema.get("items", {}))}
        words = [of if word == "array" else word for word in words]
    if "date-time" in schema.get("format", ""):
        words = [_("instant") if word == "string" else word for word in words]
    return " | ".join(words)
