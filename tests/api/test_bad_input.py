"""Whatever is wrong with a call is said, with the name of the parameter (contract 3.2)."""

from urllib.parse import quote

import pytest
from rest_framework.test import APIClient

from accounts.models import Account
from painelml.web.paging import encode_cursor
from tests.factories import make_order

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
