"""The API describes itself, truly."""

from typing import Any

import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator, FormatChecker
from rest_framework.test import APIClient

from accounts.models import Account, User
from painelml.sync.models import SyncRun
from tests.factories import make_item, make_order, make_question, make_shipment


@pytest.fixture
def schema(client: Client) -> dict[str, Any]:
    answer = client.get("/api/schema")
    assert answer.status_code == 200
    return answer.json()


def check(schema: dict[str, Any], path: str, method: str, status: str, body: Any) -> None:
    """Fail when `body` is not what the description says this operation answers, or says more."""
    described = schema["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]
    closed = close({**described, "components": schema["components"]})
    Draft202012Validator(closed, format_checker=FormatChecker()).validate(body)


def close(schema: Any) -> Any:
    """Return the schema with every object that names its fields allowing no others."""
    if isinstance(schema, list):
        return [close(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: close(value) for name, value in schema.items()}
    is_object = closed.get("type") == "object" and "properties" in closed
    return {**closed, "additionalProperties": False} if is_object else closed


def test_it_is_valid_openapi_3_1(schema: dict[str, Any]) -> None:
    assert schema["openapi"] == "3.1.0"
    validate_schema(schema)


def test_no_component_points_nowhere(schema: dict[str, Any]) -> None:
    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*map(references, value.values()))
        return set().union(*map(references, value)) if isinstance(value, list) else set()

    known = {f"#/components/schemas/{name}" for name in schema["components"]["schemas"]}
    assert references(schema["paths"]) <= known
    assert references(schema["components"]) <= known


@pytest.mark.parametrize("path", ["items", "orders", "shipments", "questions"])
def test_the_resources_answer_as_described(
    api: APIClient, account: Account, schema: dict[str, Any], path: str
) -> None:
    item = make_item(account, variations=1)
    order = make_order(account, cancel_detail={"code": "stock"}, sale_fee=None)
    shipment = make_shipment(
        account, meli_id=order.shipment_id, parts={"history": [{"status": "shipped", "date": None}]}
    )
    question = make_question(account, answer_text="Sim", answered_at=order.date_created)
    make_question(account, due_at=None)
    rows = {"items": item, "orders": order, "shipments": shipment, "questions": question}
    check(schema, f"/api/{path}", "get", "200", api.get(f"/api/{path}?page_size=1").json())
    check(schema, f"/api/{path}", "get", "200", api.get(f"/api/{path}").json())
    detail = api.get(f"/api/{path}/{rows[path].meli_id}").json()
    check(schema, f"/api/{path}/{{id}}", "get", "200", detail)


@pytest.mark.parametrize("path", ["items", "orders", "shipments", "questions"])
def test_every_documented_parameter_is_taken_and_no_other(
    api: APIClient, account: Account, schema: dict[str, Any], path: str
) -> None:
    samples = {
        "account_id": str(account.pk),
        "cursor": "",
        "date_from": "2026-11-01",
        "date_to": "2026-11-20",
    }
    for parameter in schema["paths"][f"/api/{path}"]["get"]["parameters"]:
        if parameter["in"] != "query":
            continue
        name, described = parameter["name"], parameter["schema"]
        values = described.get("enum") or [samples.get(name, "1")]
        for value in values:
            assert api.get(f"/api/{path}", {name: value}).status_code == 200, (name, value)


@pytest.mark.parametrize("path", ["items", "orders", "shipments", "questions"])
def test_a_status_nobody_knows_yet_finds_nothing_and_the_description_says_so(
    api: APIClient, account: Account, schema: dict[str, Any], path: str
) -> None:
    answer = api.get(f"/api/{path}?status=bogus")
    assert (answer.status_code, answer.json()["results"]) == (200, [])
    parameters = schema["paths"][f"/api/{path}"]["get"]["parameters"]
    status = next(one for one in parameters if one["name"] == "status")
    assert "enum" not in status["schema"]
    assert status["schema"]["maxLength"] == 120
    assert set(status["schema"]["examples"]) & {"active", "paid", "delivered", "UNANSWERED"}
    assert "Mercado Livre" in status["description"]


def test_syncing_answers_as_described(api: APIClient, account: Account, schema: dict[str, Any]) -> None:
    started = api.post("/api/sync/start?scope=items")
    check(schema, "/api/sync/start", "post", "202", started.json())
    check(schema, "/api/sync/status", "get", "200", api.get("/api/sync/status").json())
    stopped = api.post(f"/api/sync/runs/{SyncRun.objects.get().pk}/cancel")
    check(schema, "/api/sync/runs/{id}/cancel", "post", "200", stopped.json())


def test_errors_are_as_described(api: APIClient, account: Account, schema: dict[str, Any]) -> None:
    check(schema, "/api/items", "get", "401", APIClient().get("/api/items").json())
    check(schema, "/api/items/{id}", "get", "404", api.get("/api/items/nothing").json())
    refused = api.get("/api/items?stock=plenty&page_size=10").json()
    Draft202012Validator({"type": "object", "additionalProperties": {"type": "array"}}).validate(refused)


@pytest.mark.parametrize("path", ["/api/items/{id}/locations", "/api/shipments/labels"])
def test_what_reads_at_mercado_livre_says_that_it_may_be_away(schema: dict[str, Any], path: str) -> None:
    answers = schema["paths"][path]["get"]["responses"]
    assert {"502", "503"} <= answers.keys()
    assert "Retry-After" in answers["503"]["description"]


def test_the_page_for_people_names_every_address(client: Client, schema: dict[str, Any]) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    for path in schema["paths"]:
        assert path in page.content.decode()


def test_the_page_for_people_needs_nothing_from_elsewhere(client: Client, ana: User) -> None:
    client.force_login(ana)
    page = client.get("/api/docs").content.decode()
    assert "<script>" not in page
    assert " style=" not in page
    assert "//cdn" not in page
