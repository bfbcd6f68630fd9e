"""How long stock lasts, worked out by hand; shared units count once."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account, Organization
from catalog.costs import BEGINNING
from catalog.models import HELD, Item, ProductCost, StockOut, StockPart, Variation
from catalog.pools import Pool, pools_of
from catalog.stats import item_stats
from catalog.stock import (
    Cover,
    UnitCosts,
    covers_of,
    described,
    note_stock,
    sold_covers,
    unsold_covers,
    urgency,
)
from catalog.sync import ItemResource
from catalog.worth import StockValue, stock_values
from orders.models import OrderItem
from painelml.sync.resource import Reading
from painelml.sync.signals import rows_saved
from painelml.web.period import PeriodForm
from tests.factories import NOON, derive_parts, make_account, make_item, make_order

pytestmark = pytest.mark.django_db

D, DAY = Decimal, timedelta(days=1)
OLD = NOON - 400 * DAY


def listing(account: Account, **fields: Any) -> Item:
    return make_item(account, **{"date_created": OLD, "price": D("100.00"), **fields})


def sell(item: Item, units: int, *, days_ago: float = 1, variation_id: str = "", **fields: Any) -> None:
    order = make_order(item.account, date_created=NOON - days_ago * DAY, **fields)
    OrderItem.objects.filter(order=order).update(
        item_id=item.meli_id, quantity=units, variation_id=variation_id
    )


def out_of_stock(item: Item, began: float, ended: float | None, variation_id: str = "") -> None:
    """Without stock from and until so many days ago; None lasts."""
    ended_at = None if ended is None else NOON - ended * DAY
    StockOut.objects.create(
        item=item, variation_id=variation_id, began_at=NOON - began * DAY, ended_at=ended_at
    )


def covers(account: Account) -> list[Cover]:
    return covers_of([account], StockPart.objects.filter(account=account), NOON)


def pools() -> list[Pool]:
    return pools_of(list(Account.objects.all()), StockPart.objects.all(), NOON)


def only_cover(account: Account) -> Cover:
    (found,) = covers(account)
    return found


def test_units_last_as_long_as_the_pace_of_thirty_days_says(account: Account) -> None:
    item = listing(account, available_quantity=12)
    sell(item, 20)
    sell(item, 40, days_ago=29)
    found = only_cover(account)
    assert (found.sold, found.per_day, found.days) == (60, D("2.00"), D("6.0"))
    assert (found.out_on, found.lost_per_day) == (date(2026, 11, 26), D(0))


def test_days_without_stock_do_not_slow_the_pace(account: Account) -> None:
    item = listing(account, available_quantity=12)
    sell(item, 60)
    out_of_stock(item, 40, 20)  # ten of these days lie in the window
    out_of_stock(item, 12, 7)
    found = only_cover(account)
    assert (found.days_in_stock, found.per_day, found.days) == (D("15.0"), D("4.00"), D("3.0"))


def test_being_out_costs_what_would_have_been_sold(account: Account) -> None:
    item = listing(account, available_quantity=0, price=D("49.90"), status="paused", is_out_of_stock=True)
    sell(item, 30, days_ago=20)
    out_of_stock(item, 10, None)
    found = only_cover(account)
    assert (found.per_day, found.days, found.out_on) == (D("1.50"), D("0.0"), None)
    assert found.lost_per_day == D("74.85")


def test_without_sales_there_is_no_pace(account: Account) -> None:
    item = listing(account, available_quantity=12)
    sell(item, 9, days_ago=31)
    sell(item, 9, is_sale=False)
    found = only_cover(account)
    assert (found.sold, found.per_day, found.days, found.out_on) == (0, D("0.00"), None, None)


def test_a_new_listing_had_less_time_to_sell(account: Account) -> None:
    item = listing(account, available_quantity=12, date_created=NOON - 5 * DAY)
    sell(item, 10)
    assert (only_cover(account).days_in_stock, only_cover(account).days) == (D("5.0"), D("6.0"))


def test_less_than_a_day_of_stock_counts_as_a_day(account: Account) -> None:
    item = listing(account, available_quantity=6, date_created=NOON - DAY / 4)
    sell(item, 3, days_ago=0.1)
    assert only_cover(account).days == D("2.0")


def test_the_day_it_runs_out_is_a_day_of_the_accounts_zone(account: Account) -> None:
    """Half a day after noon in São Paulo is tomorrow; a minute less is today."""
    item = listing(account, available_quantity=1)
    sell(item, 60)
    assert only_cover(account).out_on == date(2026, 11, 21)
    sell(item, 1)
    assert only_cover(account).out_on == date(2026, 11, 20)


def test_every_line_of_an_order_counts_once(account: Account) -> None:
    sell(listing(account), 30, lines=2)
    (sold,) = sold_covers([account], StockPart.objects.all(), NOON)
    assert (sold.sold, only_cover(account).sold) == (60, 60)


@pytest.mark.parametrize("shared", ["inventory_id", "user_product_id"])
def test_listings_that_share_units_are_one_pool(account: Account, shared: str) -> None:
    first = listing(account, available_quantity=12, price=D("100.00"), **{shared: "ABCD12345"})
    second = listing(account, available_quantity=12, price=D("90.00"), **{shared: "ABCD12345"})
    sell(first, 20)
    sell(second, 10)
    found = only_cover(account)
    assert (found.pool.available, found.pool.value, found.sold, found.days) == (
        12,
        D("1080.00"),
        30,
        D("12.0"),
    )


def test_of_shared_units_the_newest_reading_counts(account: Account) -> None:
    listing(account, available_quantity=7, inventory_id="ABCD12345", remote_updated_at=NOON)
    listing(account, available_quantity=9, inventory_id="ABCD12345", remote_updated_at=NOON - DAY)
    assert [pool.available for pool in pools()] == [7]


def test_what_went_between_two_queries_of_a_page_is_left_out(account: Account) -> None:
    kept, gone = listing(account), listing(account)
    sell(kept, 1)
    sell(gone, 1)
    parts = StockPart.objects.all()
    covers = sold_covers([account], parts, NOON)
    gone.delete()
    assert [one.pool.sellers for one in described(covers, parts)] == [[(kept.meli_id, "")]]


def test_the_same_inventory_of_another_account_is_another_pool(
    account: Account, other_account: Account
) -> None:
    listing(account, inventory_id="ABCD12345")
    listing(other_account, inventory_id="ABCD12345")
    assert len(pools()) == 2


def test_variations_in_full_are_pools_of_their_own(account: Account) -> None:
    item = listing(account, variations=2, available_quantity=8)
    blue, red = item.variations.all()
    Variation.objects.filter(pk=blue.pk).update(inventory_id="BLUE00001", available_quantity=8)
    Variation.objects.filter(pk=red.pk).update(inventory_id="RED000001", available_quantity=0)
    derive_parts([item])
    twin = listing(account, inventory_id="BLUE00001", available_quantity=8)
    sell(item, 10, variation_id=blue.meli_id)
    sell(item, 30, variation_id=red.meli_id)
    sell(twin, 6)
    out_of_stock(item, 15, None, variation_id=red.meli_id)
    by_key = {found.pool.key: found for found in covers(account)}
    assert {key: (found.sold, found.days) for key, found in by_key.items()} == {
        "BLUE00001": (16, D("15.0")),
        "RED000001": (30, D("0.0")),
    }
    assert by_key["RED000001"].per_day == D("2.00")


def test_a_variation_outside_full_counts_beside_one_in_full(account: Account) -> None:
    item = listing(account, variations=2, available_quantity=9)
    in_full, outside = item.variations.all()
    Variation.objects.filter(pk=in_full.pk).update(inventory_id="LCQI1", available_quantity=3)
    Variation.objects.filter(pk=outside.pk).update(available_quantity=6)
    derive_parts([item])
    sell(item, 30, variation_id=outside.meli_id)
    by_key = {found.pool.key: (found.pool.available, found.sold) for found in covers(account)}
    assert by_key == {"LCQI1": (3, 0), f"{item.meli_id}-{outside.meli_id}": (6, 30)}


def test_variations_without_shared_units_count_with_their_item(account: Account) -> None:
    listing(account, variations=3, available_quantity=12)
    assert [pool.available for pool in pools()] == [12]


def test_statistics_count_shared_units_once(shop: Organization, account: Account) -> None:
    listing(account, available_quantity=12, inventory_id="ABCD12345")
    listing(account, available_quantity=12, inventory_id="ABCD12345")
    listing(account, available_quantity=3)
    stats = item_stats(PeriodForm({}, organization=shop), NOON)
    assert (stats.total, stats.stock_units, stats.stock_value) == (3, 15, D("1500.00"))


def test_another_accounts_sales_and_items_do_not_count(account: Account, other_account: Account) -> None:
    item = listing(account, available_quantity=12)
    foreign = listing(other_account, meli_id=item.meli_id)
    sell(foreign, 20)
    assert only_cover(account).sold == 0


def test_closed_listings_hold_nothing(account: Account) -> None:
    listing(account, status="closed")
    assert covers(account) == []


def test_covers_cost_the_same_queries_for_any_number_of_items(
    account: Account, django_assert_num_queries: Any
) -> None:
    for _ in range(12):
        sell(listing(account, variations=1), 2)
    with django_assert_num_queries(2):
        assert len(covers(account)) == 12


def test_stock_is_worth_its_price_and_its_cost(account: Account, shop: Organization) -> None:
    abroad = make_account(shop, site_id="MLA")
    for sku, amount in (("A", "40.00"), ("B", "15.00")):
        ProductCost.objects.create(account=account, sku=sku, starts_on=BEGINNING, amount=D(amount))
    listing(account, sku="A", available_quantity=3)
    listing(account, sku="B", available_quantity=2, price=D("30.00"), inventory_id="ABCD12345")
    listing(account, sku="B", available_quantity=2, price=D("29.00"), inventory_id="ABCD12345")
    listing(account, sku="C", available_quantity=5, price=None)
    listing(account, sku="D", available_quantity=0)
    listing(abroad, sku="A", available_quantity=1, currency_id="ARS")
    assert stock_values(StockPart.objects.all(), [account, abroad], NOON) == [
        StockValue("ARS", 1, D("100.00"), D(0), 0, 1),
        StockValue("BRL", 10, D("358.00"), D("150.00"), 1, 1),
    ]


# What the database adds up, beside the same one by one

places = {
    "inventory_id": st.sampled_from(["", "", "I1", "I2"]),
    "user_product_id": st.sampled_from(["", "P1", "P2"]),
    "available_quantity": st.sampled_from([None, 0, 3, 7]),
    "price": st.sampled_from([None, D("9.90"), D("20.00")]),
    "sku": st.sampled_from(["", "A", "B"]),
}
listings = st.lists(
    st.fixed_dictionaries(
        {
            **places,
            "site": st.integers(0, 2),
            "status": st.sampled_from(["active", "paused", "closed"]),
            "currency_id": st.sampled_from(["BRL", "BRL", "USD"]),
            "changed": st.integers(0, 2),
            "parts": st.lists(st.fixed_dictionaries(places), max_size=2),
            "sold": st.sampled_from([0, 0, 1, 9]),
        }
    ),
    max_size=8,
)


def make(accounts: list[Account], rows: list[dict[str, Any]]) -> None:
    """Make these listings, each with what the last of its parts, or itself, sold and how long it was out."""
    for row in rows:
        account, changed, parts, sold = (row.pop(name) for name in ("site", "changed", "parts", "sold"))
        item = listing(accounts[account], remote_updated_at=NOON + changed * DAY, **row)
        for position, part in enumerate(parts):
            Variation.objects.create(item=item, meli_id=str(position), position=position, **part)
        derive_parts([item])
        last = str(len(parts) - 1) if parts else ""
        if sold:
            sell(item, sold, days_ago=3, variation_id=last)
        if row["available_quantity"] == 0:
            out_of_stock(item, 2 + changed, None, variation_id=last)


def shared_by(items: Any) -> dict[tuple[int, str], list[tuple[Item, Any]]]:
    """Return what sells from the same units, one listing after another."""
    pools: dict[tuple[int, str], list[tuple[Item, Any]]] = {}
    for item in items.order_by("pk"):
        variations = list(item.variations.all())
        shares = any(one.inventory_id or one.user_product_id for one in variations)
        for part in variations if shares else [item]:
            own = f"{item.meli_id}-{part.meli_id}" if shares else item.meli_id
            key = part.inventory_id or part.user_product_id or own
            pools.setdefault((item.account_id, key), []).append((item, part))
    return pools


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=listings)
def test_what_is_added_up_and_left_out_is_the_same_as_one_by_one(
    shop: Organization, account: Account, rows: list[dict[str, Any]]
) -> None:
    with transaction.atomic():
        accounts = [account, make_account(shop), make_account(shop, site_id="MLA")]
        for owner, sku, amount in ((0, "A", "3.00"), (1, "A", "4.00"), (2, "B", "5.00")):
            ProductCost.objects.create(
                account=accounts[owner], sku=sku, starts_on=BEGINNING, amount=D(amount)
            )
        make(accounts, [dict(row) for row in rows])
        held = Item.objects.filter(status__in=HELD)

        found = {(one.account_id, one.key): one for one in pools()}
        plain = shared_by(held)
        assert set(found) == set(plain)
        for key, parts in plain.items():
            newest, pool = max(item.remote_updated_at for item, _part in parts), found[key]
            last = [part for item, part in parts if item.remote_updated_at == newest][-1]
            asked = [item.price if part.price is None else part.price for item, part in parts]
            assert pool.available == (last.available_quantity or 0)
            assert pool.price == min((one for one in asked if one is not None), default=None)
            assert [item for item, _part in pool.sellers] == [item.meli_id for item, _part in parts]

        costs = UnitCosts(accounts, found.values(), NOON)
        stocked = [pool for pool in found.values() if pool.available]
        values = stock_values(StockPart.objects.all(), accounts, NOON)
        assert [one for one in values if one.units] == [
            StockValue(
                currency,
                sum(pool.available for pool in mine),
                sum((pool.value for pool in mine if pool.value is not None), D(0)),
                sum((costs.of(pool) or D(0)) * pool.available for pool in mine),
                sum(pool.value is None for pool in mine),
                sum(costs.of(pool) is None for pool in mine),
            )
            for currency in ("BRL", "USD")
            if (mine := [pool for pool in stocked if pool.currency_id == currency])
        ]

        every = sorted(covers_of(accounts, StockPart.objects.all(), NOON), key=urgency)
        parts = StockPart.objects.all()
        sold = sorted(described(sold_covers(accounts, parts, NOON), parts), key=urgency)
        for days in (0, 7, 30):
            short = sold_covers(accounts, StockPart.objects.all(), NOON, within=days)
            assert {(one.pool.account_id, one.pool.key) for one in short} == {
                (one.pool.account_id, one.pool.key)
                for one in sold
                if one.days is not None and one.days <= days
            }
        assert sold == [one for one in every if one.sold]
        still = [one for one in every if not one.sold]
        first = unsold_covers(accounts, NOON, sold, 2)
        after = (first[-1].pool.account_id, first[-1].pool.key) if first else None
        assert first + unsold_covers(accounts, NOON, sold, 99, after) == still
        transaction.set_rollback(True)


# The history


def read(account: Account, minute: int, quantity: int | None, **payload: Any) -> None:
    """Read an item, as the engine does, that changed at so many minutes past noon."""
    item = {
        "id": "MLB4000000001",
        "title": "Luminária",
        "status": "active",
        "price": D("120.00"),
        "currency_id": "BRL",
        "available_quantity": quantity,
        "last_updated": f"2026-11-20T15:{minute:02}:00.000Z",
    }
    saved = ItemResource(account).save(
        [Reading({**item, **payload})], NOON + timedelta(hours=2, minutes=minute)
    )
    ids = saved.created + saved.updated + saved.unchanged
    rows_saved.send(ItemResource, resource="items", account=account, ids=ids)


def history() -> list[tuple[str, datetime, datetime | None]]:
    return list(StockOut.objects.order_by("pk").values_list("variation_id", "began_at", "ended_at"))


def after(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_saving_notes_when_stock_ran_out_and_came_back(account: Account) -> None:
    for minute, quantity in [(0, 3), (5, 0), (6, 0), (9, 4), (10, 2), (20, 0)]:
        read(account, minute, quantity)
    assert history() == [("", after(5), after(9)), ("", after(20), None)]


def test_late_news_changes_no_history(account: Account) -> None:
    read(account, 5, 0)
    read(account, 1, 7)
    assert history() == [("", after(5), None)]


def test_an_unknown_quantity_is_not_zero(account: Account) -> None:
    read(account, 0, None)
    assert history() == []


def test_each_variation_has_a_history(account: Account) -> None:
    def variations(blue: int, red: int) -> list[dict[str, Any]]:
        return [{"id": 1, "available_quantity": blue}, {"id": 2, "available_quantity": red}]

    read(account, 0, 5, variations=variations(5, 0))
    read(account, 4, 0, variations=variations(0, 0))
    read(account, 9, 2, variations=variations(0, 2))
    assert sorted(history()) == [
        ("", after(4), after(9)), ("1", after(4), None), ("2", after(0), after(9)),
    ]  # fmt: skip


def test_a_variation_that_is_gone_is_no_longer_out(account: Account) -> None:
    read(account, 0, 5, variations=[{"id": 1, "available_quantity": 0}, {"id": 2, "available_quantity": 5}])
    read(account, 7, 5, variations=[{"id": 2, "available_quantity": 5}])
    assert history() == [("1", after(0), after(7))]


def test_noting_twice_changes_nothing(account: Account) -> None:
    read(account, 5, 0)
    before = history()
    note_stock(Item.objects.all())
    assert history() == before
