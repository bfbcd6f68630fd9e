"""What the application is told: once per change and topic, eight times at most, then as a missed feed
for two days.
"""

import json
from collections import Counter
from typing import Any

from painelml.sandbox import Drills, Sandbox, life

from .conftest import ANA, CARLA, Callback, Caller


def told(box: Sandbox, callback: Callback) -> list[dict[str, Any]]:
    assert box.wait_until_told(10)
    return [json.loads(body) for body in callback.bodies]


def missed(ana: Caller, **params: Any) -> list[dict[str, Any]] | None:
    answer = ana.get("/missed_feeds", app_id=ana.box.box.application.id, **params)
    assert answer.status_code == 200, answer.text
    return answer.json()["messages"]


def test_a_price_is_told_under_both_topics_that_concern_it(listening: Sandbox, callback: Callback) -> None:
    item = listening.world.items_of[ANA][0]
    listening.world.set_price(item, 9990)
    bodies = told(listening, callback)
    assert {(body["topic"], body["resource"]) for body in bodies} == {
        ("items", f"/items/{item.id}"),
        ("items_prices", f"/items/{item.id}/prices"),
    }
    assert all(int(body["user_id"]) == ANA for body in bodies)
    assert all(body["application_id"] == listening.box.application.id for body in bodies)


def test_one_write_is_told_once(listening: Sandbox, callback: Callback) -> None:
    ana = Caller(listening, ANA)
    item = next(
        i
        for i in listening.world.items_of[ANA]
        if not i.variations and not i.user_product_id and i.logistic != "fulfillment" and i.status == "active"
    )
    ana.put(f"/items/{item.id}", {"available_quantity": item.quantity + 5})
    assert [body["topic"] for body in told(listening, callback)] == ["items"]


def test_a_sale_is_told_as_order_shipment_and_stock(listening: Sandbox, callback: Callback) -> None:
    for _ in range(8):
        life.sell(listening.world, ANA)
    topics = Counter(body["topic"] for body in told(listening, callback))
    assert topics["orders_v2"] >= 8
    assert topics["items"] >= 8
    assert topics["shipments"] > 0


def test_who_has_not_granted_is_not_told_of(listening: Sandbox, callback: Callback) -> None:
    listening.world.set_price(listening.world.items_of[CARLA][0], 9990)
    assert told(listening, callback) == []


def test_topics_that_are_not_ticked_are_silent(listening: Sandbox, callback: Callback) -> None:
    listening.control(topics=["questions"], change_items=3, ask=1, seller=ANA)
    assert [body["topic"] for body in told(listening, callback)] == ["questions"]


def test_after_eight_refusals_an_event_is_a_missed_feed(listening: Sandbox, callback: Callback) -> None:
    callback.status = 500
    listening.control(ask=1, seller=ANA)
    bodies = told(listening, callback)
    (entry,) = missed(Caller(listening, ANA)) or []
    assert [body["attempts"] for body in bodies] == list(range(1, 9))
    assert len({body.get("_id", body.get("id")) for body in bodies}) == 1
    assert entry["attempts"] == 8
    assert entry["resource"] == bodies[0]["resource"]
    assert json.loads(entry["request"]["data"])["attempts"] == 1
    assert entry["response"]["http_code"] == 500


def test_an_event_delivered_late_is_not_missed(listening: Sandbox, callback: Callback) -> None:
    callback.status = 503
    listening.control(speed=1, ask=1, seller=ANA)
    assert not listening.wait_until_told(1)
    assert len(callback.bodies) == 1
    assert missed(Caller(listening, ANA)) is None


def test_an_ack_that_comes_too_late_does_not_count(listening: Sandbox, callback: Callback) -> None:
    listening.box.notifier.timeout_s = 0.05
    callback.delay_s = 0.2
    listening.control(ask=1, seller=ANA)
    assert listening.wait_until_told(20)
    assert len(missed(Caller(listening, ANA)) or []) == 1


def test_missed_feeds_end_with_null_and_are_kept_two_days(listening: Sandbox) -> None:
    listening.control(drills={"missed": 1.0}, ask=12, seller=ANA)
    ana = Caller(listening, ANA)
    assert len(missed(ana, limit=50) or []) == 12
    assert missed(ana, offset=12) is None
    listening.control(clock={"advance_s": 2 * 86400 + 1})
    assert missed(Caller(listening, ANA)) is None


def test_a_short_page_is_not_the_end(listening: Sandbox) -> None:
    listening.control(drills={"missed": 1.0}, ask=12, seller=ANA)
    ana = Caller(listening, ANA)
    seen: set[str] = set()
    sizes = []
    while page := missed(ana, limit=5, offset=sum(sizes)):
        sizes.append(len(page))
        seen |= {entry["resource"] for entry in page}
    assert sizes[0] < 5
    assert len(seen) == 12


def test_missed_items_need_the_site(listening: Sandbox) -> None:
    ana = Caller(listening, ANA)
    app_id = listening.box.application.id
    assert ana.get("/missed_feeds", app_id=app_id, topic="items").status_code == 400
    assert ana.get("/missed_feeds", app_id=app_id, topic="items", site_id="MLB").status_code == 200


def test_a_topic_that_keeps_failing_is_switched_off(listening: Sandbox, callback: Callback) -> None:
    callback.status = 500
    listening.control(drills={"fallback_after": 3}, ask=3, seller=ANA)
    assert listening.wait_until_told(10)
    callback.status = 200
    callback.bodies.clear()
    listening.control(ask=2, change_items=1, seller=ANA)
    assert "questions" not in {body["topic"] for body in told(listening, callback)}
    assert len(missed(Caller(listening, ANA)) or []) == 3


def test_lost_events_are_neither_sent_nor_listed(listening: Sandbox, callback: Callback) -> None:
    listening.control(drills={"loss": 1.0}, ask=3, seller=ANA)
    assert told(listening, callback) == []
    assert missed(Caller(listening, ANA)) is None


def test_duplicates_come_with_the_same_id_and_with_another(listening: Sandbox, callback: Callback) -> None:
    listening.control(drills={"duplicates": 1.0}, ask=20, seller=ANA)
    bodies = told(listening, callback)
    ids = {body.get("_id", body.get("id")) for body in bodies}
    assert len(bodies) == 40
    assert 20 < len(ids) < 40


def test_reordered_events_arrive_in_another_order(listening: Sandbox, callback: Callback) -> None:
    listening.control(speed=20, drills={"reorder": 0.5}, ask=20, seller=ANA)
    resources = [body["resource"] for body in told(listening, callback)]
    assert len(resources) == 20
    assert resources != sorted(resources)


def test_garbage_comes_beside_the_real_ones(listening: Sandbox, callback: Callback) -> None:
    listening.control(drills={"garbage": 1.0}, ask=10, seller=ANA)
    assert listening.wait_until_told(10)
    assert len(callback.bodies) == 20


def test_spellings_vary_as_they_are_known_to(listening: Sandbox, callback: Callback) -> None:
    listening.control(ask=120, seller=ANA)
    bodies = told(listening, callback)
    assert {type(body["user_id"]) for body in bodies} == {int, str}
    assert {"_id" in body for body in bodies} == {True, False}
    assert {"received" in body for body in bodies} == {True, False}


def test_the_same_seed_loses_the_same_events() -> None:
    drawn = [[Drills(seed=5).happens(0.5) for _ in range(3)] for _ in range(2)]
    assert drawn[0] == drawn[1]
