"""What a list shows, what its statistics count and what the summary of its file adds up is the same, whatever
the filters: with random rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account, Organization
from catalog.exports import summarize_items
from catalog.forms import ItemFilterForm
from catalog.models import Item
from catalog.queries import items_for_listing
from catalog.stats import item_stats
from orders.exports import summarize_orders
from orders.forms import OrderFilterForm
from orders.models import Order, OrderItem
from orders.profit import earned_by_currency, earned_by_day
from orders.queries import orders_for_listing
from orders.stats import order_stats
from painelml.text import fold
from painelml.web.exports import Summary
from painelml.web.filters import FilterForm
from painelml.web.period import PeriodForm
from painelml.web.show import count, money
from questions.exports import summarize_questions
from questions.forms import QuestionFilterForm
from questions.queries import questions_for_listing, waiting_figures
from questions.stats import question_stats
from shipments.exports import summarize_shipments
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


asked_words = {
    "orders": {
        "status": st.sampled_from(["paid", "cancelled", "nobody_knows"]),
        "tag": st.sampled_from(["paid", "delivered"]),
        "item_id": st.sampled_from(["MLB1", "MLB2"]),
        "q": st.sampled_from(["maria", "JOAO", "nobody"]),
        "currency_id": st.sampled_from(["BRL", "USD", "ARS"]),
        "is_sale": st.just("true"),
        "unknown": st.sampled_from(["net", "profit"]),
    },
    "questions": {
        "status": st.sampled_from(["UNANSWERED", "ANSWERED"]),
        "sla": st.sampled_from(["breached", "at_risk", "ok"]),
        "item_id": st.sampled_from(["MLB1", "MLB2"]),
        "q": st.sampled_from(["tampa", "SERVE", "nothing"]),
    },
    "shipments": {
        "status": st.sampled_from(["ready_to_ship", "delivered"]),
        "substatus": st.sampled_from(["printed", "ready_to_print"]),
        "logistic_type": st.sampled_from(["drop_off", "fulfillment"]),
        "dispatch": st.sampled_from(["late", "today", "upcoming"]),
        "late": st.just("true"),
        "q": st.sampled_from(["olinda", "Sao", "nowhere"]),
    },
    "items": {
        "status": st.sampled_from(["active", "paused"]),
        "stock": st.sampled_from(["in", "low", "out"]),
        "listing_type_id": st.sampled_from(["gold_special", "gold_pro"]),
        "logistic_type": st.sampled_from(["drop_off", "fulfillment"]),
        "sku": st.sampled_from(["CANECA", "GARRAFA"]),
        "q": st.sampled_from(["azul", "TERMICA", "nothing"]),
    },
}


def words_for(name: str) -> st.SearchStrategy[Row]:
    """Filters of the list alone, two at a time at most: more find hardly anything."""
    words = asked_words[name]
    chosen = st.lists(st.sampled_from(sorted(words)), unique=True, max_size=2)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({one: words[one] for one in names}))


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("orders", OrderFilterForm),
        ("questions", QuestionFilterForm),
        ("shipments", ShipmentFilterForm),
        ("items", ItemFilterForm),
    ],
)
def test_no_filter_is_left_out(name: str, form: type[FilterForm]) -> None:
    assert set(form.base_fields) - {"account_id", "date_from", "date_to"} == set(asked_words[name])


def narrowed(rows: Iterable[Any], words: Row, checks: dict[str, Callable[[Any, str], bool]]) -> list[Any]:
    """Return the rows that these filters shall find, each checked by itself."""
    return [row for row in rows if all(checks[name](row, word) for name, word in words.items())]


def same_rows(found: Iterable[Any], wanted: Iterable[Any]) -> bool:
    return sorted(row.pk for row in found) == sorted(row.pk for row in wanted)


def by_status(rows: list[Any]) -> list[int]:
    return sorted(Counter(row.status for row in rows).values())


def bars(summary: Summary) -> list[int]:
    return sorted(value for _label, value in summary.chart)


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
    tag=st.sampled_from(["paid", "delivered", "not_delivered"]),
    item_id=st.sampled_from(["MLB1", "MLB2"]),
    buyer_nickname=st.sampled_from(["MARIA", "João"]),
)
questions = rows_of(
    status=st.sampled_from(["UNANSWERED", "ANSWERED", "DELETED"]),
    due_in=st.integers(-300, 300),
    item_id=st.sampled_from(["MLB1", "MLB2"]),
    text=st.sampled_from(["Serve na tampa?", "Tem azul?"]),
)
shipments = rows_of(
    status=st.sampled_from(["ready_to_ship", "shipped", "delivered", "something_new"]),
    is_open=st.booleans(),
    due_in=st.one_of(st.none(), st.integers(-3000, 3000)),
    sent=st.one_of(st.none(), st.integers(-300, 300)),
    substatus=st.sampled_from(["printed", "ready_to_print"]),
    logistic_type=st.sampled_from(["drop_off", "fulfillment"]),
    receiver_city=st.sampled_from(["Olinda", "São Paulo"]),
    cost=st.one_of(st.none(), amounts),
)
items = rows_of(
    status=st.sampled_from(["active", "paused", "closed"]),
    is_out_of_stock=st.booleans(),
    available_quantity=st.integers(0, 8),
    listing_type_id=st.sampled_from(["gold_special", "gold_pro"]),
    logistic_type=st.sampled_from(["drop_off", "fulfillment"]),
    sku=st.sampled_from(["CANECA", "GARRAFA"]),
    title=st.sampled_from(["Caneca azul", "Garrafa térmica"]),
)


@pytest.fixture
def owner(shop: Organization) -> dict[str, Account]:
    own = {site: make_account(shop, site_id=site) for site in ("MLB", "MLM", "MLC")}
    return {**own, "Carla": make_account(make_person("Carla").organizations.get())}


def given_filters(owner: dict[str, Account], given: Row) -> Row:
    chosen = given.get("account_id")
    return {**given, "account_id": owner[chosen].pk} if chosen else given


lately = st.fixed_dictionaries(
    {"days": st.integers(1, 4)}, optional={"account_id": st.sampled_from(["MLB", "MLM"])}
)


def in_dates(asked: Row) -> Row:
    """Return a number of days as the list takes it: by its dates."""
    if "days" not in asked:
        return asked
    today = NOON.date()
    dates = {"date_from": str(today - timedelta(days=asked["days"] - 1)), "date_to": str(today)}
    return {**{name: value for name, value in asked.items() if name != "days"}, **dates}


ORDER_CHECKS: dict[str, Callable[[Any, str], bool]] = {
    "status": lambda order, word: order.status == word,
    "tag": lambda order, word: word in order.tags,
    "item_id": lambda order, word: any(line.item_id == word for line in order.items.all()),
    "q": lambda order, word: fold(word) in fold(order.buyer_nickname),
    "currency_id": lambda order, word: order.currency_id == word,
    "is_sale": lambda order, word: order.is_sale,
    "unknown": lambda order, word: order.is_sale and getattr(order, word) is None,
}


def totals_of_orders(orders: list[Order]) -> list[tuple[str, str]]:
    totals = [("Orders", count(len(orders)))]
    sales = [order for order in orders if order.is_sale]
    for currency in sorted({order.currency_id for order in sales}):
        mine = [order for order in sales if order.currency_id == currency]
        known = [order.net for order in mine if order.net is not None]
        totals += [
            (f"Sales in {currency}", count(len(mine))),
            ("Units", count(sum(order.units for order in mine))),
            ("Gross", money(sum((order.gross or 0 for order in mine), Decimal(0)), currency)),
            ("Net of the sales whose net is known", money(sum(known, Decimal(0)), currency)),
        ]
        if len(known) < len(mine):
            totals.append(("Sales whose net is not known yet", count(len(mine) - len(known))))
    return totals


@quiet
@given(orders, st.one_of(periods, lately), words_for("orders"))
def test_orders(
    shop: Organization, owner: dict[str, Account], rows: list[Row], filters: Row, words: Row
) -> None:
    asked = given_filters(owner, filters)
    period = PeriodForm(asked, organization=shop)
    if not period.is_valid():
        return
    with transaction.atomic():
        for row in rows:
            values = {name: value for name, value in row.items() if name not in ("owner", "tag", "item_id")}
            order = make_order(owner[row["owner"]], lines=0, payments=0, tags=[row["tag"]], **values)
            OrderItem.objects.create(order=order, item_id=row["item_id"])
        listed = list(orders_for_listing(shop, OrderFilterForm(in_dates(asked), organization=shop)))
        fewer = orders_for_listing(shop, OrderFilterForm({**in_dates(asked), **words}, organization=shop))
        found = list(fewer)
        with override("en"):
            summary = summarize_orders(fewer)
        stats = order_stats(period, NOON)
        earned = earned_by_currency(Order.objects.filter(period.during("date_created", NOON)))
        by_day = earned_by_day(period, NOON)
        transaction.set_rollback(True)
    assert same_rows(found, narrowed(listed, words, ORDER_CHECKS))
    with override("en"):
        assert summary.totals == totals_of_orders(found)
    assert bars(summary) == by_status(found)
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
@given(questions, periods, words_for("questions"))
def test_questions(
    shop: Organization, owner: dict[str, Account], rows: list[Row], filters: Row, words: Row
) -> None:
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
                item_id=row["item_id"],
                text=row["text"],
            )

        def listed(**more: str) -> list[Any]:
            return list(questions_for_listing(shop, QuestionFilterForm({**asked, **more}, organization=shop)))

        stats = question_stats(period, now)
        counts = {sla: len(listed(sla=sla)) for sla in ("breached", "at_risk", "ok")}
        waiting = len(listed(sla="breached", status="UNANSWERED"))
        on_pages = waiting_figures([one for one in owner.values() if one.organization_id == shop.pk], now)
        everywhere = question_stats(PeriodForm({}, organization=shop), now)
        found, fewer = listed(), listed(**words)
        with override("en"):
            summary = summarize_questions(
                questions_for_listing(shop, QuestionFilterForm({**asked, **words}, organization=shop))
            )
        transaction.set_rollback(True)
    checks: dict[str, Callable[[Any, str], bool]] = {
        "status": lambda question, word: question.status == word,
        "sla": lambda question, word: question.sla_at(now) == word,
        "item_id": lambda question, word: question.item_id == word,
        "q": lambda question, word: fold(word) in fold(question.text),
    }
    assert same_rows(fewer, narrowed(found, words, checks))
    unanswered = [question for question in fewer if question.status == "UNANSWERED"]
    with override("en"):
        assert summary.totals == [
            ("Questions", count(len(fewer))),
            ("Unanswered", count(len(unanswered))),
            ("Past their time", count(sum(question.due_at < now for question in unanswered))),
        ]
    assert bars(summary) == by_status(fewer)
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


def totals_of_shipments(shipments: list[Shipment], late: set[int]) -> list[tuple[str, str]]:
    costs: dict[str, Decimal] = {}
    for shipment in shipments:
        currency = shipment.account.currency_id
        costs[currency] = costs.get(currency, Decimal(0)) + (shipment.cost or 0)
    unknown = sum(shipment.cost is None for shipment in shipments)
    return [
        ("Shipments", count(len(shipments))),
        ("To dispatch", count(sum(shipment.is_open for shipment in shipments))),
        ("Late", count(sum(shipment.pk in late for shipment in shipments))),
        *(("Your cost", money(cost, currency)) for currency, cost in sorted(costs.items())),
        *([("Shipments whose cost is not known yet", count(unknown))] if unknown else []),
    ]


@quiet
@given(shipments, periods, words_for("shipments"))
def test_shipments(
    shop: Organization, owner: dict[str, Account], rows: list[Row], filters: Row, words: Row
) -> None:
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
        fewer = listed(**words)
        with override("en"):
            summary = summarize_shipments(
                shipments_for_listing(shop, ShipmentFilterForm({**chosen, **words}, organization=shop))
            )
        created = set(
            Shipment.objects.filter(period.during("date_created", now)).values_list("pk", flat=True)
        )
        transaction.set_rollback(True)
    lanes = {"late": late, "today": today, "upcoming": upcoming}
    checks: dict[str, Callable[[Any, str], bool]] = {
        "status": lambda shipment, word: shipment.status == word,
        "substatus": lambda shipment, word: shipment.substatus == word,
        "logistic_type": lambda shipment, word: shipment.logistic_type == word,
        "dispatch": lambda shipment, word: shipment.pk in {one.pk for one in lanes[word]},
        "late": lambda shipment, word: shipment.pk in {one.pk for one in late},
        "q": lambda shipment, word: fold(word) in fold(shipment.receiver_city),
    }
    assert same_rows(fewer, narrowed(found, words, checks))
    with override("en"):
        assert summary.totals == totals_of_shipments(fewer, {one.pk for one in late})
    assert bars(summary) == by_status(fewer)
    in_period = [one for one in found if one.pk in created]
    assert len(in_period) == len(created)
    assert stats.total == len(in_period)
    assert stats.by_status == Counter(one.status for one in in_period)
    assert (stats.late, stats.to_dispatch_today) == (len(late), len(today))
    assert len(late) + len(today) + len(upcoming) == sum(one.is_open for one in found)
    sent = [one for one in in_period if one.date_shipped and one.dispatch_by]
    in_time = sum(one.date_shipped <= one.dispatch_by for one in sent)
    assert stats.on_time_rate == (round(in_time / len(sent), 4) if sent else None)


ITEM_CHECKS: dict[str, Callable[[Any, str], bool]] = {
    "status": lambda item, word: item.status == word,
    "stock": lambda item, word: {
        "in": item.available_quantity > 0,
        "low": item.status == "active" and 0 < item.available_quantity <= 5,
        "out": is_out(item),
    }[word],
    "listing_type_id": lambda item, word: item.listing_type_id == word,
    "logistic_type": lambda item, word: item.logistic_type == word,
    "sku": lambda item, word: item.sku == word,
    "q": lambda item, word: fold(word) in fold(item.title),
}


def is_out(item: Item) -> bool:
    is_sellable = item.status == "active" or (item.status == "paused" and item.is_out_of_stock)
    return is_sellable and item.available_quantity == 0


def totals_of_items(items: list[Item]) -> list[tuple[str, str]]:
    held = [item for item in items if item.status in ("active", "paused")]
    worth = sum((item.price * item.available_quantity for item in held), Decimal(0))
    units = sum(item.available_quantity for item in held)
    return [
        ("Items", count(len(items))),
        ("Out of stock", count(sum(is_out(item) for item in items))),
        ("Low stock", count(sum(ITEM_CHECKS["stock"](item, "low") for item in items))),
        *([("Units in stock", count(units)), ("Value of the stock", money(worth, "BRL"))] if held else []),
    ]


@quiet
@given(items, st.sampled_from([{}, {"account_id": "MLB"}]), words_for("items"))
def test_items(
    shop: Organization, owner: dict[str, Account], rows: list[Row], filters: Row, words: Row
) -> None:
    asked = given_filters(owner, filters)
    with transaction.atomic():
        for row in rows:
            make_item(owner[row["owner"]], **{name: value for name, value in row.items() if name != "owner"})

        def listed(**more: str) -> list[Any]:
            return list(items_for_listing(shop, ItemFilterForm({**asked, **more}, organization=shop)))

        stats = item_stats(PeriodForm(asked, organization=shop), NOON)
        found, out, low = listed(), listed(stock="out"), listed(stock="low")
        fewer = listed(**words)
        with override("en"):
            summary = summarize_items(
                items_for_listing(shop, ItemFilterForm({**asked, **words}, organization=shop))
            )
        transaction.set_rollback(True)
    assert same_rows(fewer, narrowed(found, words, ITEM_CHECKS))
    with override("en"):
        assert summary.totals == totals_of_items(fewer)
    assert bars(summary) == by_status(fewer)
    assert (stats.total, stats.out_of_stock, stats.low_stock) == (len(found), len(out), len(low))
    held = [item for item in found if item.status in ("active", "paused")]
    assert stats.stock_units == sum(item.available_quantity for item in held)
    worth = sum((item.price * item.available_quantity for item in held), Decimal(0))
    assert stats.stock_value == (worth if held or "account_id" in asked else None)
