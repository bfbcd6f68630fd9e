"""The whole truth about a seller, for comparing: complete payloads by id, without the traps of the
endpoints.
"""

from collections.abc import Callable, Iterator
from typing import Any

from .payloads.items import item_payload, prices_payload
from .payloads.orders import discounts_payload, order_payload, pack_payload
from .payloads.questions import question_payload
from .payloads.shipments import costs_payload, history_payload, shipment_payload, sla_payload
from .records import Shipment
from .world import World

Rows = Iterator[tuple[object, Any]]


def items(world: World, seller_id: int) -> Rows:
    return ((item.id, item_payload(world, item)) for item in world.items_of[seller_id])


def prices(world: World, seller_id: int) -> Rows:
    return ((item.id, prices_payload(item)) for item in world.items_of[seller_id])


def orders(world: World, seller_id: int) -> Rows:
    return ((order.id, order_payload(world, order)) for order in world.orders_of[seller_id])


def discounts(world: World, seller_id: int) -> Rows:
    """Only of the orders that have any."""
    every = ((order.id, discounts_payload(world, order)) for order in world.orders_of[seller_id])
    return ((order_id, payload) for order_id, payload in every if payload)


def packs(world: World, seller_id: int) -> Rows:
    ids = dict.fromkeys(order.pack_id for order in world.orders_of[seller_id] if order.pack_id)
    return ((pack_id, pack_payload(world, pack_id)) for pack_id in ids)


def own_shipments(world: World, seller_id: int) -> Iterator[Shipment]:
    return (shipment for shipment in world.shipments.values() if shipment.seller_id == seller_id)


def shipments(world: World, seller_id: int) -> Rows:
    return ((shipment.id, shipment_payload(world, shipment)) for shipment in own_shipments(world, seller_id))


def costs(world: World, seller_id: int) -> Rows:
    return ((shipment.id, costs_payload(shipment)) for shipment in own_shipments(world, seller_id))


def history(world: World, seller_id: int) -> Rows:
    return ((shipment.id, history_payload(shipment)) for shipment in own_shipments(world, seller_id))


def sla(world: World, seller_id: int) -> Rows:
    """Only of the shipments that have one: neither Full nor cancelled."""
    now = world.clock.now()
    every = ((shipment.id, sla_payload(shipment, now)) for shipment in own_shipments(world, seller_id))
    return ((shipment_id, payload) for shipment_id, payload in every if payload)


def questions(world: World, seller_id: int) -> Rows:
    return ((question.id, question_payload(question)) for question in world.questions_of[seller_id])


KINDS: dict[str, Callable[[World, int], Rows]] = {
    kind.__name__: kind
    for kind in (items, prices, orders, discounts, packs, shipments, costs, history, sla, questions)
}


def truth(world: World, seller_id: int, kind: str) -> dict[str, Any]:
    """`{id: payload}` of one kind, ids as text. Raises KeyError for a kind or seller that is none."""
    world.sellers[seller_id]
    return {str(key): payload for key, payload in KINDS[kind](world, seller_id)}
