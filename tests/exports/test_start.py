"""The button under a list: a short one downloads at once, a long one is made in the background."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Account, User
from painelml.exports import actions
from painelml.exports.models import ExportFile, FileState
from tests.exports.conftest import LONG, content_of, make_all, sell

START = "/exports/start/order-export/?format=csv&reader=person"


def test_a_short_list_downloads_at_once(page: Client, account: Account) -> None:
    sell(account, LONG)
    answer = page.post(START)
    assert (answer.status_code, answer["Location"]) == (
        302,
        "/api/orders/export?format=csv&reader=person",
    )
    assert not ExportFile.objects.exists()


def test_htmx_is_sent_to_the_download(page: Client, account: Account) -> None:
    sell(account, LONG)
    answer = page.post(f"{START}&status=paid", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "/api/orders/export?format=csv&reader=person&status=paid"


def test_a_long_list_is_made_by_a_worker(page: Client, orders: int) -> None:
    answer = page.post(START, headers={"HX-Request": "true"})
    file = ExportFile.objects.get()
    assert file.state == FileState.QUEUED
    assert f"/exports/{file.pk}/cancel/" in answer.content.decode()
    assert make_all() == 1
    file.refresh_from_db()
    assert (file.state, file.done, file.total, file.percent) == (FileState.DONE, orders, orders, 100)
    assert file.size == len(content_of(file))
    assert len(content_of(file).splitlines()) == orders + 1


def test_the_file_is_what_the_list_downloads(page: Client, orders: int) -> None:
    page.post(START)
    make_all()
    streamed = b"".join(page.get("/api/orders/export?format=csv&reader=person").streaming_content)
    assert content_of(ExportFile.objects.get()) == streamed


def test_the_filters_of_the_page_hold(page: Client, account: Account, second: Account) -> None:
    sell(account, LONG + 1)
    sell(second, LONG + 2)
    page.post(f"{START}&account_id={second.pk}&status=paid&after=old&nonsense=1")
    make_all()
    file = ExportFile.objects.get()
    assert file.done == LONG + 2
    assert file.filters == {"account_id": str(second.pk), "status": "paid"}


def test_a_summary_is_short_however_long_the_list(page: Client, orders: int) -> None:
    assert page.post("/exports/start/order-export/?format=pdf").status_code == 302
    assert not ExportFile.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "/exports/start/nothing-export/?format=csv",
        "/exports/start/order-export/?format=doc",
        "/exports/start/order-export/",
        "/exports/start/order-export/?format=csv&reader=cat",
    ],
)
def test_what_is_no_export_is_not_found(page: Client, address: str) -> None:
    assert page.post(address).status_code == 404


def test_an_account_of_somebody_elses_is_not_found(page: Client, orders: int, other_account: Account) -> None:
    assert page.post(f"{START}&account_id={other_account.pk}").status_code == 404


def test_pressing_twice_makes_one_file(page: Client, orders: int) -> None:
    page.post(START)
    page.post(START)
    assert ExportFile.objects.count() == 1
    make_all()
    page.post(START)
    assert ExportFile.objects.count() == 2


def test_only_so_many_are_made_at_a_time(page: Client, orders: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "ACTIVE_MAX", 1)
    page.post(START)
    answer = page.post("/exports/start/order-export/?format=xlsx", follow=True)
    assert "Other files are still being made" in answer.content.decode()
    assert ExportFile.objects.count() == 1


ASKING = 12


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("filters", [{}, {"q": "{}"}], ids=["the same file", "a file each"])
def test_the_limits_hold_for_those_who_ask_at_once(
    call: Callable[[User], APIClient], ana: User, account: Account, filters: dict[str, str]
) -> None:
    gate = Barrier(ASKING)

    def ask(number: int) -> int:
        wanted = {name: value.format(number) for name, value in filters.items()}
        gate.wait()
        try:
            return call(ana).post("/api/exports", {"list": "orders", "filters": wanted}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(ASKING) as threads:
        answers = sorted(threads.map(ask, range(ASKING)))

    most = actions.ACTIVE_MAX if filters else 1
    assert ExportFile.objects.active().count() == most
    assert answers == ([202] * most + [409] * (ASKING - most) if filters else [202] * ASKING)


def test_only_so_many_are_kept(page: Client, orders: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "KEPT_MAX", 2)
    for _ in range(4):
        page.post(START)
        make_all()
    page.post(START)
    assert ExportFile.objects.count() == 3
    assert ExportFile.objects.active().count() == 1


def test_a_viewer_may_and_nobody_else(
    browser: Callable[[User], Client], vera: User, orders: int, client: Client
) -> None:
    assert browser(vera).post(START).status_code == 302
    assert ExportFile.objects.get().user == vera
    assert client.post(START)["Location"].startswith("/login/")
    assert ExportFile.objects.count() == 1
