"""Items, prices, user products and stock (facts: part A, section 5)."""

from typing import Any

from ..clock import DAY, plain_utc, utc_offset, zulu
from ..records import Item, Variation
from ..words import PRODUCTS
from ..world import World
from . import money

# The new kinds of listing live twenty years, as the real ones do.
LIFE = 20 * 365 * DAY


def item_payload(
    world: World, item: Item, base_url: str = "", *, all_attributes: bool = True
) -> dict[str, Any]:
    """`GET /items/{id}` for its owner. Without `all_attributes` variations come without their `attributes`,
    and so without SKU.
    """
    product = PRODUCTS[item.product]
    picture = f"{base_url}/pictures/{item.id}.svg"
    me2 = item.logistic not in {"custom", "not_specified"}
    payload: dict[str, Any] = {
        "id": item.id,
        "site_id": "MLB",
        "title": item.title,
        "family_name": product.title if item.family_id else None,
        "family_id": int(item.family_id) if item.family_id else None,
        "user_product_id": item.user_product_id or None,
        "seller_id": item.seller_id,
        "category_id": product.category,
        "domain_id": product.domain,
        "official_store_id": None,
        "price": money(item.price),
        "base_price": money(item.original_price or item.price),
        "original_price": money(item.original_price) if item.original_price else None,
        "currency_id": "BRL",
        "inventory_id": item.inventory_id or None,
        "initial_quantity": item.available + item.sold,
        "available_quantity": item.available,
        "sold_quantity": item.sold,
        "sale_terms": [
            {
                "id": "WARRANTY_TYPE",
                "name": "Tipo de garantia",
                "value_id": "2230280",
                "value_name": "Garantia do vendedor",
                "value_struct": None,
                "values": [{"id": "2230280", "name": "Garantia do vendedor", "struct": None}],
                "value_type": "list",
            }
        ],
        "buying_mode": "buy_it_now",
        "listing_type_id": item.listing_type,
        "start_time": zulu(item.created),
        "stop_time": zulu(item.created + LIFE),
        "end_time": zulu(item.created + LIFE),
        "expiration_time": zulu(item.created + LIFE),
        "condition": "new",
        "permalink": f"{base_url}/produto/{item.id}",
        "thumbnail_id": f"{item.id}-F",
        "thumbnail": picture,
        "secure_thumbnail": picture,
        "pictures": [
            {
                "id": f"{item.id}-F",
                "url": picture,
                "secure_url": picture,
                "size": "500x500",
                "max_size": "1200x1200",
                "quality": "",
            }
        ],
        "video_id": None,
        "descriptions": [],
        "accepts_mercadopago": True,
        "non_mercado_pago_payment_methods": [],
        "shipping": {
            "mode": "me2" if me2 else item.logistic,
            "logistic_type": item.logistic,
            "free_shipping": item.free_shipping and me2,
            "local_pick_up": False,
            "store_pick_up": False,
            "methods": [],
            "tags": ["mandatory_free_shipping"] if item.free_shipping and me2 else [],
            "dimensions": None,
        },
        "international_delivery_mode": "none",
        "seller_address": {"city": {"name": "São Paulo"}, "state": {"id": "BR-SP", "name": "São Paulo"}},
        "seller_contact": None,
        "location": {},
        "coverage_areas": [],
        "attributes": attributes(item.sku, product.domain, item.id),
        "warnings": [],
        "listing_source": "",
        "variations": [variation_payload(item, v, all_attributes=all_attributes) for v in item.variations],
        "status": item.status,
        "sub_status": list(item.sub_status),
        "tags": item_tags(world, item),
        "warranty": "Garantia do vendedor: 90 dias",
        "catalog_product_id": item.catalog_product_id or None,
        "catalog_listing": item.catalog_listing,
        "item_relations": [],
        "seller_custom_field": None,
        "parent_item_id": None,
        "differential_pricing": None,
        "deal_ids": [],
        "automatic_relist": False,
        "date_created": zulu(item.created),
        "last_updated": zulu(item.updated),
        "health": None,
        "channels": ["marketplace"],
        "bundle": None,
    }
    if item.price_field == "null":
        payload.update(price=None, base_price=None, original_price=None)
    elif item.price_field == "absent":
        for name in ("price", "base_price", "original_price"):
            del payload[name]
    return payload


def item_tags(world: World, item: Item) -> list[str]:
    tags = ["good_quality_thumbnail", "immediate_payment", "cart_eligible"]
    if item.family_id and not item.catalog_listing:
        tags.append("user_product_listing")
    if "warehouse_management" in world.sellers[item.seller_id].tags:
        tags.append("warehouse_management")
    if item.logistic == "self_service":
        tags.append("self_service_in")
    return tags


def attributes(sku: str, domain: str, gtin_of: str) -> list[dict[str, Any]]:
    rows = [
        attribute("ITEM_CONDITION", "Condição do item", "2230284", "Novo"),
        attribute("GTIN", "Código universal de produto", None, f"789{gtin_of[-10:]}"),
        attribute("MODEL", "Modelo", None, domain.removeprefix("MLB-").replace("_", " ").title()),
    ]
    return [*rows, attribute("SELLER_SKU", "SKU", None, sku)] if sku else rows


def attribute(attribute_id: str, name: str, value_id: str | None, value_name: str) -> dict[str, Any]:
    return {
        "id": attribute_id,
        "name": name,
        "value_id": value_id,
        "value_name": value_name,
        "value_struct": None,
        "values": [{"id": value_id, "name": value_name, "struct": None}],
        "value_type": "string",
        "attribute_group_id": "OTHERS",
        "attribute_group_name": "Outros",
    }


def variation_payload(item: Item, variation: Variation, *, all_attributes: bool) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "id": variation.id,
        "price": None if item.price_field != "present" else money(item.price),
        "attribute_combinations": [
            {"id": axis, "name": name, "value_id": value_id, "value_name": value}
            for axis, name, value_id, value in variation.combination
        ],
        "available_quantity": variation.quantity,
        "sold_quantity": variation.sold,
        "sale_terms": [],
        "picture_ids": [f"{item.id}-F"],
        "seller_custom_field": None,
        "catalog_product_id": None,
        "inventory_id": variation.inventory_id or None,
        "user_product_id": variation.user_product_id or None,
        "item_relations": [],
    }
    if all_attributes:
        payload["attributes"] = [attribute("SELLER_SKU", "SKU", None, variation.sku)] if variation.sku else []
    return payload


def prices_payload(item: Item) -> dict[str, Any]:
    """`GET /items/{id}/prices`: the standard price and, while there is one, the promotion over it."""
    standard = item.original_price or item.price
    prices: list[dict[str, Any]] = [
        {
            "id": "1",
            "type": "standard",
            "amount": money(standard),
            "regular_amount": None,
            "currency_id": "BRL",
            "last_updated": zulu(item.price_updated)[:-5] + "Z",
            "conditions": {
                "context_restrictions": [],
                "start_time": None,
                "end_time": None,
                "eligible": True,
            },
            "exchange_rate_context": "DEFAULT",
            "metadata": {},
        }
    ]
    if item.original_price:
        prices.append(
            {
                "id": "7",
                "type": "promotion",
                "amount": money(item.price),
                "regular_amount": money(item.original_price),
                "currency_id": "BRL",
                "last_updated": zulu(item.price_updated)[:-5] + "Z",
                "conditions": {
                    "context_restrictions": ["channel_marketplace"],
                    "start_time": zulu(item.price_updated)[:-5] + "Z",
                    "end_time": zulu(item.price_updated + 60 * DAY)[:-5] + "Z",
                },
                "metadata": {"promotion_id": f"OFFER-{item.id}-10001", "promotion_type": "custom"},
            }
        )
    return {"id": item.id, "prices": prices}


def sale_price_payload(item: Item, now: int) -> dict[str, Any]:
    on_sale = bool(item.original_price)
    return {
        "price_id": "7" if on_sale else "1",
        "amount": money(item.price),
        "regular_amount": money(item.original_price) if on_sale else None,
        "currency_id": "BRL",
        "reference_date": zulu(now)[:-5] + "Z",
        "metadata": {"promotion_id": f"OFFER-{item.id}-10001", "promotion_type": "custom"} if on_sale else {},
    }


def user_product_payload(item: Item, variation: Variation | None, base_url: str) -> dict[str, Any]:
    product, sold = PRODUCTS[item.product], variation or item
    picture = {"id": f"{item.id}-F", "secure_url": f"{base_url}/pictures/{item.id}.svg"}
    return {
        "id": sold.user_product_id,
        "name": item.title,
        "user_id": item.seller_id,
        "domain_id": product.domain,
        "attributes": [
            {"id": "SELLER_SKU", "name": "SKU", "values": [{"id": None, "name": sold.sku, "struct": None}]}
        ],
        "pictures": [picture],
        "thumbnail": picture,
        "catalog_product_id": item.catalog_product_id or None,
        "family_id": int(item.family_id) if item.family_id else None,
        "tags": [],
        "date_created": plain_utc(item.created),
        "last_updated": plain_utc(item.updated),
    }


def stock_payload(world: World, item: Item, variation: Variation | None) -> dict[str, Any]:
    """`GET /user-products/{id}/stock`: one seller location, or Mercado Livre's when the item is Full; two
    where the seller has two deposits.
    """
    sold = variation or item
    locations: list[dict[str, Any]] = [{"type": "meli_facility", "quantity": sold.quantity}]
    if item.logistic != "fulfillment":
        locations = [{"type": "selling_address", "quantity": sold.quantity}]
        if "warehouse_management" in world.sellers[item.seller_id].tags:
            locations = [deposit("70001", "BRP000111", sold.quantity - item.elsewhere)]
            if item.elsewhere:
                locations.append(deposit("70002", "BRP000222", item.elsewhere))
    return {"id": sold.user_product_id, "user_id": item.seller_id, "locations": locations}


def deposit(store_id: str, node_id: str, units: int) -> dict[str, Any]:
    return {
        "type": "seller_warehouse",
        "store_id": store_id,
        "network_node_id": node_id,
        "quantity": units,
    }


def fulfillment_payload(inventory_id: str, item: Item, variation: Variation | None) -> dict[str, Any]:
    available = variation.quantity if variation else item.quantity
    lost = available % 3
    return {
        "inventory_id": inventory_id,
        "total": available + lost,
        "available_quantity": available,
        "not_available_quantity": lost,
        "not_available_detail": [{"status": "transfer", "quantity": lost}] if lost else [],
        "external_references": [
            {
                "type": "item",
                "id": item.id,
                "variation_id": variation.id if variation else None,
                "updated": utc_offset(item.updated),
            }
        ],
    }


def picture(item: Item) -> str:
    """A plain drawing for a listing, coloured by category: nothing has to be asked from another host."""
    product = PRODUCTS[item.product]
    hue = sum(map(ord, product.category)) * 47 % 360
    initials = "".join(word[0] for word in product.title.split()[:2])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="500" height="500" viewBox="0 0 500 500">'
        f'<rect width="500" height="500" fill="hsl({hue} 45% 88%)"/>'
        f'<circle cx="250" cy="250" r="150" fill="hsl({hue} 50% 62%)"/>'
        '<text x="250" y="292" font-family="sans-serif" font-size="120" font-weight="700" '
        f'text-anchor="middle" fill="white">{initials}</text></svg>'
    )
