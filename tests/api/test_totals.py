"""What a list shows and what its statistics count is the same, whatever the filters: with random rows."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account, Organization
from catalog.forms import ItemFilterForm
from catalog.queries import items_for_listing
from catalog.stats import item_stats
from orders.forms import OrderFilterForm
from orders.models import Order
from orders.profit import earned_by_currency, earned_by_day
from orders.queries import orders_for_listing
from orders.stats import order_stats
from painelml.web.period import PeriodForm
from questions.forms import QuestionFilterForm
from questions.queries import questions_for_listing, waiting_figures
from questions.stats import question_stats
from shipments.forms import ShipmentFilterForm
from shipments.models import Shipment
from shipments.queries import shipments_for_listing
from shipments.stats import shipment_stats
from tests.factories import (
    NOON,
    make_account,
    make_item,
    make_order,
    make_person,
    make_question,
    make_shipment,
)

pytestmark = pytest.mark.django_db

quiet = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # the shop stays the same, its rows are rolled back after each example
Row = dict[str, Any]

instants = st.builds(lambda minutes: NOON + timedelta(minutes=minutes), st.integers(-3 * 1440, 1440))
days = st.dates(date(2026, 11, 17), date(2026, 11, 21))
bounds = st.one_of(days.map(str), instants.map(lambda instant: f"{instant:%Y-%m-%dT%H:%M:%SZ}"))
amounts = st.decimals(0, 9999, places=2)
owners = st.sampled_from(["MLB", "MLM", "MLC", "Carla"])
periods = st.fixed_dictionaries(
    {}, optional={"date_from": bounds, "date_to": bounds, "account_id": st.sampled_from(["MLB", "MLM"])}
)


def rows_of(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    row = st.fixed_dictionaries({"owner": owners, "date_created": instants, **columns})
    return st.lists(row, max_size=12)


orders = rows_of(
    status=st.sampled_from(["paid", "cancelled", "partially_refunded", "something_new"]),
    is_sale=st.booleans(),
    currency_id=st.sampled_from(["BRL", "USD"]),
    units=st.integers(0, 9),
    gross=amounts,
    net=st.one_of(st.none(), amounts),
    profit=st.one_of(st.none(), amounts),
)
questions = rows_of(
    status=st.sampled_from(["UNANSWERED", "ANSWERED", "DELETED"]), due_in=st.integers(-300, 300)
)
shipments = rows_of(
    status=st.sampled_from(["ready_to_ship", "shipped", "delivered", "something_new"]),
    is_open=st.booleans(),
    due_in=st.one_of(st.none(), st.integers(-3000, 3000)),
    sent=st.one_of(st.none(), st.integers(-300, 300)),
)
items = rows_of(
    status=st.sampled_from(["active", "paused", "closed"]),
    is_out_of_stock=st.booleans(),
    available_quantity=st.integers(0, 8),
)


@pytest.fixture
def owner(shop: Organization) -> dict[str, Account]:
    own = {site: make_account(shop, site_id=site) for site in ("MLB", "MLM", "MLC")}
    return {**own, "Carla": make_account(make_person("Carla").organizations.get())}


def given_filters(owner: dict[str, Account], given: Row) -> Row:
    chosen = given.get("account_id")
    return {**given, "account_id": owner[chosen].pk} if chosen else given


@quiet
@given(orders, periods)
def test_orders(shop: Organization, owner: dict[str, Account], rows: list[Row], filters: Row) -> None:
    asked = given_filters(owner, filters)
    period = PeriodForm(asked, organization=shop)
    if not period.is_valid():
        return
    with transaction.atomic():
        for row in rows:
            values = {name: value for name, value in row.items() if name != "owner"}
            make_order(owner[row["owner"]], lines=0, payments=0, **values)
        listed = list(orders_for_listing(shop, OrderFilterForm(asked, organization=shop)))
        stats = order_stats(period, NOON)
        earned = earned_by_currency(Order.objects.filter(period.during("date_created", NOON)))
        by_day = earned_by_day(period, NOON)
        transaction.set_rollback(True)
    sales = [order for order in listed if order.is_sale]
    assert stats.total == len(listed)
    assert stats.by_status == Counter(order.status for order in listed)
    assert (stats.sales.orders, stats.sales.units) == (len(sales), sum(order.units for order in sales))
    by_currency = {row.currency_id: row for row in stats.by_currency}
    assert set(by_currency) == {order.currency_id for order in sales} == set(earned)
    for currency, row in by_currency.items():
        mine = [order for order in sales if order.currency_id == currency]
        known = [order.net for order in mine if order.net is not None]
        assert (row.gross, row.net_known) == (sum(order.gross for order in mine), sum(known, Decimal(0)))
        assert (row.net_unknown, row.net is None) == (len(mine) - len(known), len(known) < len(mine))
        profits = [order.profit for order in mine if order.profit is not None]
        assert (earned[currency].profit, earned[currency].gross) == (sum(profits, Decimal(0)), row.gross)
        assert earned[currency].incomplete == len(mine) - len(profits)
        of_days = [sums for (_day, of_currency), sums in by_day.items() if of_currency == currency]
        assert sum((sums.profit for sums in of_days), Decimal(0)) == earned[currency].profit
    local = Counter(order.date_created.astimezone(order.account.time_zone).date() for order in sales)
    assert {day.date: day.orders for day in stats.per_day if day.orders} == local


@quiet
@given(questions, periods)
def test_questions(shop: Organization, owner: dict[str, Account], rows: list[Row], filters: Row) -> None:
    asked = given_filters(owner, filters)
    period = PeriodForm(asked, organization=shop)
    if not period.is_valid():
        return
    now = datetime.now(NOON.tzinfo)  # the filter `sla` looks at the clock
    with transaction.atomic():
        for row in rows:
            due_at = None if row["status"] == "DELETED" else now + timedelta(minutes=row["due_in"] + 0.5)
            answered_at = now if row["status"] == "ANSWERED" else None
            make_question(
                owner[row["owner"]],
                status=row["status"],
                date_created=row["date_created"],
                due_at=due_at,
                answered_at=answered_at,
            )

        def listed(**more: str) -> list[Any]:
            return list(questions_for_listing(shop, QuestionFilterForm({**asked, **more}, organization=shop)))

        stats = question_stats(period, now)
        counts = {sla: len(listed(sla=sla)) for sla in ("breached", "at_risk", "ok")}
        waiting = len(listed(sla="breached", status="UNANSWERED"))
        on_pages = waiting_figures([one for one in owner.values() if one.organization_id == shop.pk], now)
        everywhere = question_stats(PeriodForm({}, organization=shop), now)
        found = listed()
        transaction.set_rollback(True)
    assert (stats.total, stats.unanswered) == (len(found), sum(q.status == "UNANSWERED" for q in found))
    assert (stats.breached, stats.at_risk) == (counts["breached"], counts["at_risk"])
    assert stats.waiting_breached == waiting
    assert (on_pages.unanswered, on_pages.breached, on_pages.at_risk) == (
        everywhere.unanswered,
        everywhere.waiting_breached,
        everywhere.at_risk,
    )
    assert sum(counts.values()) == sum(question.due_at is not None for question in found)
    assert {row["date"]: row["questions"] for row in stats.per_day if row["questions"]} == Counter(
        question.date_created.astimezone(question.account.time_zone).date() for question in found
    )


@quiet
@given(shipments, periods)
def test_shipments(shop: Organization, owner: dict[str, Account], rows: list[Row], filters: Row) -> None:
    asked = given_filters(owner, filters)
    period = PeriodForm(asked, organization=shop)
    if not period.is_valid():
        return
    chosen = {name: value for name, value in asked.items() if name == "account_id"}
    now = datetime.now(NOON.tzinfo)  # the filters `late` and `dispatch` look at the clock
    with transaction.atomic():
        for row in rows:
            values = {name: value for name, value in row.items() if name not in ("owner", "due_in", "sent")}
            due_at = None if row["due_in"] is None else now + timedelta(minutes=row["due_in"] + 0.5)
            sent_at = None if row["sent"] is None else (due_at or now) + timedelta(minutes=row["sent"])
            make_shipment(owner[row["owner"]], dispatch_by=due_at, date_shipped=sent_at, **values)

        def listed(**more: str) -> list[Any]:
            form = ShipmentFilterForm({**chosen, **more}, organization=shop)
            return list(shipments_for_listing(shop, form))

        stats = shipment_stats(period, now)
        found = listed()
        late, today, upcoming = (listed(dispatch=word) for word in ("late", "today", "upcoming"))
        assert [one.pk for one in listed(late="true")] == [one.pk for one in late]
        created = set(
            Shipment.objects.filter(period.during("date_created", now)).values_list("pk", flat=True)
        )
        transaction.set_rollback(True)
    in_period = [one for one in found if one.pk in created]
    assert len(in_period) == len(created)
    assert stats.total == len(in_period)
    assert stats.by_status == Counter(one.status for one in in_period)
    assert (stats.late, stats.to_dispatch_today) == (len(late), len(today))
    assert len(late) + len(today) + len(upcoming) == sum(one.is_open for one in found)
    sent = [one for one in in_period if one.date_shipped and one.dispatch_by]
    in_time = sum(one.date_shipped <= one.dispatch_by for one in sent)
    assert stats.on_time_rate == (round(in_time / len(sent), 4) if sent else None)


@quiet
@given(items, st.sampled_from([{}, {"account_id": "MLB"}]))
def test_items(shop: Organization, owner: dict[str, Account], rows: list[Row], filters: Row) -> None:
    asked = given_filters(owner, filters)
    with transaction.atomic():
        for row in rows:
            make_item(owner[row["owner"]], **{name: value for name, value in row.items() if name != "owner"})

        def listed(**more: str) -> list[Any]:
            return list(items_for_listing(shop, ItemFilterForm({**asked, **more}, organization=shop)))

        stats = item_stats(PeriodForm(asked, organization=shop), NOON)
        found, out, low = listed(), listed(stock="out"), listed(stock="low")
        transaction.set_rollback(True)
    assert (stats.total, stats.out_of_stock, stats.low_stock) == (len(found), len(out), len(low))
    held = [item for item in found if item.status in ("active", "paused")]
    assert stats.stock_units == sum(item.available_quantity for item in held)
    worth = sum((item.price * item.available_quantity for item in held), Decimal(0))
    assert stats.stock_value == (worth if held or "account_id" in asked else None)
