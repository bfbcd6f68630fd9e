"""Every page of the URLconf and every part htmx asks of it, in a shop with more rows than a page shows: light
on the wire, as many queries as with a few rows, and tabs that lose neither the account nor the period.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import django_htmx
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from django.utils import timezone

from accounts.models import Account, Membership, Role
from tests.factories import make_account, make_item, make_order, make_person, make_question, make_shipment

from .addresses import addresses
from .world import World, owned

pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]  # what allauth leaves out is its own

FIRST_LOAD, PART = 250 * 1024, 30 * 1024
FEW, MANY = 2, 60
VARIANTS = [
    "/catalog/?view=cards",
    "/orders/?status=paid",
    "/questions/?question={question}",
    "/questions/?status=ANSWERED",
    "/questions/performance/?days=366",
    "/reports/?days=366",
    "/reports/breakdown/?by=state",
    "/search/?q=garrafa",
    "/shipments/all/?dispatch=late",
    "/shipments/performance/?days=366",
]
"""Pages that show other rows, or more, with a query."""
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
ASSETS = [*Path(settings.BASE_DIR, "static").rglob("*.css"), *Path(settings.BASE_DIR, "static").rglob("*.js")]
HTMX = next(Path(django_htmx.__file__).parent.rglob("htmx-2.min.js"))


class Page(HTMLParser):
    """What a page asks htmx for, (address, id that is replaced) each, and where its tabs lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[dict[str, str]] = []
        self.asks: list[tuple[str, str]] = []
        self.tabs: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        here = {name: value or "" for name, value in attrs} | {"tag": tag}
        above = [here, *reversed(self.open)]
        if "hx-get" in here:
            told = next((one for one in above if "hx-target" in one), {})
            target = told.get("id", "") if told.get("hx-target") == "this" else told.get("hx-target", "")
            self.asks.append((here["hx-get"], target.removeprefix("#")))
        is_tab = {"tab", "back"} & set(here.get("class", "").split())
        if tag == "a" and is_tab:
            self.tabs.append(here["href"])
        if tag not in VOID:
            self.open.append(here)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()["tag"] != tag:
            pass


@dataclass
class Visit:
    """A page that was looked at: the answer as a browser gets it, and how many queries it took."""

    answer: Any
    queries: int

    @property
    def is_page(self) -> bool:
        return self.answer.status_code == 200 and self.answer.get("Content-Type", "").startswith("text/html")

    @property
    def weight(self) -> int:
        return len(self.answer.content)

    @cached_property
    def html(self) -> str:
        content = self.answer.content
        is_packed = self.answer.get("Content-Encoding") == "gzip"
        return (gzip.decompress(content) if is_packed else content).decode()


@dataclass
class Shop:
    """A shop, and its pages with few rows in it and with many."""

    world: World
    client: Client
    broken: list[str] = field(default_factory=list)
    few: dict[str, Visit] = field(default_factory=dict)
    many: dict[str, Visit] = field(default_factory=dict)

    def visit(self, path: str, **headers: str) -> Visit:
        cache.clear()  # or what is kept for a while hides queries
        with CaptureQueriesContext(connection) as captured:
            answer = self.client.get(path, headers={"accept-encoding": "gzip", **headers})
        return Visit(answer, len(captured))

    def paths(self) -> list[str]:
        named = {"question": self.world.question.meli_id}
        swept = [one for one in addresses() if not (one.is_admin or one.is_api)]
        return [*(one.of(self.world) for one in swept), *(path.format(**named) for path in VARIANTS)]


@pytest.fixture(scope="module")
def shop(django_db_setup: None, django_db_blocker: Any) -> Iterator[Shop]:
    with django_db_blocker.unblock(), transaction.atomic():
        shop = Shop(World("Ana"), Client(raise_request_exception=False))
        shop.client.force_login(shop.world.person)
        fill(shop.world, FEW)
        found = {path: shop.visit(path) for path in shop.paths()}
        shop.broken = [path for path, visit in found.items() if visit.answer.status_code >= 500]
        shop.few = {path: visit for path, visit in found.items() if visit.is_page}
        fill(shop.world, MANY)
        shop.many = {path: shop.visit(path) for path in shop.few}
        yield shop
        transaction.set_rollback(True)


def fill(world: World, rows: int) -> None:
    """Sell, send and be asked, with words as unlike each other as a shop's are; then some of all the rest."""
    words = random.Random(rows)

    def say(number: int) -> str:
        return " ".join(
            "".join(words.choices("abcdefghijlmnoprstuvz", k=words.randint(3, 9))) for _ in range(number)
        )

    now = timezone.now()
    account = world.account
    for number in range(rows):
        moment = now - timedelta(hours=number)
        item = make_item(
            account,
            title=f"Garrafa {say(7)}",
            sku=say(1),
            variations=number % 3,
            available_quantity=number % 2 * words.randint(1, 900),
            sold_quantity=words.randint(1, 9000),
            price=words.randint(100, 999_999) / 100,
            date_created=moment,
        )
        sale = world.order.pack_id if number % 20 == 0 else f"{2_000_000_000_000_000 + words.getrandbits(40)}"
        order = make_order(
            account,
            pack_id=sale,
            lines=1 + number % 3,
            buyer_id=world.order.buyer_id if number % 3 else str(words.getrandbits(40)),
            buyer_nickname=say(2).upper(),
            total_amount=words.randint(100, 999_999) / 100,
            date_created=moment,
            item_id=item.meli_id,
        )
        order.items.update(title=item.title, sku=item.sku)
        make_shipment(
            account,
            meli_id=order.shipment_id,
            receiver_name=say(3),
            receiver_city=say(2),
            date_created=moment,
            dispatch_by=now + timedelta(hours=number % 9 - 6),
        )
        for status in ("UNANSWERED", "ANSWERED"):
            make_question(
                account,
                item_id=world.item.meli_id if number % 4 == 0 else item.meli_id,
                from_id=world.question.from_id if number % 4 == 1 else order.buyer_id,
                status=status,
                text=f"Serve {say(14)}?",
                answer_text=say(20) if status == "ANSWERED" else "",
                answered_at=moment + timedelta(minutes=7) if status == "ANSWERED" else None,
                response_seconds=420 if status == "ANSWERED" else None,
                date_created=moment,
                due_at=now + timedelta(minutes=number % 50 - 20),
            )
    for number in range(rows // 4 + 1):
        make_account(world.organization, account_name=say(2))
        make_person(say(1), world.organization, list(Role)[number % len(Role)])
    for model in owned():
        for _ in range(rows if model not in (Account, Membership) else 0):
            try:
                world.make(model)
            except (IntegrityError, ValueError):
                break  # there is one of a kind


def test_no_page_asks_more_of_the_database_when_there_is_more(shop: Shop) -> None:
    counts = {path: (visit.queries, shop.many[path].queries) for path, visit in shop.few.items()}
    assert len(counts) > 50
    assert {path: count for path, count in counts.items() if count[1] > count[0]} == {}
    assert shop.broken == ["/readyz"]  # nobody works here


def test_every_page_and_every_part_of_one_is_light(shop: Shop) -> None:
    assets = sum(one.stat().st_size for one in [*ASSETS, HTMX])
    heavy: dict[str, int] = {}
    parts = {("/search/?q=garrafa", "found")}
    for path, visit in shop.many.items():
        if "<html" not in visit.html:
            parts.add((path, ""))
            continue
        if visit.weight + assets > FIRST_LOAD:
            heavy[path] = visit.weight + assets
        for asked, target in Page(visit.html).asks:
            address = urljoin(path, asked)
            is_own = urlsplit(address).path == urlsplit(path).path and "question=" not in asked
            parts.add((path if is_own else address, target))
    seen: set[tuple[str, str]] = set()
    for path, target in sorted(parts):
        route = path if path in shop.many else resolve(urlsplit(path).path).route
        if (route, target) in seen:
            continue
        seen.add((route, target))
        part = shop.visit(path, **{"HX-Request": "true", "HX-Target": target})
        if part.weight > PART or part.answer.status_code != 200:
            heavy[f"{path} #{target} {part.answer.status_code}"] = part.weight
    assert len(seen) > 40
    assert heavy == {}


def test_tabs_and_ways_back_keep_the_account_and_the_period(shop: Shop) -> None:
    found, lost = 0, []
    chosen = f"account_id={shop.world.account.pk}&days=7"
    for path, visit in shop.few.items():
        if "?" in path or not Page(visit.html).tabs:
            continue
        for tab in Page(shop.visit(f"{path}?{chosen}").html).tabs:
            found += 1
            kept = parse_qs(urlsplit(tab).query)
            if "account_id" not in kept or not {"days", "date_from"} & set(kept):
                lost.append(f"{path} -> {tab}")
    assert found > 60
    assert lost == []
