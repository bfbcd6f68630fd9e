"""Erasing a buyer from the page of a sale: who may, and what it says. It is the command's own erasing."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Account, Organization, Role, User
from orders.models import Order
from painelml.audit.models import Entry
from painelml.exports.models import ExportFile
from painelml.sync.erasure import PSEUDONYM
from tests.factories import make_order, make_person, make_shipment
from tests.people import account, ana, mara, shop  # noqa: F401


@pytest.fixture
def order(account: Account) -> Order:  # noqa: F811
    order = make_order(account, payload=payload(), buyer_nickname="JOAQUINAV")
    make_order(account, payload=payload(), buyer_nickname="JOAQUINAV")
    make_order(account, payload={**payload(), "buyer": {"id": 777, "nickname": "OTHER"}}, buyer_id="777")
    address = {"receiver_id": 555000111}
    make_shipment(account, payload={**payload(), "destination": address}, receiver_name="Joaquina V")
    return order


def payload() -> dict[str, object]:
    return {
        "date_created": "2026-11-20T12:00:00.000-03:00",
        "last_updated": "2026-11-20T13:00:00.000-03:00",
        "buyer": {"id": 555000111, "nickname": "JOAQUINAV"},
        "total_amount": 129.90,
    }


def log_in(person: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(person)
    return client


def test_a_manager_erases_after_reading_what_goes(order: Order, mara: User) -> None:  # noqa: F811
    client, address = log_in(mara), f"/orders/{order.meli_id}/erase-buyer/"
    assert address in client.get(f"/orders/{order.meli_id}/").content.decode()
    asked = client.get(address).content.decode()
    assert "Orders: 2" in asked
    assert "Shipments: 1" in asked
    assert Order.objects.filter(buyer_nickname="JOAQUINAV").count() == 2, "asking erases nothing"
    file = ExportFile.objects.create(
        organization=order.account.organization, user=mara, listing="orders", format="csv"
    )
    done = client.post(address, follow=True).content.decode()
    assert "personal data was erased" in done
    assert "JOAQUINAV" not in done
    assert address not in done, "there is nothing left to erase"
    assert Order.objects.filter(buyer_id__startswith=PSEUDONYM).count() == 2
    assert Order.objects.get(buyer_id="777").buyer_nickname
    assert not ExportFile.objects.filter(pk=file.pk).exists()


def test_it_is_in_the_log_without_the_buyer(order: Order, mara: User) -> None:  # noqa: F811
    log_in(mara).post(f"/orders/{order.meli_id}/erase-buyer/")
    entry = Entry.objects.get(action="buyer.erased")
    assert (entry.actor, entry.account_id) == (mara.email, order.account_id)
    assert entry.after == {"orders": 2, "shipments": 1, "questions": 0}
    assert "555000111" not in str(Entry.objects.values())


def test_a_second_time_there_is_nothing_to_do(order: Order, mara: User) -> None:  # noqa: F811
    client = log_in(mara)
    for _time in range(2):
        client.post(f"/orders/{order.meli_id}/erase-buyer/")
    assert Entry.objects.filter(action="buyer.erased").count() == 1
    page = client.get(f"/orders/{order.meli_id}/erase-buyer/").content.decode()
    assert "nothing left to erase" in page


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_others_may_not(order: Order, shop: Organization, role: str) -> None:  # noqa: F811
    client, address = log_in(make_person("Otto", shop, role)), f"/orders/{order.meli_id}/erase-buyer/"
    assert address not in client.get(f"/orders/{order.meli_id}/").content.decode()
    assert client.get(address).status_code == client.post(address).status_code == 403
    assert Order.objects.filter(buyer_nickname="JOAQUINAV").count() == 2


def test_another_organizations_order_is_not_found(order: Order) -> None:
    carla = make_person("Carla")
    assert log_in(carla).post(f"/orders/{order.meli_id}/erase-buyer/").status_code == 404
