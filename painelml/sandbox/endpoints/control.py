"""The sandbox's own handles, for drills and comparisons. Mercado Livre has nothing of the kind."""

from typing import Any

from ..clock import SECOND, zulu
from ..http import ApiError, Request, route
from ..life import HAPPENINGS
from ..server import Box
from ..truth import KINDS, truth

ORDERS = {"seller", "drills", "clock", "life", "callback", "topics", "speed", "revoke", "expire", "reset"}


@route("GET", "/sandbox/control", public=True, drilled=False)
def state(box: Box, request: Request) -> dict[str, Any]:
    return state_of(box)


def state_of(box: Box) -> dict[str, Any]:
    world = box.world
    return {
        "now": zulu(world.clock.now()),
        "frozen": world.clock.frozen_at is not None,
        "life": box.life.pace if box.life else 0,
        "drills": box.drills.state(),
        "callback": box.notifier.callback,
        "topics": sorted(box.notifier.topics),
        "notifications": {
            "speed": box.notifier.speed,
            "told": box.notifier.told,
            "waiting": box.notifier.waiting(),
            "missed": len(box.notifier.missed),
        },
        "sellers": [
            {
                "id": seller.id,
                "nickname": seller.nickname,
                "granted": seller.id in box.oauth.grants,
                "items": len(world.items_of[seller.id]),
                "orders": len(world.orders_of[seller.id]),
                "questions": len(world.questions_of[seller.id]),
            }
            for seller in world.sellers.values()
        ],
    }


@route("POST", "/sandbox/control", public=True, drilled=False)
def control(box: Box, request: Request) -> dict[str, Any]:
    """Do what the body says, in this order: reset, drills, clock, callback, grants, happenings, life;
    answer the state.
    """
    body = request.json()
    if not isinstance(body, dict):
        raise ApiError(400, "the body must be an object", "bad_request")
    if unknown := set(body) - ORDERS - set(HAPPENINGS):
        names = ", ".join(sorted(ORDERS | set(HAPPENINGS)))
        raise ApiError(400, f"unknown: {', '.join(sorted(unknown))}; known: {names}", "bad_request")
    if body.get("reset"):
        box.reset()
    box.drills.update(body.get("drills", {}))
    set_clock(box, body.get("clock", {}))
    box.notifier.callback = body.get("callback", box.notifier.callback)
    box.notifier.topics = set(body.get("topics", box.notifier.topics))
    box.notifier.speed = float(body.get("speed", box.notifier.speed))
    if "revoke" in body:
        box.oauth.revoke(int(body["revoke"]))
    if "expire" in body:
        box.oauth.expire(None if body["expire"] is True else int(body["expire"]))
    seller = body.get("seller")
    for name, happen in HAPPENINGS.items():
        for _ in range(int(body.get(name, 0))):
            happen(box.world, seller)
    if "life" in body:
        box.set_pace(float(body["life"]))
    return state_of(box)


def set_clock(box: Box, order: dict[str, Any]) -> None:
    """`{"advance_s": seconds}`, `{"freeze": true}`, `{"run": true}`."""
    clock = box.world.clock
    clock.advance(int(order.get("advance_s", 0) * SECOND))
    if order.get("freeze"):
        clock.freeze()
    if order.get("run"):
        clock.run()


@route("GET", "/sandbox/calls", public=True, drilled=False)
def calls(box: Box, request: Request) -> dict[str, Any]:
    """How often each endpoint was asked, and with which outcome; `?reset=1` starts the count anew
    afterwards.
    """
    answer = {"calls": dict(box.calls), "statuses": dict(box.statuses)}
    if request.query.get("reset"):
        box.calls.clear()
        box.statuses.clear()
    return answer


@route("GET", "/sandbox/truth", public=True, drilled=False)
def dump(box: Box, request: Request) -> dict[str, Any]:
    seller, kind = request.query.get("seller", ""), request.query.get("kind", "")
    if not seller.isdigit() or int(seller) not in box.world.sellers or kind not in KINDS:
        raise ApiError(400, f"seller and kind are needed; kinds: {', '.join(KINDS)}", "bad_request")
    return truth(box.world, int(seller), kind)
