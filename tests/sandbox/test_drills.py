"""Trouble on demand: by rate, by limit, by clock, and undone by one word."""

from collections import Counter
from collections.abc import Callable

import pytest
import requests

from painelml.sandbox import Sandbox

from .conftest import ANA, Caller


def outcome(ana: Caller) -> str:
    try:
        return str(ana.get("/users/me").status_code)
    except requests.ConnectionError:
        return "dropped"


def test_errors_come_at_the_rate_and_in_every_kind(box: Sandbox, ana: Caller) -> None:
    box.control(drills={"error_rate": 0.5})
    outcomes = Counter(outcome(ana) for _ in range(120))
    assert {"200", "429", "dropped"} <= set(outcomes)
    assert any(status.startswith("5") for status in outcomes)
    assert 30 < outcomes["200"] < 90


def test_429_has_every_body_it_is_known_to_have(box: Sandbox, ana: Caller) -> None:
    box.control(drills={"error_rate": 1.0, "errors": ["429"]})
    answers = [ana.get("/users/me") for _ in range(40)]
    assert "local_rate_limited" in {answer.text for answer in answers}
    assert len({answer.text for answer in answers}) == 5
    assert not any("Retry-After" in answer.headers for answer in answers)


def test_a_dropped_answer_may_have_done_its_work(box: Sandbox, ana: Caller) -> None:
    question = box.world.questions_of[ANA][-1]
    question.status, question.answered = "UNANSWERED", 0
    box.world.items[question.item_id].status = "active"
    box.control(drills={"error_rate": 1.0, "errors": ["drop_after"]})
    with pytest.raises(requests.ConnectionError):
        ana.post("/answers", {"question_id": question.id, "text": "Sim."})
    assert question.status == "ANSWERED"


def test_the_token_endpoint_has_a_rate_of_its_own(box: Sandbox) -> None:
    box.control(drills={"error_rate": 1.0, "errors": ["5xx"]})
    assert requests.post(f"{box.url}/oauth/token", timeout=5).status_code == 400
    box.control(drills={"oauth_error_rate": 1.0})
    assert requests.post(f"{box.url}/oauth/token", timeout=5).status_code >= 500


def test_a_missing_permission_is_a_403_of_the_policy_agent(box: Sandbox, ana: Caller) -> None:
    box.control(drills={"forbidden": ["/questions"]})
    refused = ana.get("/questions/search", api_version=4)
    assert refused.status_code == 403
    assert refused.json()["code"] == "PA_UNAUTHORIZED_RESULT_FROM_POLICIES"
    assert ana.get("/users/me").status_code == 200


def test_a_limit_per_minute_holds_and_passes(box: Sandbox, ana: Caller) -> None:
    box.control(drills={"rpm": 5})
    assert [ana.get("/users/me").status_code for _ in range(7)] == [200] * 5 + [429] * 2
    box.control(clock={"advance_s": 60})
    assert ana.get("/users/me").status_code == 200


def test_a_frozen_clock_stands_still_and_changes_are_still_apart(box: Sandbox) -> None:
    box.control(clock={"freeze": True})
    item = box.world.items_of[ANA][0]
    stamps = [box.world.stamp(item) for _ in range(3)]
    assert stamps == sorted(set(stamps))
    assert box.world.clock.now() == box.world.clock.now()


def test_an_unknown_order_or_drill_is_named(box: Sandbox) -> None:
    with pytest.raises(ValueError, match="explode"):
        box.control(explode=1)
    with pytest.raises(ValueError, match="rain"):
        box.control(drills={"rain": 1})


def test_after_the_stop_kept_connections_are_closed(box: Sandbox, ana: Caller) -> None:
    assert ana.get("/users/me").status_code == 200
    box.stop()
    assert outcome(ana) == "dropped"


def test_reset_ends_every_drill(box: Sandbox, ana: Caller) -> None:
    box.control(drills={"error_rate": 1.0, "bulk": False})
    box.control(reset=True)
    assert ana.get("/users/me").status_code == 200
    assert box.drills.bulk


def test_calls_are_counted_by_endpoint(box: Sandbox, ana: Caller) -> None:
    order = box.world.orders_of[ANA][0].id
    ana.get(f"/orders/{order}")
    ana.get(f"/orders/{order}")
    assert box.calls["GET /orders/{id}"] == 2
    told = requests.get(f"{box.url}/sandbox/calls", params={"reset": 1}, timeout=5).json()
    assert told["calls"]["GET /orders/{id}"] == 2
    assert box.calls["GET /orders/{id}"] == 0


def test_the_truth_is_told_over_http_too(box: Sandbox) -> None:
    told = requests.get(
        f"{box.url}/sandbox/truth", params={"seller": ANA, "kind": "orders"}, timeout=5
    ).json()
    assert told == box.truth(ANA, "orders")
    assert requests.get(f"{box.url}/sandbox/truth", params={"seller": ANA}, timeout=5).status_code == 400


def test_happenings_are_asked_for_by_number(box: Sandbox) -> None:
    before = len(box.world.orders_of[ANA]), len(box.world.questions_of[ANA])
    state = requests.post(
        f"{box.url}/sandbox/control", json={"sell": 3, "ask": 2, "seller": ANA}, timeout=5
    ).json()
    mine = next(seller for seller in state["sellers"] if seller["id"] == ANA)
    assert mine["orders"] >= before[0] + 3
    assert mine["questions"] == before[1] + 2


def test_life_goes_on_by_itself_until_stopped(new_box: Callable[..., Sandbox]) -> None:
    box = new_box(pace=200)
    ana = Caller(box, ANA)
    first = box.world.changes
    while box.world.changes < first + 20:
        assert ana.get("/users/me").status_code == 200
    box.control(life=0)
    settled = box.world.changes
    ana.get("/users/me")
    assert box.world.changes == settled
    assert requests.get(f"{box.url}/sandbox/control", timeout=5).json()["life"] == 0
