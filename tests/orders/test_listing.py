"""The list of sales: one row for each pack, found without statistics, which SQLite never has."""

from __future__ import annotations

import pytest
from django.db import connection
from django.http import QueryDict

from accounts.models import Organization
from orders.forms import OrderFilterForm
from orders.sales import sales_for_listing
from tests.factories import NOON, make_account, make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(shop: Organization) -> OrderFilterForm:
    account = make_account(shop)
    for number, pack in enumerate(["", "", "P1", "P1", "P1", "P2"]):
        make_order(account, meli_id=str(2000 + number), pack_id=pack, date_created=NOON)
    return OrderFilterForm(QueryDict(), organization=shop)


def test_a_pack_is_led_by_its_newest_order(form: OrderFilterForm) -> None:
    """All were made in the same moment: then the one stored last leads."""
    leads = sales_for_listing(form).values_list("meli_id", flat=True)
    assert set(leads) == {"2000", "2001", "2004", "2005"}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="tests/plans asks PostgreSQL, with many rows")
def test_a_pack_is_looked_up_by_its_number(form: OrderFilterForm) -> None:
    plan = sales_for_listing(form).explain()
    assert "INDEX order_by_pack (account_id=? AND pack_id=?" in plan, plan
