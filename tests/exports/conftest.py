"""Ana's shop with more orders than a page lets people wait for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Account, User
from orders.models import Order
from painelml.exports import actions
from painelml.exports.making import make_next
from painelml.exports.models import ExportFile
from tests.factories import make_account, make_order
from tests.people import account, ana, bruno, carla, mara, other_account, shop, vera  # noqa: F401

LONG = 20
"""What counts as long here, so that tests need few rows."""


@pytest.fixture(autouse=True)
def _database(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "LONG", LONG)


@pytest.fixture
def orders(account: Account) -> int:  # noqa: F811
    """One row more than a short list has."""
    return sell(account, LONG + 1)


def sell(account: Account, count: int) -> int:  # noqa: F811
    """Add that many orders to the account, all like the first."""
    first = make_order(account, payments=0)
    fields = {f.attname: getattr(first, f.attname) for f in Order._meta.concrete_fields if not f.primary_key}
    Order.objects.bulk_create(
        [Order(**{**fields, "meli_id": str(10**15 + number)}) for number in range(count - 1)], batch_size=500
    )
    return count


def make_all() -> int:
    """Make what waits, as a worker does; return how many files that were."""
    made = 0
    while make_next():
        made += 1
    return made


def content_of(file: ExportFile) -> bytes:
    return b"".join(file.content())


@pytest.fixture
def browser(client: Client) -> Callable[[User], Client]:
    def open_for(person: User) -> Client:
        page = Client(headers={"accept-language": "en"})
        page.force_login(person)
        return page

    return open_for


@pytest.fixture
def page(browser: Callable[[User], Client], ana: User) -> Client:  # noqa: F811
    """Ana's browser."""
    return browser(ana)


@pytest.fixture
def call() -> Callable[[User], APIClient]:
    def call_as(person: User) -> APIClient:
        api = APIClient()
        api.force_login(person)
        return api

    return call_as


@pytest.fixture
def api(call: Callable[[User], APIClient], ana: User) -> APIClient:  # noqa: F811
    """Ana's calls."""
    return call(ana)


@pytest.fixture
def second(account: Account) -> Account:  # noqa: F811
    """Another seller of Ana's."""
    return make_account(account.organization)
