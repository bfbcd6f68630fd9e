"""The data sets: what a sandbox tells, saved by our own resources, and multiplied by PostgreSQL.

A thousand orders of five sellers come through the normal backfill, so every column is as production has it.
Larger sets are copies of those rows with ids, names, dates and accounts moved: a copy keeps the statuses,
packs, lines and payloads of the original. PostgreSQL writes them without indexes and makes those at the end.
Sets stay between runs, each in a database of its own; one made before a migration is migrated.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

from django.conf import settings
from django.core.management import call_command
from django.db import connection, models
from django.utils import timezone

from accounts.models import Account, Organization, User
from catalog.models import Item, StockOut, StockPart, Variation
from orders.models import Order, OrderItem, Payment, Refund
from painelml.sandbox import Sandbox
from painelml.sync import engine, tasks
from painelml.sync.actions import start_sync
from painelml.sync.models import RunStatus, SyncRun
from questions.models import Question
from shipments.models import Shipment
from webhooks.models import Notification

from . import place

ORDERS, ITEMS, QUESTIONS = 1_000, 500, 2_000
"""Of the set that is not multiplied."""
SELLERS, ACCOUNTS = 5, 20
MOST_OF_THE_REST = 100
"""Beyond 50,000 items and 200,000 questions only orders and shipments grow."""
OPEN_PARCELS, OPEN_QUESTIONS = 100, 10
"""Copies in which work is still open: what waits is that of a few days, however long the past is."""
DAYS_OF_EVENTS = 14
EMAIL = "bench@example.com"
GROWING = (
    Order, OrderItem, Payment, Refund, Shipment, Item, Variation, StockPart, StockOut, Question, Notification,
)  # fmt: skip
FILL_PARTS = "catalog.migrations.0010_fill_parts_of_stock"


def fingerprint() -> str:
    """Return what changes when a set of an earlier run cannot be used any more: how sets are made."""
    return hashlib.sha256(place.ROOT.joinpath("bench/data.py").read_bytes()).hexdigest()[:10]


def use(orders: int) -> str:
    """Let this process work on the set with that many orders, made when it is not there; return its name.

    Sets that were made in another way are dropped, and those that cannot be migrated.
    """
    if orders % ORDERS:
        raise ValueError(f"Data sets grow by {ORDERS} orders.")
    mark = fingerprint()
    for name in place.databases():
        if not name.endswith(mark) and "_scratch_" not in name:
            place.drop(name)
    name = f"{place.NAMES}_{orders}_{mark}"
    if name not in _ready and (name not in place.databases() or not migrated(name)):
        make(orders, name)
    _ready.add(name)
    place.use(name)
    return name


_ready: set[str] = set()
"""Sets this process has made or migrated."""


def migrated(name: str) -> bool:
    """Bring a set to today's schema; it is dropped, and False, when that does not work."""
    place.use(name)
    try:
        call_command("migrate", verbosity=0)
    except Exception as error:
        print(f"{name} cannot be migrated ({error}) and is made again", flush=True)
        connection.close()
        place.drop(name)
        return False
    return True


def make(orders: int, name: str) -> None:
    """Make a set in a database that gets its name when it is whole."""
    began = time.perf_counter()
    unfinished = f"{place.NAMES}_unfinished_{fingerprint()}"
    place.drop(unfinished)
    if orders == ORDERS:
        place.create(unfinished)
        place.use(unfinished)
        call_command("migrate", verbosity=0)
        begin()
        tell(ORDERS)
    else:
        original = use(ORDERS)
        connection.close()
        place.create(unfinished, original)
        place.use(unfinished)
        with without_indexes():
            multiply(list(Account.objects.order_by("pk")), orders // ORDERS)
            tell(orders - ORDERS)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()
    place.rename(unfinished, name)
    print(f"{orders:,} orders made in {time.perf_counter() - began:.0f} s", flush=True)


@contextmanager
def without_indexes() -> Iterator[None]:
    """Let PostgreSQL write the growing tables without keeping indexes or looking up foreign keys, and make
    the indexes again at the end."""
    tables = [model._meta.db_table for model in GROWING]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
            WHERE indrelid = ANY(%s::regclass[])
              AND indexrelid NOT IN (SELECT conindid FROM pg_constraint WHERE contype IN ('p', 'u'))
            """,
            [tables],
        )
        indexes = cursor.fetchall()
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute("SET session_replication_role = replica")
        for name, _statement in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _name, statement in indexes:
            cursor.execute(statement)


def tell(count: int) -> None:
    """Fill the inbox with that many applied events of the last days about orders of these sellers."""
    table = Notification._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {table} (dedupe_key, topic, resource, kind, target, seller_id, application_id,
                received, sent, source, created_at, repeats, state, attempts, next_try_at, lease_owner,
                outcome, error, done_at)
            SELECT 'bench-{count}-' || n, 'orders_v2', '/orders/' || meli_id, 'orders', meli_id, meli_user_id,
                '1122334455667788', at, at, 'webhook', at, 0, 'done', 1, at, '', 'updated', '',
                at + interval '1 second'
            FROM (
                SELECT n, now() - make_interval(secs => {DAYS_OF_EVENTS} * 86400.0 * ({count} - n) / {count})
                    AS at, meli_id, meli_user_id
                FROM (
                    SELECT row_number() OVER (ORDER BY o.id) AS n, o.meli_id, a.meli_user_id
                    FROM {Order._meta.db_table} o JOIN {Account._meta.db_table} a ON a.id = o.account_id
                    LIMIT {count}
                ) AS told
            ) AS stamped
            """
        )


def begin() -> None:
    """Mirror five sellers of a sandbox, and connect the accounts that get copies."""
    ana = User.objects.create_superuser(EMAIL, "a password for the benchmarks")
    shop = ana.organizations.get()
    # The first seller has so many, the others a quarter each.
    share = 1 + (SELLERS - 1) / 4
    sizes = {"orders": ORDERS, "items": ITEMS, "questions": QUESTIONS}
    with Sandbox(
        port=0, seed=7, sellers=SELLERS, **{name: round(size / share) for name, size in sizes.items()}
    ) as box:
        connect_to(box)
        sellers = [connect(shop, box, seller_id) for seller_id in box.world.sellers]
        for account in sellers:
            mirror(account)
    for number in range(ACCOUNTS - SELLERS):
        Account.objects.create(
            organization=shop, meli_user_id=str(900_000_000 + number), nickname=f"LOJA{number}"
        )


def connect_to(box: Sandbox) -> None:
    settings.MELI_API_URL = box.url
    settings.MELI_CLIENT_ID = str(box.box.application.id)
    settings.MELI_CLIENT_SECRET = box.box.application.secret


def connect(organization: Organization, box: Sandbox, seller_id: int) -> Account:
    tokens = box.grant(seller_id)
    return Account.objects.create(
        organization=organization,
        meli_user_id=str(seller_id),
        nickname=f"SHOP{seller_id}",
        api_host=box.url,
        access_token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        token_expires_at=timezone.now() + timedelta(hours=6),
    )


def mirror(account: Account, helpers: int = 2) -> list[SyncRun]:
    """Run the account's first backfill as workers would; raises RuntimeError when a run did not work."""
    ring, tasks.ring_worker = tasks.ring_worker, lambda run_id: None
    try:
        runs = [run.pk for run in start_sync(account)]
        with ThreadPoolExecutor(len(runs) * helpers) as pool:
            for helper in [pool.submit(work_until_done, run) for run in runs * helpers]:
                helper.result()
    finally:
        tasks.ring_worker = ring
    ended = list(SyncRun.objects.filter(pk__in=runs))
    if any(run.status != RunStatus.DONE or run.failed for run in ended):
        raise RuntimeError(
            ", ".join(f"{run.scope}: {run.status}, {run.failed} failed {run.error}" for run in ended)
        )
    return ended


def work_until_done(run_id: int) -> None:
    try:
        while SyncRun.objects.active().filter(pk=run_id).exists():
            if not engine.work(run_id, 30):
                time.sleep(0.05)
    finally:
        connection.close()


YEAR = "interval '365 days'"


def later(column: str, by: str = "date_created") -> str:
    """Return the SQL of a moment moved for each copy, all of a row alike: every other one by a year, all to
    another time of the day and, where no work is open, to another day of the year, as products sell all year.
    """
    back = f"make_interval(days => CASE WHEN c < {OPEN_PARCELS} THEN 0 ELSE c * 37 % 365 END)"
    around = f"CASE WHEN {by} - {back} < now() - {YEAR} THEN {YEAR} ELSE interval '0' END"
    return f"{column} - {back} + {around} - make_interval(days => 365 * (c % 2), mins => c * 37 % 1440)"


def number(column: str, step: int) -> str:
    """Return the SQL of a Mercado Livre id moved by `step` per copy; an empty one stays empty."""
    return f"CASE WHEN {column} = '' THEN '' ELSE ({column}::bigint + c * {step})::text END"


def item_number(column: str = "item_id") -> str:
    number = f"substr({column}, 4)::bigint + {{c}} * 10000000000"
    return f"CASE WHEN {column} = '' THEN '' ELSE 'MLB' || ({number}) END"


def named(column: str) -> str:
    """Return the SQL of a name that each copy has for itself; an empty one stays empty."""
    return f"CASE WHEN {column} = '' THEN '' ELSE {column} || c END"


def renamed(*changes: str) -> str:
    """Return the SQL of `search_text` with columns, each followed by what it becomes, replaced."""
    text = "search_text"
    for column, new in zip(changes[::2], changes[1::2], strict=True):
        text = f"replace({text}, lower({column}), lower({new}))"
    return text


def multiply(accounts: Sequence[Account], times: int, most_of_the_rest: int = MOST_OF_THE_REST) -> None:
    """Make `times` of every order there is, and as many or that many of all else, spread over the accounts.

    PostgreSQL only.
    """
    rest = min(times, most_of_the_rest)
    ids = f"ARRAY[{', '.join(str(account.pk) for account in accounts)}]::bigint[]"
    sellers = sum(Order.objects.filter(account=account).exists() for account in accounts) or 1
    account = f"({ids})[1 + (array_position({ids}, account_id) - 1 + {sellers} * c) % {len(accounts)}]"
    item = item_number().format(c=f"(c % {rest})")
    own_item = item_number("meli_id").format(c="c")
    order, shipment = number("meli_id", 10**12), number("meli_id", 10**11)
    pack, tracking = number("pack_id", 10**12), named("tracking_number")
    buyer = named("buyer_nickname")
    dates = {name: later(name) for name in ("date_created", "remote_updated_at")}
    steps: dict[type[models.Model], int] = {}

    def copy(model: type[models.Model], copies: int, changes: dict[str, str]) -> None:
        steps[model] = multiply_table(model, copies, changes)

    def child(
        model: type[models.Model], parent: type[models.Model], copies: int, changes: dict[str, str]
    ) -> None:
        key = next(field for field in model._meta.concrete_fields if field.related_model is parent).column
        copy(model, copies, {key: f"{key} + c * {steps[parent]}", **changes})

    mirrored = {"account_id": account, **dates}
    copy(
        Order,
        times,
        {
            **mirrored,
            "meli_id": order,
            "pack_id": pack,
            "shipment_id": number("shipment_id", 10**11),
            "buyer_id": number("buyer_id", 10**10),
            "buyer_nickname": buyer,
            "item_id": item,
            "date_closed": later("date_closed"),
            "search_text": renamed(
                "meli_id", order, "pack_id", pack, "buyer_nickname", named("buyer_nickname")
            ),
        },
    )
    child(OrderItem, Order, times, {"item_id": item})
    child(Payment, Order, times, {name: later(name) for name in ("date_created", "date_approved")})
    child(Refund, Order, times, {"refunded_at": later("refunded_at", by="refunded_at")})
    copy(
        Shipment,
        times,
        {
            **mirrored,
            "meli_id": shipment,
            "is_open": f"is_open AND c < {OPEN_PARCELS}",
            "status": f"CASE WHEN is_open AND c >= {OPEN_PARCELS} THEN 'delivered' ELSE status END",
            "tracking_number": tracking,
            "search_text": renamed("meli_id", shipment, "tracking_number", tracking),
            **{
                name: later(name)
                for name in ("dispatch_by", "date_handed_over", "date_shipped", "date_delivered")
            },
        },
    )
    copy(
        Item,
        rest,
        {
            **mirrored,
            "meli_id": own_item,
            "sku": "CASE WHEN sku = '' THEN '' ELSE sku || '-' || c END",
            "search_text": renamed("meli_id", own_item),
        },
    )
    child(Variation, Item, rest, {"meli_id": number("meli_id", 10**12)})
    child(StockOut, Item, rest, {})
    # Derived and not copied: what names a pool is the id of an item, of a variation, or neither.
    import_module(FILL_PARTS).fill(None, SimpleNamespace(connection=connection))
    copy(
        Question,
        rest,
        {
            **mirrored,
            "meli_id": shipment,
            "item_id": item,
            "from_id": number("from_id", 10**10),
            "status": f"CASE WHEN status = 'UNANSWERED' AND c >= {OPEN_QUESTIONS} "
            "THEN 'CLOSED_UNANSWERED' ELSE status END",
            "search_text": renamed("meli_id", shipment, "item_id", item),
            "answered_at": later("answered_at"),
            "due_at": later("due_at"),
        },
    )


def multiply_table(model: type[models.Model], copies: int, changes: Mapping[str, str]) -> int:
    """Add copies 1 to `copies` - 1 of every row and return by how much their ids lie apart."""
    table = model._meta.db_table
    columns = [str(field.column) for field in model._meta.concrete_fields]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")
        step: int = cursor.fetchone()[0]
        values = [{"id": f"id + c * {step}", **changes}.get(column, f'"{column}"') for column in columns]
        names = ", ".join(f'"{column}"' for column in columns)
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} "
            f"FROM generate_series(1, {copies - 1}) AS c, {table}"
        )
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
    return step
