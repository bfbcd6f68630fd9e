"""Stock by location of user products, and Full stock (facts: part A, section 5.8)."""

from typing import Any

from ..http import ApiError, Request, Response, forbidden, not_found, route
from ..payloads.items import fulfillment_payload, stock_payload, user_product_payload
from ..records import Item, Variation
from ..server import Box

STORE = ("70001", "BRP000111")


def own_user_product(box: Box, request: Request, product_id: str) -> tuple[Item, Variation | None]:
    """A listing of the user product, or one of its variations; they share the stock. Raises ApiError 404 or
    403.
    """
    if not (listings := box.world.user_products.get(product_id)):
        raise not_found("stock-locations not found")
    item, variation = listings[0]
    if item.seller_id != request.user:
        raise forbidden()
    return item, variation


@route("GET", "/user-products/{product_id}")
def user_product(box: Box, request: Request, product_id: str) -> dict[str, Any]:
    item, variation = own_user_product(box, request, product_id)
    return user_product_payload(item, variation, request.base_url)


@route("GET", "/user-products/{product_id}/stock")
def stock(box: Box, request: Request, product_id: str) -> Response:
    """Needs its header: `x-version` must come back with every PUT."""
    box.limit("stock", box.drills.stock_rpm)
    item, variation = own_user_product(box, request, product_id)
    answer = stock_payload(box.world, item, variation)
    return Response(answer, headers={"x-version": str(item.stock_version)})


@route("PUT", "/user-products/{product_id}/stock/type/{kind}")
def put_stock(box: Box, request: Request, product_id: str, kind: str) -> dict[str, Any]:
    item, variation = own_user_product(box, request, product_id)
    version = request.headers.get("x-version", "")
    if not version:
        raise ApiError(400, "Missing X-Version header", "bad_request")
    if kind != "seller_warehouse":
        raise ApiError(400, "the site is blocked for modifications to the selling address", "bad_request")
    if "warehouse_management" not in box.world.sellers[item.seller_id].tags or item.logistic == "fulfillment":
        raise ApiError(400, "store is not configured to be a stock location", "bad_request")
    body = request.json()
    locations = body.get("locations") if isinstance(body, dict) else None
    if not isinstance(locations, list) or len(locations) != 1:
        raise ApiError(400, "single warehouse sellers need exactly one location", "bad_request")
    location = locations[0]
    if not location.get("store_id"):
        raise ApiError(400, "store cannot be null or empty", "bad_request")
    if (str(location["store_id"]), location.get("network_node_id")) != STORE:
        raise ApiError(400, "store not found", "bad_request")
    quantity = location.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 0:
        raise ApiError(400, "Invalid quantity", "bad_request")
    if version != str(item.stock_version):
        raise ApiError(409, "Version mismatch", "conflict")
    box.world.set_quantity(item, variation, quantity + item.elsewhere)
    answer = stock_payload(box.world, item, variation)
    return {**answer, "locations": [{**one, "product_release_date": None} for one in answer["locations"]]}


@route("GET", "/inventories/{inventory_id}/stock/fulfillment")
def fulfillment_stock(box: Box, request: Request, inventory_id: str) -> dict[str, Any]:
    if inventory_id not in box.world.inventories:
        raise ApiError(404, "Seller product not found", "seller_product_not_found")
    item, variation = box.world.inventories[inventory_id]
    if item.seller_id != request.user:
        raise ApiError(403, "forbidden", "forbidden")
    return fulfillment_payload(inventory_id, item, variation)
