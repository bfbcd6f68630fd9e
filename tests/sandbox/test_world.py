"""The invented shops: the same for the same seed, believable, and able to go on after a stop."""

import ast
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import requests

from painelml import sandbox as sandbox_package
from painelml.sandbox import Sandbox, World, life
from painelml.sandbox.truth import KINDS, truth

from .conftest import ANA, CARLA, NOON


def everything(world: World) -> str:
    told = {kind: truth(world, seller, kind) for seller in world.sellers for kind in KINDS if kind != "sla"}
    return json.dumps(told)


def test_the_same_seed_and_start_make_the_same_world() -> None:
    one, same, other = (World(seed=seed, orders=150, now=NOON) for seed in (7, 7, 8))
    assert everything(one) == everything(same) != everything(other)


def test_sizes_are_exact_for_the_first_seller_and_a_quarter_for_the_others() -> None:
    world = World(orders=101, items=41, questions=22, now=NOON)
    counted = [
        (len(world.orders_of[s]), len(world.items_of[s]), len(world.questions_of[s])) for s in (ANA, CARLA)
    ]
    assert counted == [(101, 41, 22), (26, 11, 6)]


def test_a_year_of_sales_with_everything_that_happens_in_one() -> None:
    world = World(orders=4000, items=300, questions=600, now=NOON)
    orders = world.orders_of[ANA]
    assert 300 * 86_400_000 < orders[-1].created - orders[0].created < 356 * 86_400_000
    assert orders == sorted(orders, key=lambda order: order.created)
    assert all(order.created <= world.clock.now() and order.updated <= world.clock.now() for order in orders)
    assert {"paid", "cancelled", "partially_refunded"} <= {order.status for order in orders}
    assert {"unfulfilled", "fraud_risk_detected", "no_shipping", "pack_order"} <= {
        tag for order in orders for tag in order.tags
    }
    assert len({order.cancel[0] for order in orders if order.cancel}) > 6
    logistics = Counter(shipment.logistic for shipment in world.shipments.values())
    assert {"fulfillment", "cross_docking", "xd_drop_off", "self_service", "drop_off"} == set(logistics)
    assert {"ANSWERED", "UNANSWERED", "BANNED"} <= {q.status for q in world.questions.values()}
    assert len(world.open_shipments) > 20


def test_there_is_always_something_to_dispatch_and_to_answer() -> None:
    world = World(now=NOON)
    assert any(s.substatus == "ready_to_print" for s in world.shipments.values())
    assert world.open_questions


def test_a_hundred_thousand_orders_start_in_seconds() -> None:
    began = time.process_time()
    world = World(sellers=1, orders=100_000, items=50_000, questions=5_000)
    assert time.process_time() - began < 20
    assert len(world.orders) == 100_000


@pytest.mark.parametrize("happening", sorted(life.HAPPENINGS))
def test_whatever_happens_is_news_and_nothing_is_from_the_future(happening: str) -> None:
    world = World(orders=200, items=60, questions=60, now=NOON)
    news = []
    world.on_change = news.append
    for _ in range(5):
        life.HAPPENINGS[happening](world, ANA)
    assert news
    assert {change.user_id for change in news} == {ANA}
    latest = max(record.updated for record in [*world.orders.values(), *world.items.values()])
    assert latest <= world.clock.now() + 1000


def test_a_sale_takes_stock_and_its_shipment_follows() -> None:
    world = World(orders=50, items=40, now=NOON)
    stock = {item.id: item.available for item in world.items.values()}
    orders = life.sell(world, ANA, at_once=False)
    assert all(world.items[order.item_id].available < stock[order.item_id] for order in orders)
    assert all(order.shipment_id == 0 for order in orders)
    world.clock.advance(60_000)
    life.catch_up(world)
    assert all(order.shipment_id or "no_shipping" in order.tags for order in orders)


def test_a_long_life_stays_in_balance_and_agrees_with_itself() -> None:
    world = World(orders=100, items=50, questions=40, now=NOON)
    for _ in range(1500):
        life.live(world)
        world.clock.advance(3000)
    for order in world.orders.values():
        assert len(order.tags) == len(set(order.tags))
        assert not order.shipment_id or order.id in world.shipments[order.shipment_id].order_ids
        assert not order.shipment_id or order.closed
    for shipment in world.shipments.values():
        assert [step[0] for step in shipment.history] == sorted(step[0] for step in shipment.history)
        assert shipment.status == shipment.history[-1][1]
    assert all(item.available >= 0 for item in world.items.values())
    assert not [item for item in world.items.values() if item.status == "active" and not item.available]
    open_shipments = {s.id for s in world.shipments.values() if s.status in life.OPEN_SHIPMENT}
    assert set(world.open_shipments) == open_shipments
    assert len(open_shipments) < 300
    assert len(world.open_questions) < 60
    assert sum(item.status == "active" for item in world.items.values()) > 30


def test_the_sandbox_needs_nothing_but_itself_and_the_standard_library() -> None:
    package = Path(sandbox_package.__file__).parent
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            assert all(name.split(".")[0] in sys.stdlib_module_names for name in names), path


def test_the_state_file_lets_a_second_start_go_on(tmp_path: Path) -> None:
    path = tmp_path / "var" / "sandbox.json"
    with Sandbox(port=0, orders=60, items=20, questions=20, state_file=path) as box:
        refresh_token = box.grant(ANA)["refresh_token"]
        box.control(sell=4, ask=2, change_items=5, drills={"missed": 1.0})
        before = {kind: box.truth(ANA, kind) for kind in KINDS}
    with Sandbox(port=0, orders=9999, state_file=path) as box:
        assert {kind: box.truth(ANA, kind) for kind in KINDS} == before
        assert box.box.oauth.grants[ANA].refresh_token == refresh_token
        box.control(sell=2)
        ids = [order.id for order in box.world.orders.values()]
        assert len(ids) == len(set(ids))


def test_the_command_serves_until_it_is_stopped() -> None:
    command = [sys.executable, "manage.py", "sandbox", "--port", "0", "--orders", "30", "--items", "10"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        assert requests.get(f"{url}/sandbox/control", timeout=5).json()["life"] == 1.0
    finally:
        process.terminate()
    assert process.wait(timeout=10) == 0
