"""Orders as the detail and the search tell them, packs, discounts and billing data (facts: part B, section
1).
"""

from typing import Any

from ..clock import DAY, SECOND, compact, maybe_offset, offset, utc_offset
from ..people import Buyer
from ..records import Order
from ..words import PRODUCTS
from ..world import World
from . import is_one_in, money, without

CANCEL_WORDS = {
    "buyer": "O comprador cancelou a compra",
    "seller": "O vendedor cancelou a venda",
    "meli": "A venda foi cancelada pelo Mercado Livre",
}
PAYMENT_METHODS = [
    ("pix", "bank_transfer"),
    ("master", "credit_card"),
    ("visa", "credit_card"),
    ("account_money", "account_money"),
    ("bolbradesco", "ticket"),
]


def order_payload(world: World, order: Order) -> dict[str, Any]:
    """`GET /orders/{id}`, complete."""
    buyer = Buyer(order.buyer)
    return {
        "id": order.id,
        "status": order.status,
        "status_detail": None,
        "cancel_detail": cancel_detail(order),
        "date_created": offset(order.created),
        "date_closed": maybe_offset(order.closed),
        "last_updated": offset(order.updated),
        "expiration_date": offset((order.closed or order.created) + 31 * DAY),
        "manufacturing_ending_date": None,
        "comment": None,
        "pack_id": order.pack_id or None,
        "pickup_id": None,
        "order_request": {"return": None, "change": None},
        "fulfilled": True if "delivered" in order.tags else None,
        "mediations": [{"id": 5_400_000_000 + order.id % 1_000_000}]
        if order.cancel[:1] == ["mediations"]
        else [],
        "total_amount": money(order.total),
        "paid_amount": money(paid_amount(order)),
        "coupon": {"id": None, "amount": money(order.coupon)},
        "shipping_cost": None,
        "buying_mode": "buy_equals_pay",
        "currency_id": "BRL",
        "order_items": [line_payload(world, order)],
        "payments": [] if order.payment_status == "none" else payments(order),
        "shipping": {"id": order.shipment_id or None},
        "buyer": {"id": buyer.id, "nickname": buyer.nickname, "billing_info": {"id": buyer.billing_id}},
        "seller": {"id": order.seller_id, "nickname": world.sellers[order.seller_id].nickname},
        "tags": list(order.tags),
        "static_tags": [],
        "feedback": {"buyer": None, "seller": None},
        "context": {
            "channel": "marketplace",
            "site": "MLB",
            "flows": ["catalog"] if "catalog" in order.tags else [],
            "application": None,
            "product_id": None,
        },
        "taxes": {"amount": None, "currency_id": None, "id": None},
    }


def paid_amount(order: Order) -> int:
    if order.status in {"confirmed", "payment_required", "payment_in_process"} or not order.closed:
        return 0
    return order.total - order.coupon_seller + order.buyer_freight


def cancel_detail(order: Order) -> dict[str, Any] | None:
    if not order.cancel:
        return None
    group, code, requested_by, when = order.cancel
    return {
        "group": group,
        "code": code,
        "description": CANCEL_WORDS[requested_by],
        "requested_by": requested_by,
        "date": offset(when),
        "application_id": None,
    }


def line_payload(world: World, order: Order) -> dict[str, Any]:
    item = world.items[order.item_id]
    variation = item.variation(order.variation_id) if order.variation_id else None
    off = order.full_unit_price - order.unit_price
    return {
        "item": {
            "id": item.id,
            "title": item.title,
            "category_id": PRODUCTS[item.product].category,
            "variation_id": order.variation_id or None,
            "seller_custom_field": None,
            "seller_sku": (variation.sku if variation else item.sku) or None,
            "condition": "new",
            "warranty": "Garantia do vendedor: 90 dias",
            "variation_attributes": [
                {"id": axis, "name": name, "value_id": value_id, "value_name": value}
                for axis, name, value_id, value in (variation.combination if variation else [])
            ],
            "user_product_id": item.user_product_id or None,
            "global_price": None,
            "net_weight": None,
            "release_date": None,
        },
        "quantity": order.quantity,
        "requested_quantity": {"measure": "unit", "value": order.quantity},
        "picked_quantity": None,
        "unit_price": money(order.unit_price),
        "full_unit_price": money(order.full_unit_price),
        "gross_price": money(order.full_unit_price * order.quantity),
        "discounts": [{"amounts": {"full": money(off), "seller": money(off)}}] if off else None,
        "currency_id": "BRL",
        "manufacturing_days": None,
        "sale_fee": money(order.sale_fee),
        "listing_type_id": item.listing_type,
        "base_exchange_rate": None,
        "base_currency_id": None,
        "element_id": 1,
        "bundle": None,
        "stock": None,
    }


def payments(order: Order) -> list[dict[str, Any]]:
    """The payments of an order: one, and for a few a refused attempt before it."""
    method, kind = PAYMENT_METHODS[order.payment_id % len(PAYMENT_METHODS)]
    refused = order.payment_status == "approved" and is_one_in(25, order.id, 3)
    done = payment(order, order.payment_id, method, kind, order.payment_status)
    if not refused:
        return [done]
    attempt = payment(order, order.payment_id - 1, "visa", "credit_card", "rejected")
    return [
        {
            **attempt,
            "status_detail": "cc_rejected_insufficient_amount",
            "transaction_amount_refunded": 0,
            "date_approved": None,
        },
        done,
    ]


def payment(order: Order, payment_id: int, method: str, kind: str, status: str) -> dict[str, Any]:
    installments = order.id % 6 + 1 if kind == "credit_card" else 1
    detail = {
        "approved": "partially_refunded" if order.refunded else "accredited",
        "refunded": "refunded",
        "cancelled": "expired",
        "pending": "pending_waiting_payment",
        "in_process": "pending_contingency",
    }.get(status)
    paid = order.closed if status in {"approved", "refunded", "in_mediation", "charged_back"} else 0
    body = {
        "id": payment_id,
        "order_id": order.id,
        "payer_id": Buyer(order.buyer).id,
        "collector": {"id": order.seller_id},
        "card_id": None,
        "site_id": "MLB",
        "reason": "Compra no Mercado Livre",
        "payment_method_id": method,
        "payment_type": kind,
        "currency_id": "BRL",
        "installments": installments,
        "installment_amount": money(order.total // installments) if installments > 1 else None,
        "issuer_id": None,
        "atm_transfer_reference": {"company_id": None, "transaction_id": None},
        "coupon_id": None,
        "coupon_amount": money(order.coupon - order.coupon_seller),
        "activation_uri": None,
        "operation_type": "regular_payment",
        "available_actions": ["refund"] if status == "approved" else [],
        "status": status,
        "status_code": None,
        "status_detail": detail,
        "transaction_amount": money(order.total - order.coupon_seller),
        "transaction_amount_refunded": money(order.refunded),
        "taxes_amount": 0,
        "shipping_cost": money(order.buyer_freight),
        "overpaid_amount": 0,
        "total_paid_amount": money(order.total - order.coupon + order.buyer_freight),
        "deferred_period": None,
        "date_approved": maybe_offset(paid),
        "date_created": offset(order.created + 4 * SECOND),
        "date_last_modified": offset(max(order.payment_updated, order.created + 4 * SECOND)),
        "authorization_code": None,
        "transaction_order_id": None,
        "reference_id": None,
    }
    if is_one_in(2, order.id, 5):
        body["marketplace_fee"] = 0
    return body


def search_row(world: World, order: Order) -> dict[str, Any]:
    """An order as a search lists it: the index's own stamp beside the entity's, fees that may read 0, parts
    that may be missing.
    """
    row = order_payload(world, order)
    row["date_last_updated"] = utc_offset(order.indexed)
    if is_one_in(3, order.id, 1):
        row["order_items"][0]["sale_fee"] = 0
    if is_one_in(9, order.id, 2):
        row = without(row, "context", "coupon", "feedback", "order_request")
    if is_one_in(7, order.id, 4):
        row["buyer"] = without(row["buyer"], "nickname", "billing_info")
    return row


def discounts_payload(world: World, order: Order) -> dict[str, Any] | None:
    """`GET /orders/{id}/discounts`, or None where Mercado Livre answers 404. Price discounts are already in
    `unit_price`.
    """
    details: list[dict[str, Any]] = []
    off = (order.full_unit_price - order.unit_price) * order.quantity
    line = {"id": order.item_id, "quantity": order.quantity, "element_id": 1}
    if off:
        details.append(
            {
                "type": "discount",
                "supplier": {
                    "meli_campaign": None,
                    "offer_id": f"OFFER-{order.item_id}-10001",
                    "funding_mode": None,
                    "campaign_id": None,
                },
                "items": [{**line, "amounts": {"total": money(off), "seller": money(off)}}],
            }
        )
    if order.coupon:
        details.append(
            {
                "type": "coupon",
                "coupon": {"id": f"CUPOM{order.id % 1000:03d}"},
                "supplier": {
                    "meli_campaign": None if order.coupon_seller else "P-MLB12345",
                    "offer_id": None,
                    "funding_mode": None,
                    "campaign_id": "C-MLB777",
                },
                "items": [
                    {**line, "amounts": {"total": money(order.coupon), "seller": money(order.coupon_seller)}}
                ],
            }
        )
    return {"details": details, "counter_currency": None} if details else None


def pack_payload(world: World, pack_id: int) -> dict[str, Any]:
    orders = world.packs[pack_id]
    shipment_id = orders[0].shipment_id
    payload: dict[str, Any] = {
        "id": pack_id,
        "status": "cancelled" if all(order.status == "cancelled" for order in orders) else "released",
        "status_detail": None,
        "orders": [{"id": order.id} for order in orders],
        "buyer": {"id": Buyer(orders[0].buyer).id},
        "date_created": compact(orders[0].created),
        "last_updated": compact(max(order.updated for order in orders)),
    }
    if shipment_id:
        payload["shipment"] = {"id": shipment_id}
    return payload


def billing_payload(buyer: Buyer, seller_id: int) -> dict[str, Any]:
    first, last = buyer.name.split(" ")
    city, code, state, _ = buyer.city
    street, number, neighborhood, zip_code = buyer.street
    company = buyer.number % 12 == 0
    info: dict[str, Any] = {
        "name": f"{last} Comércio Ltda" if company else first,
        "last_name": last,
        "identification": {
            "type": "CNPJ" if company else "CPF",
            "number": f"{buyer.number * 7919 % 10**14:014d}"
            if company
            else f"{buyer.number * 7919 % 10**11:011d}",
        },
        "taxes": {"taxpayer_type": {"id": "01", "description": "Contribuinte"}} if company else {},
        "address": {
            "street_name": street,
            "street_number": number,
            "city_name": city,
            "neighborhood": neighborhood,
            "comment": None,
            "zip_code": zip_code,
            "state": {"code": code, "name": state},
            "country_id": "BR",
        },
        "attributes": {"cust_type": "CO" if company else "BU", "is_normalized": True},
    }
    if company:
        del info["last_name"]
    return {
        "site_id": "MLB",
        "seller": {"cust_id": seller_id},
        "buyer": {"cust_id": buyer.id, "billing_info": info},
    }
