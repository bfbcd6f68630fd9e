"""The API does what its description says: schemathesis tries every operation of it over real rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from painelml.web.docs import document
from painelml.wsgi import application

from .addresses import IDS
from .conftest import program_of, undone
from .world import World

CHECKS = [
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
METHODS = ("get", "post", "put", "patch", "delete")
OPERATIONS = [
    (method, path)
    for path, methods in document("en")["paths"].items()
    for method in METHODS
    if method in methods
]
bounded = settings(
    max_examples=5,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_it_is_a_valid_description() -> None:
    """Beyond its form, which tests/api checks: references, names of operations, parameters of paths."""
    problems = [problem.message for problem in OpenAPIV31SpecValidator(document("en")).iter_errors()]
    assert problems == []


def test_it_is_made_without_a_guess() -> None:
    """Of types, and of names for choices that several fields of the same name have."""
    GENERATOR_STATS.reset()
    SchemaGenerator().get_schema(request=None, public=True)
    assert not GENERATOR_STATS


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """The requests come in by WSGI, after which Django closes a connection; here it holds the test's rows."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def described() -> Any:
    description = schemathesis.openapi.from_dict(document("en"))
    description.app = application
    return description


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_an_operation_answers_as_it_is_described(ours: World, described: Any, method: str, path: str) -> None:
    """With what the description allows, on rows that are there and on such as are not."""
    headers = program_of(ours.person).headers
    real = IDS.get(path.lstrip("/").partition("}")[0] + "}")

    @settings(bounded)
    @given(case=described[path][method].as_strategy(), is_real=st.booleans())
    def answers(case: Any, is_real: bool) -> None:
        if real and is_real and "id" in case.path_parameters:
            case.path_parameters["id"] = str(real(ours))
        for name in ("X-Organization", "Authorization", "X-Api-Key"):
            case.headers.pop(name, None)
        with undone():
            response = case.call(headers=headers)
        refused_by_mercado_livre = response.status_code in (502, 503)
        assert response.status_code < 500 or refused_by_mercado_livre, f"{case.as_curl_command()}"
        case.validate_response(response, checks=CHECKS)

    answers()
