"""The parts of the stock are always what their items and variations say."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account
from catalog.models import Item, StockPart
from catalog.sync import ItemResource
from painelml.sync.resource import Reading
from tests.factories import NOON, derive_parts, make_item

Row = tuple[Any, ...]
COLUMNS = [field.attname for field in StockPart._meta.concrete_fields if not field.primary_key]
fill = import_module("catalog.migrations.0010_fill_parts_of_stock").fill


class Editor:
    """What a data migration is given of the schema editor."""

    connection = connection


def rows() -> list[Row]:
    return list(StockPart.objects.order_by("item_id", "variation_id").values_list(*COLUMNS))


def told_by_items() -> list[Row]:
    """Return the parts as SQL reckons them from the stored items and variations."""
    StockPart.objects.all().delete()
    fill(None, Editor)
    return rows()


def payload(number: int, minute: int, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"MLB{number}",
        "title": "Luminária",
        "date_created": "2026-01-10T12:00:00.000Z",
        "last_updated": f"2026-11-20T15:{minute:02}:00.000Z",
        **fields,
    }


stock = {
    "price": st.sampled_from([None, "9.90", "20.00"]),
    "available_quantity": st.sampled_from([None, 0, 3, 7]),
    "seller_custom_field": st.sampled_from([None, "A", "B"]),
    "inventory_id": st.sampled_from([None, "", "I1", "I2"]),
    "user_product_id": st.sampled_from([None, "P1"]),
}
variations = st.lists(
    st.fixed_dictionaries({"id": st.integers(1, 3), **stock}), max_size=3, unique_by=lambda one: one["id"]
)
readings = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.integers(0, 9),
        st.fixed_dictionaries(
            {
                "status": st.sampled_from(["active", "active", "paused", "closed", "under_review"]),
                "sub_status": st.sampled_from([[], ["out_of_stock"]]),
                "currency_id": st.sampled_from(["BRL", "USD"]),
                "variations": variations,
                **stock,
            }
        ),
    ),
    max_size=6,
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(readings, max_size=4))
def test_whatever_is_read_the_parts_are_those_of_the_rows(
    account: Account, told: list[list[tuple[int, int, dict[str, Any]]]]
) -> None:
    with transaction.atomic():
        resource = ItemResource(account)
        for batch in told:
            resource.save([Reading(payload(*one)) for one in batch], NOON)
            written = rows()
            derive_parts(Item.objects.all())
            assert rows() == written
            assert told_by_items() == written
        for _chunk in resource.rebuild():
            pass
        assert rows() == told_by_items()
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_parts_go_with_their_item_and_with_the_account(account: Account, other_account: Account) -> None:
    make_item(account).delete()
    assert rows() == []
    make_item(account)
    kept = make_item(other_account)
    account.delete()
    assert [part.item_id for part in StockPart.objects.all()] == [kept.pk]


@pytest.mark.django_db
def test_late_news_leaves_the_parts_alone(account: Account) -> None:
    resource = ItemResource(account)
    resource.save([Reading(payload(1, 5, {"status": "active", "available_quantity": 4}))], NOON)
    resource.save([Reading(payload(1, 1, {"status": "active", "available_quantity": 9}))], NOON)
    assert [part.units for part in StockPart.objects.all()] == [4]


@pytest.mark.django_db(transaction=True)
def test_two_reads_at_once_leave_the_parts_of_the_newer(account: Account) -> None:
    """Whoever writes last: one reading divides the items, the next makes them whole again, and so on."""

    def save(minute: int) -> None:
        divided = [
            {"id": number, "inventory_id": f"I{number}", "available_quantity": minute} for number in (1, 2)
        ]
        fields = {
            "status": "active",
            "available_quantity": minute,
            "variations": divided if minute % 2 else [],
        }
        try:
            ItemResource(account).save([Reading(payload(n, minute, fields)) for n in range(20)], NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(save, [3, 8, 1, 9, 2, 7, 4, 6, 5, 0]))
    assert StockPart.objects.count() == 40
    assert set(StockPart.objects.values_list("units", flat=True)) == {9}
    written = rows()
    assert told_by_items() == written


@pytest.mark.django_db
def test_a_fill_that_was_cut_short_goes_on(account: Account) -> None:
    for _number in range(3):
        make_item(account, variations=1)
    written = rows()
    StockPart.objects.first().delete()
    fill(None, Editor)
    fill(None, Editor)
    assert rows() == written
