"""Our rows against what the sandbox knows to be true, field by field of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.models import Account
from catalog.models import Item
from orders.models import Order
from painelml.meli import parse_id, parse_instant
from painelml.sandbox import Sandbox
from questions.models import Question
from shipments.models import Shipment

GONE = {"shipped", "delivered", "not_delivered", "picked_up", "dropped_off", "in_hub"}
"""Words of a parcel's history that say the seller let go of it."""

Difference = tuple[str, str, str, Any, Any]


def differences(account: Account, box: Sandbox) -> list[Difference]:
    """Return what is not as Mercado Livre has it: `(kind, id, field, ours, theirs)`."""
    return [*items(account, box), *orders(account, box), *shipments(account, box), *questions(account, box)]


def compare(
    kind: str, ours: dict[str, dict[str, Any]], theirs: dict[str, dict[str, Any]]
) -> Iterator[Difference]:
    for meli_id in ours.keys() ^ theirs.keys():
        yield kind, meli_id, "is there", meli_id in ours, meli_id in theirs
    for meli_id in ours.keys() & theirs.keys():
        for field, value in theirs[meli_id].items():
            if ours[meli_id][field] != value:
                yield kind, meli_id, field, ours[meli_id][field], value


def items(account: Account, box: Sandbox) -> Iterator[Difference]:
    seller = int(account.meli_user_id)
    prices = box.truth(seller, "prices")
    ours = {
        row.meli_id: {
            "title": row.title,
            "status": row.status,
            "sub_status": row.sub_status,
            "price": row.price,
            "quantity": row.available_quantity,
            "sold": row.sold_quantity,
            "sku": row.sku,
            "listing": row.listing_type_id,
            "logistic": row.logistic_type,
            "updated": row.remote_updated_at,
            "variations": [
                (one.meli_id, one.sku, one.available_quantity, one.price) for one in row.variations.all()
            ],
        }
        for row in Item.objects.filter(account=account).prefetch_related("variations")
    }
    theirs = {}
    for meli_id, payload in box.truth(seller, "items").items():
        price = money(payload.get("price"))
        price = in_force(prices[meli_id]) if price is None else price
        theirs[str(meli_id)] = {
            "title": payload["title"],
            "status": payload["status"],
            "sub_status": payload["sub_status"],
            "price": price,
            "quantity": payload["available_quantity"],
            "sold": payload["sold_quantity"],
            "sku": sku(payload),
            "listing": payload["listing_type_id"],
            "logistic": payload["shipping"]["logistic_type"],
            "updated": parse_instant(payload["last_updated"]),
            "variations": [
                (parse_id(one["id"]), sku(one), one["available_quantity"], money(one.get("price")) or price)
                for one in payload["variations"]
            ],
        }
    return compare("item", ours, theirs)


def orders(account: Account, box: Sandbox) -> Iterator[Difference]:
    ours = {
        row.meli_id: {
            "pack": row.pack_id,
            "status": row.status,
            "created": row.date_created,
            "closed": row.date_closed,
            "total": row.total_amount,
            "paid": row.paid_amount,
            "currency": row.currency_id,
            "buyer": (row.buyer_id, row.buyer_nickname),
            "shipment": row.shipment_id,
            "tags": row.tags,
            "item": row.item_id,
            "cancel": row.cancel_detail,
            "updated": row.remote_updated_at,
            "lines": [
                (line.item_id, line.variation_id, line.sku, line.quantity, line.unit_price, line.sale_fee)
                for line in row.items.all()
            ],
            "payments": [(one.meli_id, one.status, one.transaction_amount) for one in row.payments.all()],
        }
        for row in Order.objects.filter(account=account).prefetch_related("items", "payments")
    }
    theirs = {
        str(meli_id): {
            "pack": parse_id(payload["pack_id"]),
            "status": payload["status"],
            "created": parse_instant(payload["date_created"]),
            "closed": parse_instant(payload["date_closed"]),
            "total": money(payload["total_amount"]),
            "paid": money(payload["paid_amount"]),
            "currency": payload["currency_id"],
            "buyer": (parse_id(payload["buyer"]["id"]), payload["buyer"].get("nickname") or ""),
            "shipment": parse_id(payload["shipping"]["id"]),
            "tags": payload["tags"],
            "item": parse_id(payload["order_items"][0]["item"]["id"]),
            "cancel": payload["cancel_detail"],
            "updated": parse_instant(payload["last_updated"]),
            "lines": [
                (
                    line["item"]["id"],
                    parse_id(line["item"]["variation_id"]),
                    line["item"]["seller_sku"] or "",
                    line["quantity"],
                    money(line["unit_price"]),
                    money(line["sale_fee"]),
                )
                for line in payload["order_items"]
            ],
            "payments": [
                (parse_id(one["id"]), one["status"], money(one["transaction_amount"]))
                for one in payload["payments"]
            ],
        }
        for meli_id, payload in box.truth(int(account.meli_user_id), "orders").items()
    }
    return compare("order", ours, theirs)


def shipments(account: Account, box: Sandbox) -> Iterator[Difference]:
    seller = int(account.meli_user_id)
    costs, slas, histories = (box.truth(seller, kind) for kind in ("costs", "sla", "history"))
    ours = {
        row.meli_id: {
            "status": (row.status, row.substatus),
            "logistic": row.logistic_type,
            "tracking": row.tracking_number,
            "city": row.receiver_city,
            "state": row.receiver_state,
            "created": row.date_created,
            "cost": row.cost,
            "handed over": row.date_handed_over,
            "shipped": row.date_shipped,
            "delivered": row.date_delivered,
            "dispatch": (row.dispatch_by, row.sla_status) if row.is_open else None,
            "updated": row.remote_updated_at,
        }
        for row in Shipment.objects.filter(account=account)
    }
    theirs = {}
    for meli_id, payload in box.truth(seller, "shipments").items():
        address = payload["destination"]["shipping_address"] or {}
        dates: dict[str, Any] = {}
        let_go = []
        for entry in histories.get(meli_id, []):  # newest first: the earliest of a status stays
            dates[entry["status"]] = parse_instant(entry["date"])
            if entry["status"] in GONE or entry["substatus"] in GONE:
                let_go.append(parse_instant(entry["date"]))
        sla = slas.get(meli_id) if ours[str(meli_id)]["dispatch"] else None
        theirs[str(meli_id)] = {
            "status": (payload["status"], payload["substatus"] or ""),
            "logistic": payload["logistic"]["type"],
            "tracking": payload["tracking_number"] or "",
            "city": address["city"]["name"] if address else "",
            "state": address["state"]["name"] if address else "",
            "created": parse_instant(payload["date_created"]),
            "cost": money(costs[meli_id]["senders"][0]["cost"]) if meli_id in costs else None,
            "handed over": min(let_go, default=None),
            "shipped": dates.get("shipped"),
            "delivered": dates.get("delivered"),
            "dispatch": (parse_instant(sla["expected_date"]), sla["status"]) if sla else None,
            "updated": parse_instant(payload["last_updated"]),
        }
    return compare("shipment", ours, theirs)


def questions(account: Account, box: Sandbox) -> Iterator[Difference]:
    ours = {
        row.meli_id: {
            "item": row.item_id,
            "status": row.status,
            "text": row.text,
            "from": row.from_id,
            "created": row.date_created,
            "answer": (row.answer_text, row.answered_at),
        }
        for row in Question.objects.filter(account=account)
    }
    theirs = {
        str(meli_id): {
            "item": payload["item_id"],
            "status": payload["status"],
            "text": payload["text"],
            "from": parse_id((payload.get("from") or {}).get("id") or payload.get("buyer_id")),
            "created": to_the_ms(payload["date_created"]),
            "answer": (payload["answer"]["text"], to_the_ms(payload["answer"]["date_created"]))
            if payload["answer"]
            else ("", None),
        }
        for meli_id, payload in box.truth(int(account.meli_user_id), "questions").items()
    }
    return compare("question", ours, theirs)


def to_the_ms(text: Any) -> datetime | None:
    """A question's detail tells nanoseconds, its search row milliseconds: that is what we keep."""
    instant = parse_instant(text)
    return instant and instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def money(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.01"))


def in_force(prices: dict[str, Any]) -> Decimal | None:
    by_type = {node["type"]: money(node["amount"]) for node in reversed(prices["prices"])}
    return by_type.get("promotion", by_type.get("standard"))


def sku(payload: dict[str, Any]) -> str:
    for attribute in payload.get("attributes") or []:
        if attribute["id"] == "SELLER_SKU":
            return attribute["value_name"] or ""
    return payload.get("seller_custom_field") or ""
