"""Shipments in the new and the old shape, and everything that hangs under one (facts: part B, sections 2.2
and 3).
"""

from typing import Any

from ..clock import DAY, brasilia, maybe_offset, offset, zulu
from ..people import Buyer
from ..records import Shipment
from ..words import CITIES, PRODUCTS
from ..world import World
from . import money

TRACKED = {"shipped", "delivered", "not_delivered"}
HANDED_OVER = {"picked_up", "dropped_off", "in_hub", "in_transit", "in_warehouse"}


def shipment_payload(world: World, shipment: Shipment) -> dict[str, Any]:
    """`GET /shipments/{id}` with `x-format-new: true`."""
    buyer = Buyer(shipment.buyer)
    paid = shipment.status != "pending"
    return {
        "id": shipment.id,
        "status": shipment.status,
        "substatus": shipment.substatus or None,
        "date_created": offset(shipment.created),
        "last_updated": offset(shipment.updated),
        "logistic": {"mode": "me2", "type": shipment.logistic, "direction": "forward"},
        "tracking_number": tracking_number(shipment),
        "tracking_method": "MEL Distribution" if tracking_number(shipment) else None,
        "declared_value": money(sum(world.orders[order_id].total for order_id in shipment.order_ids)),
        "dimensions": {"height": 12, "width": 20, "length": 30, "weight": shipment.weight},
        "items_types": ["new"],
        "tags": [],
        "snapshot_packing": {"snapshot_id": f"{shipment.id:032x}", "pack_hash": f"{shipment.id * 31:016x}"},
        "origin": {
            "type": "selling_address",
            "sender_id": shipment.seller_id,
            "node": None,
            "shipping_address": seller_address(world, shipment.seller_id),
        },
        "destination": {
            "receiver_id": buyer.id,
            "receiver_name": buyer.name if paid else None,
            "receiver_phone": "XXXXXXX",
            "comments": None,
            "type": "buyer_address",
            "shipping_address": receiver_address(buyer) if paid else None,
        },
        "lead_time": lead_time(shipment),
        "source": {"site_id": "MLB", "market_place": "MELI", "customer_id": None, "application_id": None},
        "sibling": {
            "sibling_id": None,
            "reason": None,
            "description": None,
            "source": None,
            "date_created": None,
            "last_updated": None,
        },
        "priority_class": {"id": "50"},
        "quotation": None,
    }


def old_shipment_payload(world: World, shipment: Shipment) -> dict[str, Any]:
    """The flat shape that is still answered when the header is missing."""
    new = shipment_payload(world, shipment)
    buyer = Buyer(shipment.buyer)
    first = world.orders[shipment.order_ids[0]]
    reached = {status: when for when, status, _ in reversed(shipment.history)}
    return {
        "id": shipment.id,
        "mode": "me2",
        "logistic_type": shipment.logistic,
        "type": "forward",
        "status": shipment.status,
        "substatus": shipment.substatus or None,
        "date_created": new["date_created"],
        "last_updated": new["last_updated"],
        "date_first_printed": next(
            (offset(when) for when, _, sub in shipment.history if sub == "printed"), None
        ),
        "tracking_number": new["tracking_number"],
        "tracking_method": new["tracking_method"],
        "order_id": first.id,
        "order_cost": money(first.total),
        "base_cost": money(shipment.gross_cost),
        "sender_id": shipment.seller_id,
        "receiver_id": buyer.id,
        "receiver_address": {
            **receiver_address(buyer),
            "receiver_name": buyer.name,
            "receiver_phone": "XXXXXXX",
        },
        "sender_address": new["origin"]["shipping_address"],
        "shipping_option": {
            "id": new["lead_time"]["option_id"],
            "name": "Normal a domicílio",
            "cost": new["lead_time"]["cost"],
            "list_cost": new["lead_time"]["list_cost"],
            "currency_id": "BRL",
            "delivery_type": "estimated",
        },
        "shipping_items": [
            {
                "id": item["item_id"],
                "description": item["description"],
                "quantity": item["quantity"],
                "dimensions": f"12.0x20.0x30.0,{shipment.weight:.1f}",
            }
            for item in shipment_items(world, shipment)
        ],
        "status_history": {
            "date_handling": maybe_offset(reached.get("handling", 0)),
            "date_ready_to_ship": maybe_offset(reached.get("ready_to_ship", 0)),
            "date_shipped": maybe_offset(reached.get("shipped", 0)),
            "date_delivered": maybe_offset(reached.get("delivered", 0)),
            "date_not_delivered": maybe_offset(reached.get("not_delivered", 0)),
            "date_cancelled": maybe_offset(reached.get("cancelled", 0)),
            "date_first_visit": maybe_offset(reached.get("delivered", 0)),
            "date_returned": None,
        },
        "substatus_history": [],
        "market_place": "MELI",
        "comments": None,
        "service_id": 151,
        "cost_components": {
            "special_discount": 0,
            "loyal_discount": 0,
            "compensation": 0,
            "gap_discount": 0,
            "ratio": 0,
        },
    }


def tracking_number(shipment: Shipment) -> str | None:
    if shipment.status in TRACKED or shipment.substatus in HANDED_OVER | {"printed"}:
        return f"MEL{shipment.id}FMDOR01"
    return None


def seller_address(world: World, seller_id: int) -> dict[str, Any]:
    city, code, state, _ = CITIES[world.sellers[seller_id].city]
    return {
        "address_id": 1_200_000_000 + seller_id % 100_000,
        "address_line": "Rua do Comércio 120",
        "street_name": "Rua do Comércio",
        "street_number": "120",
        "comment": None,
        "zip_code": "03010000",
        "city": {"id": None, "name": city},
        "state": {"id": f"BR-{code}", "name": state},
        "country": {"id": "BR", "name": "Brasil"},
        "neighborhood": {"id": None, "name": "Centro"},
        "municipality": {"id": None, "name": None},
        "types": ["default_selling_address"],
        "agency": None,
        "node": None,
    }


def receiver_address(buyer: Buyer) -> dict[str, Any]:
    street, number, neighborhood, zip_code = buyer.street
    city, code, state, _ = buyer.city
    return {
        "address_id": 1_300_000_000 + buyer.number,
        "address_line": f"{street} {number}",
        "street_name": street,
        "street_number": number,
        "comment": None,
        "zip_code": zip_code,
        "city": {"id": f"BR-{code}-{len(city)}", "name": city},
        "state": {"id": f"BR-{code}", "name": state},
        "country": {"id": "BR", "name": "Brasil"},
        "neighborhood": {"id": None, "name": neighborhood},
        "municipality": {"id": None, "name": None},
        "latitude": None,
        "longitude": None,
        "types": ["buyer_address"],
        "delivery_preference": "residential",
        "agency": None,
        "node": None,
    }


def lead_time(shipment: Shipment) -> dict[str, Any]:
    """The buyer's side of the freight. `cost` here is what the buyer pays, whatever the seller pays."""
    arrives = shipment.dispatch_by + 4 * DAY
    buffered = shipment.substatus == "buffered"
    return {
        "option_id": 900_000_000 + shipment.id % 1_000_000,
        "service_id": 151,
        "shipping_method": {"id": 510545, "name": "Normal", "type": "standard", "deliver_to": "address"},
        "delivery_type": "estimated",
        "delivery_promise": "estimated",
        "currency_id": "BRL",
        "cost": money(shipment.receiver_cost),
        "list_cost": money(shipment.gross_cost),
        "cost_type": "charged" if shipment.receiver_cost else "free",
        "processing_time": None,
        "estimated_schedule_limit": {"date": None},
        "buffering": {"date": brasilia(shipment.updated + DAY // 2) if buffered else None},
        "pickup_promise": {"from": None, "to": None},
        "estimated_delivery_time": {
            "type": "known",
            "date": brasilia(arrives),
            "unit": "hour",
            "offset": {"date": brasilia(arrives + DAY), "shipping": 24},
            "time_frame": {"from": None, "to": None},
            "pay_before": None,
            "shipping": 72,
            "handling": 24,
            "schedule": None,
        },
        "estimated_delivery_limit": {"date": brasilia(arrives + 14 * DAY)},
        "estimated_delivery_final": {"date": brasilia(arrives + 28 * DAY)},
        "estimated_delivery_extended": {"date": brasilia(arrives + 7 * DAY)},
        "priority_class": {"id": "50"},
    }


def costs_payload(shipment: Shipment) -> dict[str, Any]:
    off = shipment.gross_cost - shipment.sender_cost
    discounts = (
        [{"rate": 0.5, "type": "mandatory", "promoted_amount": money(off)}] if shipment.sender_cost else []
    )
    return {
        "gross_amount": money(shipment.gross_cost),
        "receiver": {
            "user_id": Buyer(shipment.buyer).id,
            "cost": money(shipment.receiver_cost),
            "compensation": 0,
            "save": 0,
            "discounts": [],
        },
        "senders": [
            {
                "user_id": shipment.seller_id,
                "cost": money(shipment.sender_cost),
                "compensation": 0,
                "save": 0,
                "discounts": discounts,
            }
        ],
    }


def handed_over(shipment: Shipment) -> int:
    """When the seller let go of the package, or 0."""
    return next(
        (when for when, status, sub in shipment.history if status in TRACKED or sub in HANDED_OVER), 0
    )


def sla_payload(shipment: Shipment, now: int) -> dict[str, Any] | None:
    """`GET /shipments/{id}/sla`, or None where Mercado Livre has none: Full and cancelled."""
    if shipment.logistic == "fulfillment" or shipment.status == "cancelled":
        return None
    left = handed_over(shipment)
    late = (left or now) > shipment.dispatch_by
    early = bool(left) and left < shipment.dispatch_by - 4 * 3_600_000
    return {
        "status": "delayed" if late else "early" if early else "on_time",
        "service": "",
        "expected_date": brasilia(shipment.dispatch_by),
        "last_updated": zulu(shipment.created),
    }


def history_payload(shipment: Shipment) -> list[dict[str, Any]]:
    return [
        {"status": status, "substatus": sub or None, "date": offset(when)}
        for when, status, sub in reversed(shipment.history)
    ]


def shipment_items(world: World, shipment: Shipment) -> list[dict[str, Any]]:
    """`GET /shipments/{id}/items`: here the order id is text, as it really comes."""
    rows = []
    for order_id in shipment.order_ids:
        order = world.orders[order_id]
        item = world.items[order.item_id]
        rows.append(
            {
                "item_id": item.id,
                "description": item.title,
                "quantity": order.quantity,
                "variation_id": order.variation_id or None,
                "dimensions": {
                    "height": 12,
                    "width": 20,
                    "length": 30,
                    "weight": PRODUCTS[item.product].weight,
                },
                "order_id": str(order.id),
                "sender_id": shipment.seller_id,
            }
        )
    return rows


def shipment_orders(world: World, shipment: Shipment) -> list[dict[str, Any]]:
    """`GET /shipments/{id}/orders`: ids are text."""
    rows = []
    for order_id in shipment.order_ids:
        order = world.orders[order_id]
        rows.append(
            {
                "order_id": str(order.id),
                "pack_id": str(order.pack_id) if order.pack_id else None,
                "item_id": order.item_id,
                "variation_id": order.variation_id or None,
                "user_product_id": world.items[order.item_id].user_product_id or None,
                "seller_id": order.seller_id,
                "requested_quantity": order.quantity,
            }
        )
    return rows


def delays_payload(shipment: Shipment, now: int) -> dict[str, Any] | None:
    """None when there is no delay, where Mercado Livre answers 404."""
    if (sla := sla_payload(shipment, now)) is None or sla["status"] != "delayed":
        return None
    delay = {"type": "handling_delayed", "date": brasilia(shipment.dispatch_by), "source": "SLA"}
    return {"shipment_id": shipment.id, "delays": [delay]}
