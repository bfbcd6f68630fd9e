"""Whatever is wrong with a call is said, with the name of the parameter or field (contract 3.2).

The second half walks every endpoint there is, as the schema tells them: a new one is tried on the day it
appears, and one that takes a body fails until BODIES has what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.models import Account
from catalog.costs import BEGINNING
from catalog.models import ProductCost, SaleCost
from painelml.sync.models import SyncRun
from painelml.web.docs import document
from painelml.web.paging import encode_cursor
from tests.factories import make_account, make_item, make_order, make_question, make_shipment

LISTS = ["/api/items", "/api/orders", "/api/shipments", "/api/questions"]
HUGE = "9" * 400


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page_size", "9999"),
        ("page_size", "0"),
        ("page_size", "-1"),
        ("page_size", "ten"),
        ("page_size", "1.5"),
        ("page_size", "²"),
        ("page_size", HUGE),
        ("ordering", "payload"),
        ("ordering", "--date_created"),
        ("ordering", "account__access_token"),
        ("cursor", "nonsense"),
        ("cursor", "-"),
        ("cursor", "-nonsense"),
        ("cursor", "\0"),
        ("cursor", HUGE),
        ("account_id", "mine"),
        ("account_id", "1.5"),
        ("statsu", "paid"),
        ("format", "csv"),
        ("search", "x"),
        ("q", "x" * 101),
        ("q", "a\0b"),
        ("status", HUGE),
    ],
)
def test_a_list_refuses_what_it_does_not_understand(
    api: APIClient, account: Account, path: str, name: str, value: str
) -> None:
    answer = api.get(f"{path}?{name}={quote(value)}")
    assert answer.status_code == 400
    assert list(answer.json()) == [name]
    assert all(isinstance(message, str) for message in answer.json()[name])


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/api/items?stock=plenty", "stock"),
        ("/api/orders?date_from=yesterday", "date_from"),
        ("/api/orders?date_to=2026-13-45", "date_to"),
        ("/api/orders?date_to=2026-02-30", "date_to"),
        ("/api/shipments?late=perhaps", "late"),
        ("/api/shipments?dispatch=never", "dispatch"),
        ("/api/questions?sla=fine", "sla"),
        ("/api/questions?date_from=2026-11-20T99:00:00Z", "date_from"),
        ("/api/orders?date_from=2026-11-20&date_to=2026-11-19", "date_to"),
        ("/api/questions?date_from=2026-11-20T15:00:01Z&date_to=2026-11-20T15:00:00Z", "date_to"),
        ("/api/items?status=active&status=paused", "status"),
        ("/api/items/MLB1?fields=all", "fields"),
        ("/api/sync/status?scope=items", "scope"),
    ],
)
def test_a_bad_value_is_named(api: APIClient, account: Account, address: str, name: str) -> None:
    answer = api.get(address)
    assert answer.status_code == 400
    assert list(answer.json()) == [name]


def test_everything_that_is_wrong_is_named_at_once(api: APIClient, account: Account) -> None:
    assert set(api.get("/api/items?stock=plenty&colour=red").json()) == {"stock", "colour"}


def test_an_empty_value_narrows_nothing(api: APIClient, account: Account) -> None:
    make_order(account)
    assert len(api.get("/api/orders?status=&account_id=&date_from=&page_size=").json()["results"]) == 1


def test_a_cursor_of_another_ordering_is_refused(api: APIClient, account: Account) -> None:
    cursor = encode_cursor(make_order(account), "-date_created")
    assert api.get(f"/api/orders?cursor={cursor}").status_code == 200
    assert list(api.get(f"/api/orders?ordering=net&cursor={cursor}").json()) == ["cursor"]


def test_a_cursor_somebody_changed_is_refused(api: APIClient, account: Account) -> None:
    cursor = encode_cursor(make_order(account), "-date_created")
    assert api.get(f"/api/orders?cursor={cursor[:-1]}").status_code == 400


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("id", ["nothing", HUGE, "0", "MLB1;drop", "%00", "a%2Fb", "ção"])
def test_an_id_nobody_has_is_404(api: APIClient, account: Account, path: str, id: str) -> None:
    answer = api.get(f"{path}/{id}")
    assert answer.status_code == 404
    assert list(answer.json()) == ["detail"]


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/items/", "/api/items/MLB1/nothing"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_address_that_does_not_exist_is_404_in_json(api: APIClient, path: str, method: str) -> None:
    answer = getattr(api, method)(path)
    assert answer.status_code == 404
    assert list(answer.json()) == ["detail"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_method_a_list_does_not_have_is_405(api: APIClient, path: str, method: str) -> None:
    answer = getattr(api, method)(path, {}, format="json")
    assert answer.status_code == 405
    assert list(answer.json()) == ["detail"]


# Every endpoint


class Endpoint(NamedTuple):
    """One method of one address, as the schema describes it."""

    method: str
    path: str
    operation: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def parameters(self) -> list[dict[str, Any]]:
        return [one for one in self.operation.get("parameters", []) if one["in"] == "query"]

    @property
    def takes_a_body(self) -> bool:
        return "requestBody" in self.operation

    def call(self, api: APIClient, id: Any = 1, query: str = "", body: Any = None, **more: Any) -> Any:
        address = self.path.replace("{id}", quote(str(id), safe="")) + (f"?{query}" if query else "")
        return getattr(api, self.method)(address, body, **more)


FILES = {"POST /api/costs/import"}
"""Endpoints that take a file."""
METHODS = ("get", "post", "put", "patch", "delete")
LOGIN = "/api/auth/"
EVERY = [
    Endpoint(method, path, operation)
    for path, operations in document("en")["paths"].items()
    for method, operation in operations.items()
    if method in METHODS
]
INSIDE = [one for one in EVERY if not one.path.startswith(LOGIN)]
"""Endpoints for people who are logged in."""


def named(endpoints: list[Endpoint]) -> Any:
    return pytest.mark.parametrize("endpoint", endpoints, ids=[one.name for one in endpoints])


def said(answer: Any) -> set[str]:
    """Return what an answer names, each with its reasons in words."""
    body = answer.json()
    assert all(message for message in body.values())
    return set(body)


def test_the_walk_sees_them_all() -> None:
    assert {one.name for one in EVERY} >= {
        "GET /api/items", "PATCH /api/items/{id}", "POST /api/questions/{id}/answer",
        "GET /api/shipments/labels", "POST /api/costs/import", "POST /api/auth/token",
        "PUT /api/ml-accounts/{id}/service-level", "GET /meli/webhooks/pending",
    }  # fmt: skip


@named(INSIDE)
def test_a_parameter_nobody_knows_is_named(api: APIClient, account: Account, endpoint: Endpoint) -> None:
    answer = endpoint.call(api, query="colour=red")
    assert answer.status_code == 400
    assert "colour" in said(answer)


def wrong_values(parameter: dict[str, Any]) -> Iterator[str]:
    """Yield values that this query parameter cannot have."""
    schema = parameter["schema"]
    yield "a\0b"
    if "enum" in schema:
        yield "nonsense"
    elif schema.get("type") == "integer":
        yield from ("ten", "1.5", "1e3", "NaN", HUGE)
        yield from (str(schema[bound] + step) for bound, step in BOUNDS.items() if bound in schema)
    elif "2026-11-21" in schema.get("examples", []):
        yield from ("yesterday", "2026-13-45", "0001-01-01", "21/11/2026", HUGE)
    else:
        yield "x" * 2001


BOUNDS = {"minimum": -1, "maximum": 1}


@named([one for one in INSIDE if one.parameters])
def test_no_parameter_takes_what_it_cannot_have(api: APIClient, account: Account, endpoint: Endpoint) -> None:
    for parameter in endpoint.parameters:
        for value in wrong_values(parameter):
            answer = endpoint.call(api, query=f"{parameter['name']}={quote(value)}")
            told = (parameter["name"], value[:40], answer.status_code)
            assert answer.status_code in (400, 404), told
            if answer.status_code == 400:
                assert parameter["name"] in said(answer), told
            else:
                assert parameter["name"] == "account_id", told
        once = f"{parameter['name']}={account.pk}"
        twice = endpoint.call(api, query=f"{once}&{once}")
        assert (twice.status_code, parameter["name"] in said(twice)) == (400, True)


@named([one for one in INSIDE if any(p["name"] == "account_id" for p in one.parameters)])
def test_an_account_of_somebody_else_is_404(
    api: APIClient, account: Account, other_account: Account, endpoint: Endpoint
) -> None:
    answer = endpoint.call(api, query=f"account_id={other_account.pk}")
    is_short_of_more = answer.status_code == 400 and "account_id" not in said(answer)
    assert answer.status_code == 404 or is_short_of_more
    assert str(other_account) not in answer.content.decode()


@named(INSIDE)
def test_an_organization_of_somebody_else_is_404(
    api: APIClient, account: Account, other_account: Account, endpoint: Endpoint
) -> None:
    for header in (str(other_account.organization_id), "mine", "0", HUGE):
        assert endpoint.call(api, headers={"x-organization": header}).status_code == 404


FOREIGN: dict[str, Callable[[Account], Any]] = {
    "/api/items/": lambda account: make_item(account).meli_id,
    "/api/orders/": lambda account: make_order(account).meli_id,
    "/api/shipments/": lambda account: make_shipment(account).meli_id,
    "/api/questions/": lambda account: make_question(account).meli_id,
    "/api/ml-accounts/": lambda account: account.pk,
    "/api/sync/runs/": lambda account: SyncRun.objects.create(account=account, scope="items").pk,
    "/api/costs/": lambda account: cost_of(ProductCost, account, sku="X", amount=1),
    "/api/sale-costs/": lambda account: cost_of(SaleCost, account, tax_percent=1),
}


def cost_of(model: Any, account: Account, **fields: Any) -> int:
    return model.objects.create(account=account, starts_on=BEGINNING, **fields).pk


@named([one for one in INSIDE if "{id}" in one.path])
def test_an_id_of_somebody_else_or_of_nobody_is_404(
    api: APIClient, account: Account, other_account: Account, endpoint: Endpoint
) -> None:
    make = next((one for start, one in FOREIGN.items() if endpoint.path.startswith(start)), None)
    foreign = [make(other_account)] if make else []
    for id in [*foreign, "0", "9" * 18, HUGE, "nothing", "MLB1;drop", "a/b", "\0", "ção"]:
        answer = endpoint.call(api, id=id)
        assert (answer.status_code, list(answer.json())) == (404, ["detail"]), id


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"a": 1,\n "b"', "Isto não é JSON a partir da linha 2, coluna 5."),
        ('{"a": NaN}', "Isto não é JSON."),
        (b"\xff", "Isto não é JSON."),
    ],
)
def test_where_json_is_broken_is_said_in_the_callers_language(
    api: APIClient, account: Account, body: str | bytes, said: str
) -> None:
    answer = api.post(
        "/api/sync/start", body, content_type="application/json", headers={"accept-language": "pt-br"}
    )

    assert (answer.status_code, answer.json()) == (400, {"detail": said})


@named([one for one in EVERY if one.method != "get"])
def test_broken_json_is_400(api: APIClient, account: Account, endpoint: Endpoint) -> None:
    if endpoint.name in FILES:
        return  # takes a file; whatever else it is sent is 415
    for body in ("{", "{'a': 1}", '{"a": NaN}', "\x00", '"\\ud8', "[" * 100_000, '{"a":' * 50_000):
        answer = endpoint.call(api, body=body, content_type="application/json")
        assert (answer.status_code, said(answer)) == (400, {"detail"}), body[:20]


@named([one for one in EVERY if one.method != "get"])
def test_a_body_of_another_kind_is_415(api: APIClient, account: Account, endpoint: Endpoint) -> None:
    for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "x"):
        answer = endpoint.call(api, body="price=1", content_type=kind)
        assert (answer.status_code, said(answer)) == (415, {"detail"}), kind


# What is wrong with each body, and the field that is named for it

TEXTS = ["", " ", None, ["x"], {"a": "b"}, "a\0b"]
WHOLE = [None, "ten", 1.5, [], {}, "", -1, 10**400]
AMOUNTS = [None, "ten", "12,50", "NaN", "Infinity", "-0.01", -1, "1.001", [], {}, "", "1e400", 10**40]
DAYS = ["yesterday", "2026-02-30", "21/11/2026", 5, [], {}, "0001-01-01"]

Wrong = list[tuple[Any, str]]


def wrong_each(good: dict[str, Any], **values: list[Any]) -> Wrong:
    """Return the good body made wrong in one field after the other."""
    return [({**good, name: value}, name) for name, bad in values.items() for value in bad]


def any_body(*required: str) -> Wrong:
    """Return what is wrong with whatever is no object, has nothing of what it needs, or too much."""
    shapes: Wrong = [([], "detail"), ("x", "detail"), (1, "detail"), ([{}], "detail")]
    return [*shapes, *(({}, name) for name in required)]


UNKNOWN = {"colour": "red"}
COST = {"sku": "X", "amount": "1.00"}
SALE_COST = {"tax_percent": "1.00", "per_order": "1.00"}
ACCOUNT = {
    "account_name": ["x" * 121, ["x"], {}, None],
    "sync_interval_seconds": [*WHOLE, 59, 86_401],
    "is_primary": ["perhaps", [], {}, None, 2],
}
BODIES: dict[str, Wrong] = {
    "POST /api/auth/token": [
        *any_body("email", "password"),
        *wrong_each({"email": "a@b.example", "password": "x"}, email=TEXTS[:-1], password=TEXTS[2:-1]),
    ],
    "POST /api/auth/token/refresh": [*any_body("refresh"), *wrong_each({}, refresh=TEXTS[:-1])],
    "POST /api/ml-accounts": [
        *any_body("access_token"),
        *wrong_each(
            {"access_token": "APP_USR-1"},
            access_token=[*TEXTS, "x" * 2001],
            refresh_token=["x" * 2001, ["x"]],
            expires_in=[*WHOLE[:-1], 0],
            account_name=ACCOUNT["account_name"],
        ),
    ],
    "PUT /api/ml-accounts/{id}": [*any_body(), *wrong_each({}, **ACCOUNT)],
    "PATCH /api/ml-accounts/{id}": [*any_body(), *wrong_each({}, **ACCOUNT)],
    "PUT /api/ml-accounts/{id}/service-level": [
        *any_body("target_minutes"),
        *wrong_each(
            {"target_minutes": 60},
            target_minutes=WHOLE,
            time_zone=["x", 1, []],
            hours=["x", {}, [1], [{}]],
            holidays=["x", {}, [1], [{}]],
            colour=["red"],
        ),
    ],
    "PATCH /api/items/{id}": [
        *any_body("detail"),
        (UNKNOWN, "colour"),
        *wrong_each({}, price=[*AMOUNTS, 0], available_quantity=[*WHOLE, "4", True, 100_000],
                    status=[*TEXTS, "deleted"], variations=["x", {}, [], [1], [{}], None]),
    ],
    "POST /api/questions/{id}/answer": [
        *any_body("text"),
        *wrong_each({}, text=[*TEXTS, {}, "x" * 2001, "a\x07b", "a\x7fb", "\u200b" * 2001]),
    ],
    "POST /api/costs": [
        *any_body("account_id", "sku", "amount"),
        ({**COST, "account_id": 1, **UNKNOWN}, "colour"),
        *wrong_each({**COST, "account_id": 1}, account_id=WHOLE[:-2], sku=[*TEXTS[:3], ["x"], {}, "x" * 121,
                    "a\x07b"], amount=AMOUNTS, starts_on=DAYS),
    ],
    "PATCH /api/costs/{id}": [
        *any_body("amount"), *wrong_each({"amount": "1.00"}, amount=AMOUNTS, sku=["Y"], colour=["red"]),
    ],
    "POST /api/sale-costs": [
        *any_body("account_id", "tax_percent", "per_order"),
        *wrong_each({**SALE_COST, "account_id": 1}, account_id=WHOLE[:-2], tax_percent=[*AMOUNTS, "100.01"],
                    per_order=AMOUNTS, starts_on=DAYS, colour=["red"]),
    ],
    "PATCH /api/sale-costs/{id}": [
        *any_body(), *wrong_each({}, tax_percent=[*AMOUNTS, 101], per_order=AMOUNTS, colour=["red"]),
    ],
    "POST /api/exports": [
        *any_body("list"),
        *wrong_each({"list": "orders"}, list=[*TEXTS, "people"], format=[*TEXTS, "doc"],
                    reader=[*TEXTS, "nobody"], filters=["x", [], 1], colour=["red"]),
    ],
}  # fmt: skip


@named([one for one in EVERY if one.takes_a_body])
def test_a_wrong_body_is_400_and_names_its_field(
    api: APIClient, account: Account, endpoint: Endpoint
) -> None:
    if endpoint.name in FILES:
        return  # test_a_wrong_file_is_400 has them
    make = next((one for start, one in FOREIGN.items() if endpoint.path.startswith(start)), None)
    id = make(account) if make and "{id}" in endpoint.path else 1
    assert endpoint.name in BODIES, "Tell BODIES what can be wrong with this body."
    for body, field in BODIES[endpoint.name]:
        answer = endpoint.call(api, id=id, body=body, format="json")
        told = f"{str(body)[:80]} -> {answer.status_code} {answer.content.decode()[:200]}"
        assert answer.status_code == 400, told
        assert field in said(answer), told


def test_a_wrong_file_is_400(api: APIClient, account: Account) -> None:
    address = f"/api/costs/import?account_id={account.pk}"
    wrong: list[dict[str, Any]] = [
        {},
        {"file": ""},
        {"file": SimpleUploadedFile("costs.csv", b"")},
        {"file": SimpleUploadedFile("costs.csv", b"\0" * 100)},
        {"file": SimpleUploadedFile("costs.xlsx", b"PK\x03\x04" + b"x" * 100)},
        {"file": SimpleUploadedFile("costs.csv", b"x" * (5 * 1024 * 1024 + 1))},
    ]
    for body in wrong:
        answer = api.post(address, body, format="multipart")
        assert (answer.status_code, said(answer)) == (400, {"file"})
    good = SimpleUploadedFile("costs.csv", b"sku;custo\nX;1,00\n")
    answer = api.post(address, {"file": good, "colour": "red"}, format="multipart")
    assert (answer.status_code, said(answer)) == (400, {"colour"})


def test_nothing_wrong_was_done_meanwhile(api: APIClient, account: Account) -> None:
    """The bodies above are wrong in one field only: without it they are taken."""
    make_account(account.organization)
    assert api.post("/api/costs", {**COST, "account_id": account.pk}, format="json").status_code == 201
    assert (
        api.post("/api/sale-costs", {**SALE_COST, "account_id": account.pk}, format="json").status_code == 201
    )
