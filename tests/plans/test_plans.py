"""What pages ask of the database must not read big tables from end to end.

Some thousands of orders, items, questions and shipments over three years, as the benchmarks multiply them,
are enough for PostgreSQL to choose by cost. Every query of an address is explained with its own parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, User
from bench.data import multiply
from catalog.models import Item, Variation
from orders.models import Order, OrderItem, Payment
from painelml import trigrams
from painelml.web.paging import encode_cursor
from questions.models import Question
from shipments.models import Shipment
from tests.factories import (
    make_account,
    make_item,
    make_order,
    make_person,
    make_question,
    make_shipment,
)
from webhooks.models import Notification, NotificationState

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="plans are PostgreSQL's"),
    pytest.mark.django_db,
]

SEEDS, COPIES, DAYS_APART = 80, 100, 12
EVENTS = 10_000
BIG = {
    model._meta.db_table
    for model in (Order, OrderItem, Payment, Item, Variation, Question, Shipment, Notification)
}

LISTS = {
    "orders": "/orders/",
    "orders, far": "/orders/?after={far}",
    "orders of an account": "/orders/?account_id={account}",
    "orders by status": "/orders/?status=cancelled",
    "orders of a day": "/orders/?date_from={day}&date_to={day}",
    "order searched by number": "/orders/?q={order}",
    "orders searched by words": "/orders/?q={rare}",
    "orders of an item": "/orders/?item_id={item}",
    "order": "/orders/{order}/",
    "items": "/catalog/",
    "items out of stock": "/catalog/?stock=out",
    "items by SKU": "/catalog/?sku={sku}",
    "items searched by words": "/catalog/?q={rare}",
    "item": "/catalog/{item}/",
    "shipments": "/shipments/all/",
    "late shipments": "/shipments/all/?dispatch=late",
    "shipments searched by words": "/shipments/all/?q={rare}",
    "shipments by status": "/shipments/all/?status=cancelled",
    "board": "/shipments/",
    "shipment": "/shipments/{shipment}/",
    "questions": "/questions/",
    "questions that wait": "/questions/?status=UNANSWERED",
    "questions searched by words": "/questions/?q={rare}",
    "search by number": "/search/?q={order}",
    "search by tracking number": "/search/?q={tracking}",
    "search by words": "/search/?q={rare}",
    "inbox": "/webhooks/",
    "failed events": "/webhooks/?state=failed",
    "questions on an item": "/questions/?item_id={item}",
    "API orders": "/api/orders",
    "API order": "/api/orders/{order}",
    "API items": "/api/items",
    "API shipments": "/api/shipments",
    "API questions": "/api/questions",
    "API question": "/api/questions/{question}",
}
DASHBOARDS = {
    "overview": "/",
    "report": "/reports/?days=7",
    "order stats": "/api/orders/stats?days=7",
    "question stats": "/api/questions/stats?days=7",
    "shipment stats": "/api/shipments/stats?days=7",
    "stock-outs": "/catalog/stock-outs/",
    "item stats": "/api/items/stats",
    "stock": "/api/items/stock",
    "last page of stock": "/api/items/stock?page_size=200&cursor={unsold}",
}
INDEXES = {
    "search by tracking number": ["shipment_by_tracking"],
    "search by words": ["order_words", "item_words", "shipment_words", "question_words"],
}
"""What has to be found through these, as reading a table in some order does not count as reading it whole."""
SUMS = {"/": 6, "/reports/?days=365": 4, "/reports/breakdown/?days=90": 3, "/api/orders/stats?days=365": 3}
"""How many queries of an address add up sales; those for the names of items read their lines, too."""


@dataclass(frozen=True)
class Shop:
    """Ana's shop, what addresses name of it, and how many queries each cost while it was small."""

    ana: User
    names: dict[str, Any]
    few: dict[str, int]


@pytest.fixture(scope="module")
def many(django_db_setup: None, django_db_blocker: Any) -> Iterator[Shop]:
    """A shop of four accounts with thousands of everything, made once."""
    with django_db_blocker.unblock():
        ana = make_person("Ana")
        shop = ana.organizations.get()
        accounts = [make_account(shop) for _ in range(4)]
        fill(accounts)
        client = visitor(ana)
        few = {path: queries(client, path, named()) for path in (LISTS | DASHBOARDS).values()}
        multiply(accounts, COPIES)
        tell(accounts)
        with connection.cursor() as cursor:
            # What came last waits in a list beside the indexes for words until then, and is read whole.
            cursor.execute("VACUUM ANALYZE")
        yield Shop(ana, named(), few)
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {Account._meta.db_table}, {Notification._meta.db_table} CASCADE")
        shop.delete()
        ana.delete()


def fill(accounts: list[Account]) -> None:
    """Sell, ask and send for years, with a little of everything still open."""
    now = timezone.now()
    for number in range(SEEDS):
        account = accounts[number % len(accounts)]
        moment = now - timedelta(days=number * DAYS_APART, hours=1)
        is_open = number < 2
        out = {"available_quantity": 0} if number % 20 == 0 else {}
        item = make_item(account, variations=number % 2, date_created=moment, **out)
        shipment = make_shipment(
            account,
            date_created=moment,
            remote_updated_at=moment,
            is_open=is_open,
            status="ready_to_ship" if is_open else "cancelled" if number % 20 == 3 else "delivered",
            tracking_number=f"PN{number:09}BR",
            dispatch_by=moment + timedelta(days=1),
            date_shipped=None if is_open else moment + timedelta(days=1),
        )
        order = make_order(
            account,
            date_created=moment,
            shipment_id=shipment.meli_id,
            pack_id=f"{2_000_000_900_000_000 + number}" if number % 3 else "",
            buyer_id=f"{600_000_000 + number}",
            item_id=item.meli_id,
            **({"status": "cancelled", "is_sale": False} if number % 20 == 3 else {}),
        )
        make_question(
            account,
            item_id=item.meli_id,
            from_id=order.buyer_id,
            date_created=moment,
            due_at=moment + timedelta(hours=1),
            **(
                {} if is_open else {"status": "ANSWERED", "answered_at": moment, "answer_text": "Serve, sim."}
            ),
        )


def named() -> dict[str, Any]:
    """Return ids for the addresses, from the middle of what there is."""
    newest = Order.objects.order_by("-date_created", "-pk")
    order = newest[newest.count() // 2]
    item = Item.objects.latest("pk")
    return {
        "account": order.account_id,
        "day": order.date_created.date().isoformat(),
        "far": encode_cursor(newest[newest.count() // 4], "-date_created"),
        "item": item.meli_id,
        "order": order.meli_id,
        "question": Question.objects.latest("pk").meli_id,
        "shipment": order.shipment_id,
        "sku": item.sku,
        "tracking": Shipment.objects.earliest("pk").tracking_number,
        "rare": "gramofone",
        "unsold": signing.dumps(["0", "Infinity", order.account_id, "MLB"], salt="catalog.api"),
    }


def visitor(person: User) -> Client:
    client = Client()
    client.force_login(person, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def queries(client: Client, path: str, names: dict[str, Any]) -> int:
    """Return how many queries an address costs. The first visit of a session notes who came."""
    client.get("/navigation/")
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path.format(**names)).status_code == 200
    return len(captured)


def tell(accounts: list[Account]) -> None:
    """Fill the inbox: half of the events are strangers', a hundred wait."""
    sellers = [account.meli_user_id for account in accounts]
    now = timezone.now()
    Notification.objects.bulk_create(
        Notification(
            dedupe_key=str(number),
            topic="orders_v2",
            resource=f"/orders/{number}",
            kind="orders",
            target=str(number),
            seller_id=sellers[number % len(sellers)] if number % 2 else f"stranger {number}",
            created_at=now - timedelta(minutes=EVENTS - number),
            done_at=now,
            state=NotificationState.PENDING if number > EVENTS - 200 else NotificationState.DONE,
        )
        for number in range(EVENTS)
    )


@pytest.fixture
def plans(many: Shop) -> Callable[[str], list[str]]:
    """Return the queries of an address, each with its plan."""
    client = visitor(many.ana)

    def find(path: str) -> list[str]:
        found: list[str] = []

        def explain(execute: Any, sql: str, params: Any, is_many: bool, context: Any) -> Any:
            if sql.startswith("SELECT"):
                with connection.connection.cursor() as cursor:
                    cursor.execute(f"EXPLAIN {sql}", params)
                    found.append("\n".join([sql[-700:], *(line for (line,) in cursor)]))
            return execute(sql, params, is_many, context)

        with connection.execute_wrapper(explain):
            answer = client.get(path.format(**many.names))
        assert answer.status_code == 200
        return found

    return find


def sequential(plans: list[str]) -> list[str]:
    """Return those that read a big table from end to end."""
    found = [plan for plan in plans if any(f"Seq Scan on {table} " in plan for table in BIG)]
    print(*found, sep="\n")
    return found


def skip_without_trigrams(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_extension WHERE extname = 'pg_trgm'")
        if "words" in name and not cursor.rowcount:
            pytest.skip("this server has no pg_trgm")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_reads_only_what_it_shows(name: str, plans: Callable[[str], list[str]]) -> None:
    skip_without_trigrams(name)
    assert sequential(plans(LISTS[name])) == []


@pytest.mark.parametrize("name", INDEXES)
def test_a_search_finds_through_its_index(name: str, plans: Callable[[str], list[str]]) -> None:
    skip_without_trigrams(name)
    used = set(re.findall(r"Scan(?: on| using) (\w+) ", "\n".join(plans(LISTS[name]))))
    assert set(INDEXES[name]) <= used


@pytest.mark.parametrize("table", ["orders_order", "shipments_shipment", "questions_question"])
def test_common_words_of_large_tables_are_known(table: str) -> None:
    """How well PostgreSQL guesses depends on chance in what it samples of large tables: the size is held."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attstattarget FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s",
            [table, "search_text"],
        )
        assert cursor.fetchall() == [(trigrams.SAMPLED,)]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_reads_only_its_period(name: str, plans: Callable[[str], list[str]]) -> None:
    assert sequential(plans(DASHBOARDS[name])) == []


@pytest.mark.parametrize("path", SUMS)
def test_sums_of_sales_are_read_from_an_index_alone(path: str, plans: Callable[[str], list[str]]) -> None:
    sums = [plan for plan in plans(path) if "Aggregate" in plan and '"orders_order"."is_sale"' in plan]
    print(*sums, sep="\n")
    alone = [plan for plan in sums if re.search("Index Only Scan using order_(sales|missing_cost) ", plan)]
    assert len(alone) >= SUMS[path]


@pytest.mark.parametrize("name", LISTS | DASHBOARDS)
def test_a_hundred_times_the_rows_cost_no_more_queries(name: str, many: Shop) -> None:
    path = (LISTS | DASHBOARDS)[name]
    assert queries(visitor(many.ana), path, many.names) <= many.few[path]
