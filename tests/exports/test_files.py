"""`/api/exports` and the page of files: whose they are, and who may do what."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.keys import make_key
from accounts.models import Account, User
from painelml.exports.models import ExportFile, FileState
from tests.exports.conftest import make_all

Call = Callable[[User], APIClient]
WANTED = {"list": "orders", "format": "csv", "filters": {"status": "paid"}}


@pytest.fixture
def ready(api: APIClient, orders: int) -> str:
    """The address of a file of Ana's."""
    address: str = api.post("/api/exports", WANTED, format="json")["Location"]
    make_all()
    return address


def test_a_file_is_asked_for_polled_and_taken(api: APIClient, orders: int) -> None:
    asked = api.post("/api/exports", WANTED, format="json")
    assert asked.status_code == 202
    assert (asked.json()["status"], asked.json()["file"]) == ("queued", None)
    make_all()
    file = api.get(asked["Location"]).json()
    assert (file["status"], file["done"], file["total"], file["percent"]) == ("done", orders, orders, 100)
    answer = api.get(file["file"])
    content = b"".join(answer.streaming_content)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert int(answer["Content-Length"]) == len(content) == file["size"]
    assert answer["Content-Disposition"] == f'attachment; filename="{file["name"]}"'
    assert len(list(csv.DictReader(io.StringIO(content.decode())))) == orders


def test_a_file_that_is_not_ready_is_a_conflict(api: APIClient, orders: int) -> None:
    address = api.post("/api/exports", WANTED, format="json")["Location"]
    assert api.get(f"{address}/file").status_code == 409


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"list": "people"}, "list"),
        ({"list": None}, "list"),
        ({"format": "doc"}, "format"),
        ({"reader": "cat"}, "reader"),
        ({"filters": {"colour": "red"}}, "filters"),
        ({"filters": {"date_from": "x"}}, "filters"),
        ({"filters": {"status": {}}}, "filters"),
        ({"filters": []}, "filters"),
        ({"more": 1}, "more"),
    ],
)
def test_a_wrong_wish_is_named(api: APIClient, account: Account, changed: object, named: str) -> None:
    answer = api.post("/api/exports", {**WANTED, **changed}, format="json")  # type: ignore[dict-item]
    assert (answer.status_code, list(answer.json())) == (400, [named])
    assert not ExportFile.objects.exists()


def test_somebody_elses_account_is_not_found(
    api: APIClient, account: Account, other_account: Account
) -> None:
    wanted = {**WANTED, "filters": {"account_id": str(other_account.pk)}}
    assert api.post("/api/exports", wanted, format="json").status_code == 404


def test_a_file_of_another_organization_does_not_exist(
    call: Call, carla: User, other_account: Account, ready: str
) -> None:
    theirs = call(carla)
    assert theirs.get("/api/exports").json()["results"] == []
    for answer in (
        theirs.get(ready),
        theirs.get(f"{ready}/file"),
        theirs.post(f"{ready}/cancel"),
        theirs.delete(ready),
    ):
        assert answer.status_code == 404
    assert ExportFile.objects.get().is_ready


def test_who_may_see_what_is_in_it_may_take_the_file(call: Call, bruno: User, vera: User, ready: str) -> None:
    """An operator's colleague does; a viewer reads lists of buyers masked, and this file is not."""
    assert call(bruno).get(f"{ready}/file").status_code == 200
    assert call(vera).get(f"{ready}/file").status_code == 404
    assert APIClient().get(f"{ready}/file").status_code == 401


def test_others_files_are_a_managers_to_delete(call: Call, bruno: User, mara: User, ready: str) -> None:
    assert call(bruno).delete(ready).status_code == 403
    assert call(bruno).post(f"{ready}/cancel").status_code == 403
    assert call(mara).delete(ready).status_code == 204
    assert not ExportFile.objects.exists()


def test_a_key_deletes_its_makers_files_and_no_others(call: Call, bruno: User, ana: User, ready: str) -> None:
    theirs = call(bruno).post("/api/exports", {**WANTED, "format": "pdf"}, format="json")["Location"]
    _key, text = make_key(ana.organizations.get(), "Planilha", ["read"], ana)
    program = APIClient(headers={"authorization": f"Bearer {text}"})
    assert program.get(theirs).status_code == 200
    assert program.delete(theirs).status_code == 403
    assert program.delete(ready).status_code == 204


def test_a_file_can_be_cancelled_while_it_is_being_made(api: APIClient, orders: int) -> None:
    address = api.post("/api/exports", WANTED, format="json")["Location"]
    assert api.post(f"{address}/cancel").json()["status"] == "cancelled"
    assert api.post(f"{address}/cancel").status_code == 409
    assert make_all() == 0


def test_an_expired_file_does_not_exist(api: APIClient, ready: str) -> None:
    ExportFile.objects.update(expires_at=timezone.now())
    assert api.get(ready).status_code == 404
    assert api.get(f"{ready}/file").status_code == 404


def test_the_same_key_makes_one_file(api: APIClient, orders: int) -> None:
    addresses = []
    for _ in range(2):
        asked = api.post("/api/exports", WANTED, format="json", headers={"Idempotency-Key": "one"})
        addresses.append(asked["Location"])
        make_all()
    assert ExportFile.objects.count() == 1
    assert addresses[0] == addresses[1]


def test_every_list_can_be_made(api: APIClient, account: Account) -> None:
    for name in ("items", "orders", "shipments", "questions"):
        for kind in ("csv", "xlsx", "pdf"):
            api.post("/api/exports", {"list": name, "format": kind}, format="json")
            make_all()
    api.post("/api/exports", {"list": "reports", "format": "xlsx"}, format="json")
    make_all()
    assert list(ExportFile.objects.values_list("state", flat=True)) == [FileState.DONE] * 13


def test_the_page_lists_the_organizations_files(
    page: Client, browser: Callable[[User], Client], bruno: User, carla: User, ready: str
) -> None:
    file = ExportFile.objects.get()
    for person in (page, browser(bruno)):
        assert file.name in person.get("/exports/").content.decode()
    assert f"/exports/{file.pk}/delete/" not in browser(bruno).get("/exports/").content.decode()
    assert file.name not in browser(carla).get("/exports/").content.decode()


def test_the_pages_buttons_obey_the_same_rules(
    page: Client, browser: Callable[[User], Client], bruno: User, carla: User, ready: str
) -> None:
    address = f"/exports/{ExportFile.objects.get().pk}"
    for button in ("cancel", "delete", "put-away"):
        assert browser(carla).post(f"{address}/{button}/").status_code == 404
    assert browser(bruno).post(f"{address}/delete/").status_code == 403
    assert browser(bruno).post(f"{address}/put-away/").status_code == 404
    assert page.get(f"{address}/delete/").status_code == 405
    assert page.post(f"{address}/delete/").status_code == 302
    assert not ExportFile.objects.exists()


def test_every_page_offers_the_file_until_it_is_taken(page: Client, ready: str) -> None:
    link = f'href="/api/exports/{ExportFile.objects.get().pk}/file"'
    assert link in page.get("/questions/").content.decode()
    page.get(f"{ready}/file")
    assert link not in page.get("/questions/").content.decode()


def test_every_page_offers_the_file_until_it_is_put_away(page: Client, ready: str) -> None:
    pk = ExportFile.objects.get().pk
    answer = page.post(f"/exports/{pk}/put-away/", headers={"HX-Request": "true"})
    assert "tray-file" not in answer.content.decode()
    assert page.get(f"{ready}/file").status_code == 200


def test_only_who_asked_is_told(browser: Callable[[User], Client], bruno: User, ready: str) -> None:
    assert "tray-file" not in browser(bruno).get("/questions/").content.decode()


def test_a_page_that_saw_it_being_made_says_that_it_is_ready(page: Client, orders: int) -> None:
    page.post("/exports/start/order-export/?format=csv")
    file = ExportFile.objects.get()
    asks = f"/exports/tray/?making={file.pk}-"
    assert asks in page.get("/questions/").content.decode()
    assert "HX-Trigger" not in page.get(asks, headers={"HX-Request": "true"})
    make_all()
    assert file.name in page.get(asks, headers={"HX-Request": "true"})["HX-Trigger"]
    assert "HX-Trigger" not in page.get("/exports/tray/?making=", headers={"HX-Request": "true"})


def test_queries_do_not_grow_with_the_files(page: Client, api: APIClient, ready: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page.get("/exports/")
            api.get("/api/exports")
        return len(asked)

    few = queries()
    for number in range(6):
        api.post("/api/exports", {"list": "orders", "filters": {"q": str(number)}}, format="json")
        make_all()
    assert queries() == few
