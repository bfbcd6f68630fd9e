"""What 1, 100 and 10,000 sellers need, reckoned from what the other benchmarks measured last.

Nothing is measured here but the size of a row: the data set is weighed. A seller is taken to be a busy one
(50 sales and 20 questions a day); half of a day's events come within four hours, and the rates are of those.
"""

from __future__ import annotations

import argparse
import math

from django.db import connection, models

from catalog.models import Item, StockOut, StockPart, Variation
from orders.models import Order, OrderItem, Payment, Refund
from questions.models import Question
from shipments.models import Shipment
from webhooks.models import Notification

from . import data, place, results
from .results import Line

SELLERS = (1, 100, 10_000)
ORDERS_A_DAY, EVENTS_AN_ORDER, QUESTIONS_A_DAY, ITEMS = 50, 8, 20, 500
"""Of one seller. An order is told of when it is placed, paid, packed, sent and delivered, and so is its
shipment; an item when it is sold."""
BUSY_SHARE, BUSY_S = 0.5, 4 * 3600
DAYS_OF_EVENTS = 14
SPARE = 0.5
"""How much of what was measured is planned with."""
FAMILIES: dict[str, tuple[type[models.Model], ...]] = {
    "order": (Order, OrderItem, Payment, Refund),
    "shipment": (Shipment,),
    "item": (Item, Variation, StockPart, StockOut),
    "question": (Question,),
    "event": (Notification,),
}


def measure(asked: argparse.Namespace) -> list[Line]:
    known: dict[str, float] = {}
    for name in ("acknowledgement", "draining", "scaling", "starting"):
        known |= results.figures(place.FOLDER, name)
    wanted = ("acks_per_s", "calls_per_resource, 200 ms", "resources_per_s, 1 workers", "idle_worker_mib")
    if missing := [name for name in wanted if name not in known]:
        return [Line("sizing", f"measure first what gives {', '.join(missing)}")]
    size = max(asked.orders)
    data.use(size)
    weights = {name: weight(family) for name, family in FAMILIES.items()}
    unit = Line(
        f"bytes of a row with its indexes, of {size:,} orders",
        ", ".join(f"{name} {bytes_:.0f}" for name, bytes_ in weights.items()),
        figures={f"bytes, {name}": bytes_ for name, bytes_ in weights.items()},
    )
    return [unit, *(line_of(sellers, known, weights) for sellers in SELLERS)]


def weight(family: tuple[type[models.Model], ...]) -> float:
    """Return what one row of the first table takes on disk, with those that hang on it, indexes and all."""
    with connection.cursor() as cursor:
        tables = [model._meta.db_table for model in family]
        cursor.execute(
            "SELECT sum(pg_total_relation_size(t::regclass)) FROM unnest(%s::text[]) AS t", [tables]
        )
        return float(cursor.fetchone()[0]) / max(1, family[0]._default_manager.count())


def line_of(sellers: int, known: dict[str, float], weights: dict[str, float]) -> Line:
    events_a_day = ORDERS_A_DAY * EVENTS_AN_ORDER + QUESTIONS_A_DAY
    events = sellers * events_a_day * BUSY_SHARE / BUSY_S
    # An event apart from others costs a reading of its resource.
    calls = events * known["calls_per_resource, 200 ms"]
    rows = sellers * (2 * ORDERS_A_DAY + QUESTIONS_A_DAY) * 365
    of_a_day = ORDERS_A_DAY * (weights["order"] + weights["shipment"]) + QUESTIONS_A_DAY * weights["question"]
    standing = ITEMS * weights["item"] + events_a_day * DAYS_OF_EVENTS * weights["event"]
    gigabytes = sellers * (365 * of_a_day + standing) / 1e9
    workers = math.ceil(events / (known["resources_per_s, 1 workers"] * SPARE))
    servers = math.ceil(events / (known["acks_per_s"] * SPARE))
    figures = {
        "events_per_s": events,
        "calls_per_s": calls,
        "million_rows_a_year": rows / 1e6,
        "gb_after_a_year": gigabytes,
        "workers_of_2_threads": float(workers),
        "web_servers_of_2_processors": float(servers),
    }
    return Line(
        f"{sellers:,} sellers" if sellers > 1 else "1 seller",
        f"{events:.2f} events/s and {calls:.2f} calls/s in busy hours; {rows / 1e6:.1f} million rows a year, "
        f"{gigabytes:.1f} GB after one; {workers} workers of 2 threads "
        f"({workers * known['idle_worker_mib'] / 1024:.1f} GiB), {servers} web servers for events",
        figures={f"{name}, {sellers} sellers": value for name, value in figures.items()},
    )
