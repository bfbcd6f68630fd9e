"""Shipments in both shapes, their costs and deadlines, and labels that change what they print."""

import io
import zipfile
from collections.abc import Callable

import pytest

from painelml.sandbox import Sandbox
from painelml.sandbox.records import Shipment

from .conftest import ANA, CARLA, Caller

NEW = {"x-format-new": "true"}


@pytest.fixture
def shipment(box: Sandbox) -> Shipment:
    """One of Ana's that waits for its label."""
    shipment = next(
        s for s in box.world.shipments.values() if s.seller_id == ANA and s.logistic == "xd_drop_off"
    )
    shipment.status, shipment.substatus = "ready_to_ship", "ready_to_print"
    return shipment


def some(box: Sandbox, rule: Callable[[Shipment], bool]) -> Shipment:
    return next(s for s in box.world.shipments.values() if s.seller_id == ANA and rule(s))


def test_the_header_decides_the_shape(ana: Caller, shipment: Shipment) -> None:
    new = ana.get(f"/shipments/{shipment.id}", headers=NEW).json()
    old = ana.get(f"/shipments/{shipment.id}").json()
    assert new["logistic"]["type"] == old["logistic_type"] == "xd_drop_off"
    assert "receiver_address" not in new
    assert new["destination"]["shipping_address"]["city"] == old["receiver_address"]["city"]
    assert "order_id" not in new
    assert old["order_id"] == shipment.order_ids[0]


def test_the_sellers_part_is_in_the_costs_and_not_in_the_lead_time(box: Sandbox, ana: Caller) -> None:
    paid_by_seller = some(box, lambda s: s.sender_cost > 0)
    costs = ana.get(f"/shipments/{paid_by_seller.id}/costs", headers=NEW).json()
    lead_time = ana.get(f"/shipments/{paid_by_seller.id}/lead_time", headers=NEW).json()
    assert costs["senders"][0]["user_id"] == ANA
    assert costs["senders"][0]["cost"] == paid_by_seller.sender_cost / 100
    assert lead_time["cost"] == 0


def test_costs_can_come_later_than_the_shipment(box: Sandbox, ana: Caller) -> None:
    box.control(drills={"costs_delay_s": 60}, sell=1, seller=ANA)
    newest = list(box.world.shipments.values())[-1]
    assert ana.get(f"/shipments/{newest.id}/costs").status_code == 404
    box.control(clock={"advance_s": 61})
    assert ana.get(f"/shipments/{newest.id}/costs").status_code == 200


def test_full_and_cancelled_have_no_deadline(box: Sandbox, ana: Caller, shipment: Shipment) -> None:
    assert ana.get(f"/shipments/{shipment.id}/sla").json()["expected_date"].endswith("-03:00")
    full = some(box, lambda s: s.logistic == "fulfillment")
    cancelled = some(box, lambda s: s.status == "cancelled")
    for other in (full, cancelled):
        assert ana.get(f"/shipments/{other.id}/sla").json()["message"] == "failed to retrieve data"


def test_what_was_not_handed_over_in_time_is_delayed(box: Sandbox, ana: Caller, shipment: Shipment) -> None:
    shipment.history = [[shipment.created, "ready_to_ship", "ready_to_print"]]
    shipment.dispatch_by = box.world.clock.now() - 1
    assert ana.get(f"/shipments/{shipment.id}/sla").json()["status"] == "delayed"
    assert ana.get(f"/shipments/{shipment.id}/delays").json()["delays"][0]["type"] == "handling_delayed"
    shipment.dispatch_by += 3_600_000
    assert ana.get(f"/shipments/{shipment.id}/sla").json()["status"] == "on_time"
    assert ana.get(f"/shipments/{shipment.id}/delays").status_code == 404


def test_history_is_newest_first(box: Sandbox, ana: Caller) -> None:
    delivered = some(box, lambda s: s.status == "delivered")
    statuses = [row["status"] for row in ana.get(f"/shipments/{delivered.id}/history").json()]
    assert statuses[0] == "delivered"
    assert statuses[-1] == "pending"


def test_under_a_shipment_ids_are_text(ana: Caller, shipment: Shipment) -> None:
    for part in ("items", "orders"):
        rows = ana.get(f"/shipments/{shipment.id}/{part}").json()
        assert [row["order_id"] for row in rows] == [str(order_id) for order_id in shipment.order_ids]


def test_there_is_no_multiget(ana: Caller, shipment: Shipment) -> None:
    assert ana.get("/shipments", ids=f"{shipment.id}").status_code == 404


def test_another_sellers_shipment_is_forbidden(box: Sandbox, carla: Caller, shipment: Shipment) -> None:
    assert carla.get(f"/shipments/{shipment.id}").status_code == 403
    refused = carla.get("/shipment_labels", shipment_ids=shipment.id)
    assert refused.json()["error"] == "invalid_shipment_caller"


def test_a_pdf_label_marks_the_shipment_printed(ana: Caller, shipment: Shipment) -> None:
    label = ana.get("/shipment_labels", shipment_ids=shipment.id, response_type="pdf")
    assert label.headers["Content-Type"] == "application/pdf"
    assert label.content.startswith(b"%PDF-")
    assert ana.get(f"/shipments/{shipment.id}", headers=NEW).json()["substatus"] == "printed"
    assert ana.get("/shipment_labels", shipment_ids=shipment.id).status_code == 200


def test_zpl_comes_inside_a_zip(ana: Caller, shipment: Shipment) -> None:
    label = ana.get("/shipment_labels", shipment_ids=shipment.id, response_type="zpl2")
    with zipfile.ZipFile(io.BytesIO(label.content)) as archive:
        assert archive.read("Etiqueta de envio.txt").startswith(b"^XA")


def test_one_label_that_cannot_be_printed_fails_the_batch(
    box: Sandbox, ana: Caller, shipment: Shipment
) -> None:
    gone = some(box, lambda s: s.status == "delivered" and s.logistic != "fulfillment")
    refused = ana.get("/shipment_labels", shipment_ids=f"{shipment.id},{gone.id}")
    assert refused.status_code == 400
    assert [row["shipment_id"] for row in refused.json()["failed_shipments"]] == [gone.id]
    assert shipment.substatus == "ready_to_print"


def test_labels_of_full_and_batches_beyond_fifty_are_refused(box: Sandbox, ana: Caller) -> None:
    full = some(box, lambda s: s.logistic == "fulfillment")
    assert ana.get("/shipment_labels", shipment_ids=full.id).json()["error"] == "invalid_shipment_ff_public"
    many = ",".join(str(number) for number in range(51))
    assert ana.get("/shipment_labels", shipment_ids=many).status_code == 400


def test_a_cancelled_order_before_payment_never_had_a_shipment(box: Sandbox) -> None:
    unpaid = [o for seller in (ANA, CARLA) for o in box.world.orders_of[seller] if not o.closed]
    assert unpaid
    assert all(order.shipment_id == 0 for order in unpaid)
