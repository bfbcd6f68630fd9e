"""Users and their reputation (facts: part A, section 4)."""

from typing import Any

from ..clock import DAY, offset
from ..records import Seller
from ..words import CITIES
from ..world import World


def user_payload(world: World, seller: Seller) -> dict[str, Any]:
    """`GET /users/me`: everything, as its owner sees it."""
    first, _, last = seller.name.partition(" ")
    return {
        **public_user_payload(world, seller),
        "registration_date": offset(seller.registered),
        "first_name": first,
        "last_name": last,
        "gender": "",
        "email": seller.email,
        "identification": {"type": "CNPJ", "number": f"{seller.id % 10**8:08d}000199"},
        "phone": {"area_code": "11", "number": "40028922", "extension": "", "verified": False},
        "alternative_phone": {"area_code": "", "number": "", "extension": ""},
        "tags": list(seller.tags),
        "points": 1200,
        "shipping_modes": ["custom", "not_specified", "me2"],
        "seller_experience": "ADVANCED",
        "bill_data": {"accept_credit_note": None},
        "status": {
            "site_status": "active",
            "list": {"allow": True, "codes": [], "immediate_payment": {"required": False, "reasons": []}},
            "buy": {"allow": True, "codes": [], "immediate_payment": {"required": False, "reasons": []}},
            "sell": {"allow": True, "codes": [], "immediate_payment": {"required": False, "reasons": []}},
            "billing": {"allow": True, "codes": []},
            "mercadopago_tc_accepted": True,
            "mercadopago_account_type": "business",
            "mercadoenvios": "accepted",
            "immediate_payment": False,
            "confirmed_email": True,
            "user_type": None,
            "required_action": None,
            "shopping_cart": {"buy": "allowed", "sell": "allowed"},
        },
        "credit": {"consumed": 0, "credit_level_id": "MLB5"},
    }


def public_user_payload(world: World, seller: Seller) -> dict[str, Any]:
    city, code, _, _ = CITIES[seller.city]
    return {
        "id": seller.id,
        "nickname": seller.nickname,
        "country_id": "BR",
        "site_id": "MLB",
        "user_type": "normal",
        "permalink": f"http://perfil.mercadolivre.com.br/{seller.nickname}",
        "address": {"city": city, "state": f"BR-{code}"},
        "seller_reputation": reputation(world, seller),
        "buyer_reputation": {"tags": []},
        "status": {"site_status": "active"},
        "logo": None,
    }


def reputation(world: World, seller: Seller) -> dict[str, Any]:
    """Counted from the seller's own orders; few sales have no level."""
    (counted,) = world.found(("reputation", seller.id), lambda: [count_reputation(world, seller)])
    return dict(counted)


def count_reputation(world: World, seller: Seller) -> dict[str, Any]:
    orders = world.orders_of[seller.id]
    recent = world.orders_created(seller.id, world.clock.now() - 60 * DAY, None)
    cancelled = [order for order in recent if order.cancel[2:3] == ["seller"]]
    claims = [order for order in recent if order.cancel[:1] == ["mediations"]]
    late = len(recent) // 25
    total = len(orders)
    gone = sum(1 for order in orders if order.status == "cancelled")
    share = max(len(recent), 1)
    return {
        "level_id": "5_green" if total > 10 else None,
        "power_seller_status": "gold" if total > 500 else None,
        "transactions": {
            "period": "historic",
            "total": total,
            "completed": total - gone,
            "canceled": gone,
            "ratings": {"positive": 0.93, "negative": 0.04, "neutral": 0.03},
        },
        "metrics": {
            "sales": {"period": "60 days", "completed": len(recent)},
            "claims": {"period": "60 days", "rate": round(len(claims) / share, 4), "value": len(claims)},
            "delayed_handling_time": {"period": "60 days", "rate": round(late / share, 4), "value": late},
            "cancellations": {
                "period": "60 days",
                "rate": round(len(cancelled) / share, 4),
                "value": len(cancelled),
            },
        },
    }
