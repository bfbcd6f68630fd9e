"""Items: searching, reading, writing (facts: part A, sections 5.1 to 5.6, 5.9 and 5.11)."""

import re
from collections.abc import Callable
from typing import Any

from .. import fees
from ..http import ApiError, Request, Response, forbidden, not_found, project, route
from ..payloads import is_one_in, money, without
from ..payloads.items import item_payload, picture, prices_payload, sale_price_payload, variation_payload
from ..records import Item
from ..server import Box
from ..words import PRODUCTS
from .users import own_user
from .writing import update_item, update_variation

SORTS: dict[str, Callable[[Item], Any]] = {
    "stop_time": lambda item: item.created,
    "start_time": lambda item: item.created,
    "available_quantity": lambda item: item.available,
    "price": lambda item: item.price,
    "last_updated": lambda item: item.updated,
}
LABELS: dict[str, Callable[[Item], bool]] = {
    "without_stock": lambda item: item.available == 0,
    "few_available": lambda item: 0 < item.available < 5,
    "with_free_shipping": lambda item: item.free_shipping,
    "without_free_shipping": lambda item: not item.free_shipping,
}
MULTIGET_LIMIT = 20


def own_item(box: Box, request: Request, item_id: str) -> Item:
    """Raises ApiError 404 for an unknown item, 403 for somebody else's."""
    item = box.world.items.get(item_id)
    if item is None:
        raise not_found(f"Item with id {item_id} not found")
    if item.seller_id != request.user:
        raise forbidden()
    return item


@route("GET", "/users/{user_id}/items/search")
def search_items(box: Box, request: Request, user_id: str) -> dict[str, Any]:
    """Ids of the seller's items: 1,000 by offset, all of them by scan."""
    seller = own_user(request, user_id)
    query = request.query
    limit, offset = request.number("limit", 50), request.number("offset", 0)
    scan = query.get("search_type") == "scan"
    if limit > 100 or offset > 1000 or (scan and offset):
        raise ApiError(400, "Invalid limit and offset values", "bad_request")
    order = query.get("orders", "stop_time_asc")
    key = (
        seller,
        *sorted(
            (name, value) for name, value in query.items() if name not in {"limit", "offset", "scroll_id"}
        ),
    )

    def found() -> list[str]:
        return [item.id for item in select_items(box.world.items_of[seller], query, order)]

    answer: dict[str, Any] = {"seller_id": user_id, "query": None}
    if scan:
        scroll_id = query.get("scroll_id", "")
        page, answer["scroll_id"], total = box.scrolls.page(
            scroll_id, None if scroll_id else list(found()), limit
        )
        answer["paging"] = {"limit": limit, "total": total}
    else:
        ids = box.world.found(key, found)
        page = ids[offset : offset + limit]
        answer["paging"] = {"limit": limit, "offset": offset, "total": len(ids)}
    answer["results"] = page
    answer["orders"] = [{"id": order, "name": order.replace("_", " ").capitalize()}]
    answer["available_orders"] = [
        {"id": "stop_time_asc", "name": "Order by stop time ascending"},
        {
            "id": {"id": "inventory_id_asc", "field": "inventory_id", "missing": "_last", "order": "asc"},
            "name": "Order by inventory id",
        },
    ]
    return answer


def select_items(items: list[Item], query: dict[str, str], order: str) -> list[Item]:
    products = [part for part in query.get("user_product_id", "").split(",") if part]
    tests: list[Callable[[Item], bool]] = []
    if status := query.get("status"):
        tests.append(lambda item: item.status in status.split(","))
    if sub_status := query.get("sub_status"):
        tests.append(lambda item: sub_status in item.sub_status)
    if sku := query.get("seller_sku"):
        tests.append(lambda item: item.sku == sku or any(v.sku == sku for v in item.variations))
    if query.get("sku"):
        tests.append(lambda item: False)  # matches seller_custom_field only, which these shops never fill
    if products:
        tests.append(lambda item: item.user_product_id in products)
    if listing_type := query.get("listing_type_id"):
        tests.append(lambda item: item.listing_type == listing_type)
    if logistic := query.get("logistic_type"):
        tests.append(lambda item: item.logistic == logistic)
    if label := query.get("labels"):
        tests.append(LABELS.get(label, lambda item: False))
    name, _, direction = order.rpartition("_")
    chosen = [item for item in items if all(test(item) for test in tests)]
    return sorted(chosen, key=SORTS.get(name, SORTS["stop_time"]), reverse=direction == "desc")


@route("GET", "/items/bulk")
def bulk(box: Box, request: Request) -> list[dict[str, Any]]:
    """Up to 20 distinct ids, answered in order; a projection needs the prefix `body.` and its own
    `status_code`.
    """
    if not box.drills.bulk:
        raise not_found("Resource /items/bulk not found.")
    ids = request.names("ids")
    if not ids or len(ids) > MULTIGET_LIMIT:
        raise ApiError(400, f"The ids parameter only allows {MULTIGET_LIMIT} elements", "bad_request")
    if len(set(ids)) < len(ids):
        raise ApiError(400, "Duplicated ids are not allowed", "bad_request")
    return [bulk_row(box, request, item_id) for item_id in ids]


def bulk_row(box: Box, request: Request, item_id: str) -> dict[str, Any]:
    item = box.world.items.get(item_id)
    row: dict[str, Any] = {"status_code": 404}
    if item is not None and item.seller_id != request.user:
        row = {"id": item_id, "status_code": 403, "body": forbidden().response.body}
    elif item is not None:
        row = {"id": item_id, "status_code": 200, "body": read_item(box, request, item)}
    names = request.names("attributes")
    if names and not any(name.startswith("body.") for name in names):
        names = ["id", "status_code"]
    return project(row, names)


@route("GET", "/items")
def multiget(box: Box, request: Request) -> list[dict[str, Any]]:
    """The older way: `code` instead of `status_code`, duplicates collapsed, errors with a body."""
    if not box.drills.legacy_multiget:
        raise not_found("Resource /items not found.")
    ids = list(dict.fromkeys(request.names("ids")))
    if not ids or len(ids) > MULTIGET_LIMIT:
        raise ApiError(400, f"The ids parameter only allows {MULTIGET_LIMIT} elements", "bad_request")
    names = request.names("attributes")
    request.query.pop("attributes", None)
    rows: list[dict[str, Any]] = []
    for item_id in ids:
        try:
            body = project(read_item(box, request, own_item(box, request, item_id)), names)
            rows.append({"code": 200, "body": body})
        except ApiError as error:
            rows.append({"code": error.response.status, "body": error.response.body})
    return rows


def read_item(box: Box, request: Request, item: Item) -> dict[str, Any]:
    everything = request.query.get("include_attributes") == "all"
    return item_payload(box.world, item, request.base_url, all_attributes=everything)


@route("GET", "/items/{item_id}")
def read(box: Box, request: Request, item_id: str) -> Response:
    payload = read_item(box, request, own_item(box, request, item_id))
    if is_one_in(40, int(item_id[3:] or 0), 6):
        return Response(
            without(payload, "location", "seller_address"),
            206,
            {"X-Content-Missing": "location, seller_address"},
        )
    return Response(payload)


@route("GET", "/items/{item_id}/variations")
def variations(box: Box, request: Request, item_id: str) -> list[dict[str, Any]]:
    item = own_item(box, request, item_id)
    everything = request.query.get("include_attributes") == "all"
    return [variation_payload(item, variation, all_attributes=everything) for variation in item.variations]


@route("GET", "/items/{item_id}/variations/{variation_id}")
def variation(box: Box, request: Request, item_id: str, variation_id: str) -> dict[str, Any]:
    item = own_item(box, request, item_id)
    found = item.variation(int(variation_id)) if variation_id.isdigit() else None
    if found is None:
        raise not_found(f"Variation {variation_id} not found")
    return variation_payload(item, found, all_attributes=request.query.get("include_attributes") == "all")


@route("GET", "/items/{item_id}/prices")
def prices(box: Box, request: Request, item_id: str) -> dict[str, Any]:
    return prices_payload(own_item(box, request, item_id))


@route("GET", "/items/{item_id}/sale_price")
def sale_price(box: Box, request: Request, item_id: str) -> dict[str, Any]:
    return sale_price_payload(own_item(box, request, item_id), box.world.clock.now())


@route("PUT", "/items/{item_id}")
def write(box: Box, request: Request, item_id: str) -> dict[str, Any]:
    item = own_item(box, request, item_id)
    warnings = update_item(box.world, item, request.json())
    return {**item_payload(box.world, item, request.base_url, all_attributes=False), "warnings": warnings}


@route("PUT", "/items/{item_id}/variations/{variation_id}")
def write_variation(box: Box, request: Request, item_id: str, variation_id: str) -> dict[str, Any]:
    """Touches only that variation."""
    item = own_item(box, request, item_id)
    found = item.variation(int(variation_id)) if variation_id.isdigit() else None
    if found is None:
        raise not_found(f"Variation {variation_id} not found")
    update_variation(box.world, item, found, request.json())
    return variation_payload(item, found, all_attributes=True)


@route("GET", "/sites/{site}/listing_prices")
def listing_prices(box: Box, request: Request, site: str) -> dict[str, Any] | list[dict[str, Any]]:
    """A list; a single object once category and listing type are both given."""
    text = request.query.get("price", "")
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise ApiError(400, "The parameter 'price' has to be a number", "bad_request")
    price = round(float(text) * 100)
    category = request.query.get("category_id", "")
    product = next((n for n, product in enumerate(PRODUCTS) if product.category == category), 0)
    wanted = request.query.get("listing_type_id")
    rows = [
        listing_price(product, kind, price) for kind in ("gold_pro", "gold_special") if wanted in (None, kind)
    ]
    return rows[0] if category and wanted and rows else rows


def listing_price(product: int, listing_type: str, price: int) -> dict[str, Any]:
    fixed = fees.fixed_fee(price)
    fee = fees.sale_fee(product, listing_type, price)
    percentage = fees.percentage(product, listing_type)
    extra = fees.PREMIUM_EXTRA if listing_type == "gold_pro" else 0
    return {
        "currency_id": "BRL",
        "listing_type_id": listing_type,
        "listing_type_name": "Premium" if listing_type == "gold_pro" else "Clássico",
        "listing_exposure": "highest",
        "listing_fee_amount": 0,
        "listing_fee_details": {"fixed_fee": 0, "gross_amount": 0},
        "requires_picture": True,
        "sale_fee_amount": money(fee),
        "sale_fee_details": {
            "financing_add_on_fee": extra,
            "fixed_fee": money(fixed),
            "gross_amount": money(fee),
            "meli_percentage_fee": percentage - extra,
            "percentage_fee": percentage,
        },
        "free_relist": False,
        "mapping": listing_type,
        "stop_time": "2043-06-01T00:00:00.000-04:00",
    }


@route("GET", "/pictures/{name}", public=True, drilled=False)
def item_picture(box: Box, request: Request, name: str) -> Response:
    item = box.world.items.get(name.removesuffix(".svg"))
    if item is None:
        raise not_found("Picture not found")
    return Response(
        picture(item), headers={"Cache-Control": "max-age=86400"}, content_type="image/svg+xml; charset=utf-8"
    )
