"""Shipments and labels (facts: part B, sections 2.2 and 3)."""

from typing import Any

from .. import labels
from ..clock import SECOND
from ..http import ApiError, Request, Response, forbidden, not_found, route
from ..payloads.shipments import (
    costs_payload,
    delays_payload,
    history_payload,
    lead_time,
    old_shipment_payload,
    shipment_items,
    shipment_orders,
    shipment_payload,
    sla_payload,
)
from ..records import Shipment
from ..server import Box

PRINTABLE = {"ready_to_print", "printed"}
LABEL_LIMIT = 50


def own_shipment(box: Box, request: Request, shipment_id: str) -> Shipment:
    """Raises ApiError 404 for an unknown shipment, 403 for another seller's."""
    shipment = box.world.shipments.get(int(shipment_id)) if shipment_id.isdigit() else None
    if shipment is None:
        raise not_found(f"Shipment {shipment_id} not found")
    if shipment.seller_id != request.user:
        raise forbidden()
    return shipment


@route("GET", "/shipments/{shipment_id}")
def read(box: Box, request: Request, shipment_id: str) -> dict[str, Any]:
    shipment = own_shipment(box, request, shipment_id)
    if request.headers.get("x-format-new") == "true":
        return shipment_payload(box.world, shipment)
    return old_shipment_payload(box.world, shipment)


@route("GET", "/shipments/{shipment_id}/costs")
def costs(box: Box, request: Request, shipment_id: str) -> dict[str, Any]:
    shipment = own_shipment(box, request, shipment_id)
    if box.world.clock.now() - shipment.created < box.drills.costs_delay_s * SECOND:
        raise not_found(f"Costs not found for shipment {shipment_id}")
    return costs_payload(shipment)


@route("GET", "/shipments/{shipment_id}/sla")
def sla(box: Box, request: Request, shipment_id: str) -> dict[str, Any]:
    payload = sla_payload(own_shipment(box, request, shipment_id), box.world.clock.now())
    if payload is None:
        raise not_found("failed to retrieve data")
    return payload


@route("GET", "/shipments/{shipment_id}/history")
def history(box: Box, request: Request, shipment_id: str) -> list[dict[str, Any]]:
    return history_payload(own_shipment(box, request, shipment_id))


@route("GET", "/shipments/{shipment_id}/lead_time")
def read_lead_time(box: Box, request: Request, shipment_id: str) -> dict[str, Any]:
    shipment = own_shipment(box, request, shipment_id)
    late = delays_payload(shipment, box.world.clock.now())
    return {**lead_time(shipment), "delay": ["shipping_delayed"] if late else []}


@route("GET", "/shipments/{shipment_id}/delays")
def delays(box: Box, request: Request, shipment_id: str) -> dict[str, Any]:
    payload = delays_payload(own_shipment(box, request, shipment_id), box.world.clock.now())
    if payload is None:
        raise not_found("Delays Not Found for shipment")
    return payload


@route("GET", "/shipments/{shipment_id}/items")
def items(box: Box, request: Request, shipment_id: str) -> list[dict[str, Any]]:
    return shipment_items(box.world, own_shipment(box, request, shipment_id))


@route("GET", "/shipments/{shipment_id}/orders")
def orders(box: Box, request: Request, shipment_id: str) -> list[dict[str, Any]]:
    return shipment_orders(box.world, own_shipment(box, request, shipment_id))


@route("GET", "/shipments/{shipment_id}/carrier")
def carrier(box: Box, request: Request, shipment_id: str) -> dict[str, Any]:
    own_shipment(box, request, shipment_id)
    raise not_found("Carrier info not found")


@route("GET", "/shipment_labels")
def shipment_labels(box: Box, request: Request) -> Response:
    """A PDF or a ZIP of ZPL for all ids together, and all of them are printed from then on; one bad id fails
    the batch.
    """
    ids = request.names("shipment_ids")
    if not ids or len(ids) > LABEL_LIMIT or not all(part.isdigit() for part in ids):
        raise ApiError(400, f"shipment_ids must be a list of 1 to {LABEL_LIMIT} ids", "invalid_shipment_ids")
    response_type = request.query.get("response_type", "pdf")
    if response_type not in {"pdf", "zpl2"}:
        raise ApiError(400, f"Invalid response_type: {response_type}", "invalid_response_type")
    shipments = [printable(box, request, int(part)) for part in dict.fromkeys(ids)]
    failed = [
        {
            "shipment_id": one.id,
            "message": "Shipment status is not printable",
            "cause": "NOT_PRINTABLE_STATUS",
            "retry": False,
        }
        for one in shipments
        if one.status != "ready_to_ship" or one.substatus not in PRINTABLE
    ]
    if failed:
        raise ApiError(400, body={"failed_shipments": failed})
    for shipment in shipments:
        if shipment.substatus != "printed":
            box.world.remember_shipment(shipment, "ready_to_ship", "printed")
    if response_type == "pdf":
        return Response(labels.pdf(box.world, shipments), content_type="application/pdf")
    return Response(labels.zipped_zpl(box.world, shipments), content_type="application/zip")


def printable(box: Box, request: Request, shipment_id: int) -> Shipment:
    shipment = box.world.shipments.get(shipment_id)
    if shipment is None:
        raise not_found(f"Shipment {shipment_id} not found")
    if shipment.seller_id != request.user:
        raise ApiError(
            400, f"The caller is not the sender of shipment {shipment_id}", "invalid_shipment_caller"
        )
    if shipment.logistic == "fulfillment":
        raise ApiError(
            400, f"Shipment {shipment_id} is fulfilled by Mercado Livre", "invalid_shipment_ff_public"
        )
    return shipment
