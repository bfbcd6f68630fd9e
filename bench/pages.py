"""Pages and API, answered in this process through every middleware, at several sizes of the database.

Reference: the same page of the smallest set. `p95` is by the clock on the wall, the middle one of all rounds;
`own` is the processor time of this process for one answer: the rest of the wall is PostgreSQL's, and other
people's. Rounds go over all sizes in turn, so that what else the machine does meets each alike; first answers
are not counted.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from catalog.models import Item
from orders.models import Order
from painelml.web.paging import encode_cursor
from shipments.models import Shipment

from . import data
from .results import Line, middle, ms, p95

WARM, COUNTED = 2, 20
PAGE = 50
FAR = 500 * PAGE
LIST_S, DASHBOARD_S = 0.1, 0.2
GROWTH = 2.0
JUDGED_AT = 100_000


@dataclass(frozen=True)
class Address:
    """What is asked for; a dashboard adds up, a list shows rows."""

    name: str
    path: str
    is_dashboard: bool = False


def addresses() -> list[Address]:
    """Return what is measured, with ids of this database."""
    newest = Order.objects.order_by("-date_created", "-pk")
    count = newest.count()
    # A parcel of a pack in every set: an order without one costs fewer queries.
    order = newest.exclude(pack_id="").exclude(shipment_id="")[min(count // 8, FAR)]
    far = encode_cursor(newest[min(count - 2 * PAGE, FAR)], "-date_created")
    item = Item.objects.order_by("pk").first()
    assert item is not None
    account = order.account_id
    # Of the middle as well, so that what is looked for is neither among the first rows nor the last.
    # Of several orders in every set, which cost a query more than one.
    packed = newest.exclude(pack_id="")[min(count // 3, FAR) :].iterator(PAGE)
    pack = next(one for one in packed if Order.objects.filter(pack_id=one.pack_id).count() > 1)
    parcel = Shipment.objects.exclude(tracking_number="").order_by("-date_created", "-pk")[
        min(count // 3, FAR)
    ]
    words = quote(" ".join(item.title.split()[:2]))
    return [
        Address("overview", "/", is_dashboard=True),
        Address("orders, first page", "/orders/"),
        Address("orders, 500th page", f"/orders/?after={far}"),
        Address("orders of one account", f"/orders/?account_id={account}"),
        Address("paid orders", "/orders/?status=paid"),
        Address("order", f"/orders/{order.meli_id}/"),
        Address("orders searched by number", f"/orders/?q={order.meli_id}"),
        Address("orders searched by pack", f"/orders/?q={pack.pack_id}"),
        Address("orders searched by buyer", f"/orders/?q={order.buyer_nickname}"),
        Address("orders searched by words", f"/orders/?q={words}"),
        Address("orders searched by what is nowhere", "/orders/?q=xylofon"),
        Address("search, order", f"/search/?q={order.meli_id}"),
        Address("search, buyer", f"/search/?q={order.buyer_nickname}"),
        Address("search, words", f"/search/?q={words}"),
        Address("search, SKU", f"/search/?q={item.sku}"),
        Address("search, tracking number", f"/search/?q={parcel.tracking_number}"),
        Address("search, what is nowhere", "/search/?q=xylofon"),
        Address("catalog", "/catalog/"),
        Address("catalog, out of stock", "/catalog/?stock=out"),
        Address("item", f"/catalog/{item.meli_id}/"),
        Address("stock-outs", "/catalog/stock-outs/", is_dashboard=True),
        Address("shipments, board", "/shipments/", is_dashboard=True),
        Address("shipments, list", "/shipments/all/"),
        Address("shipments searched by tracking", f"/shipments/all/?q={parcel.tracking_number}"),
        Address("questions", "/questions/"),
        Address("questions, breached", "/questions/?sla=breached"),
        Address("questions searched by words", f"/questions/?q={words}"),
        Address("questions, performance", "/questions/performance/", is_dashboard=True),
        Address("report, 30 days", "/reports/?days=30", is_dashboard=True),
        Address("report, a year", "/reports/?days=365", is_dashboard=True),
        Address("report broken down, 30 days", "/reports/breakdown/?days=30", is_dashboard=True),
        Address("inbox", "/webhooks/", is_dashboard=True),
        Address("API: orders", "/api/orders"),
        Address("API: order", f"/api/orders/{order.meli_id}"),
        Address("API: items", "/api/items"),
        Address("API: questions", "/api/questions"),
        Address("API: order stats, 30 days", "/api/orders/stats?days=30", is_dashboard=True),
        Address("API: order stats, a year", "/api/orders/stats?days=365", is_dashboard=True),
        Address("API: question stats, 30 days", "/api/questions/stats?days=30", is_dashboard=True),
        Address("API: shipment stats, 30 days", "/api/shipments/stats?days=30", is_dashboard=True),
        Address("API: item stats", "/api/items/stats", is_dashboard=True),
    ]


def visitor() -> Client:
    client = Client()
    client.force_login(
        User.objects.get(email=data.EMAIL), "allauth.account.auth_backends.AuthenticationBackend"
    )
    return client


def cookie() -> str:
    """Return the cookie of somebody logged in to the set in use, for servers of their own."""
    return f"{settings.SESSION_COOKIE_NAME}={visitor().cookies[settings.SESSION_COOKIE_NAME].value}"


def measure(asked: argparse.Namespace) -> list[Line]:
    # Loads and settles what a server has loaded before its first page.
    importlib.import_module("painelml.wsgi")
    seconds: defaultdict[tuple[str, int], list[list[float]]] = defaultdict(list)
    own: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    queries: defaultdict[tuple[str, int], int] = defaultdict(int)
    kinds: dict[str, Address] = {}
    sizes = sorted(asked.orders)
    for size in sizes:
        data.use(size)
    for _round in range(asked.rounds):
        for size in sizes:
            data.use(size)
            client = visitor()
            for address in addresses():
                if asked.only not in address.name:
                    continue
                kinds[address.name] = address
                for _ in range(WARM):
                    client.get(address.path)
                with CaptureQueriesContext(connection) as captured:
                    answer = client.get(address.path)
                if answer.status_code != 200:
                    raise RuntimeError(f"{address.path} answered {answer.status_code}")
                queries[address.name, size] = len(captured)
                seconds[address.name, size].append([])
                for _ in range(COUNTED):
                    began, worked = time.perf_counter(), time.process_time()
                    client.get(address.path)
                    seconds[address.name, size][-1].append(time.perf_counter() - began)
                    own[address.name, size].append(time.process_time() - worked)
    return [line for address in kinds.values() for line in lines_of(address, sizes, seconds, own, queries)]


def lines_of(
    address: Address,
    sizes: list[int],
    seconds: dict[tuple[str, int], list[list[float]]],
    own: dict[tuple[str, int], list[float]],
    queries: dict[tuple[str, int], int],
) -> list[Line]:
    lines = []
    smallest = sizes[0]
    base = middle([one for taken in seconds[address.name, smallest] for one in taken])
    for size in sizes:
        rounds = seconds[address.name, size]
        usual = middle([one for taken in rounds for one in taken])
        slow = middle([p95(taken) for taken in rounds])
        asked, at_first = queries[address.name, size], queries[address.name, smallest]
        most = DASHBOARD_S if address.is_dashboard else LIST_S
        bars, met = [], []
        if size <= JUDGED_AT:
            bars.append(f"p95 < {most * 1000:.0f} ms")
            met.append(slow < most)
        if size > smallest:
            bars.append("no more queries")
            met.append(asked <= at_first)
        ratio = usual / base
        if size > JUDGED_AT and not address.is_dashboard:
            bars.append(f"growth < {GROWTH:.0f}")
            met.append(ratio < GROWTH)
        lines.append(
            Line(
                f"{address.name}, {size:,} orders",
                f"{ms(usual)}, p95 {ms(slow)}, own {ms(middle(own[address.name, size]))}, {asked} queries",
                reference="" if size == smallest else f"{ms(base)}, {at_first} queries",
                ratio=None if size == smallest else ratio,
                bar=", ".join(bars),
                is_met=all(met) if bars else None,
                figures={
                    f"p95_ms, {address.name}, {size}": slow * 1000,
                    f"own_ms, {address.name}, {size}": middle(own[address.name, size]) * 1000,
                },
            )
        )
    return lines
