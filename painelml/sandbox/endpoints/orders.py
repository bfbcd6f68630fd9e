"""Orders and packs (facts: part B, section 1)."""

from collections.abc import Callable
from typing import Any

from ..clock import parse, truncate_to_hour
from ..http import ApiError, Request, Response, not_found, route
from ..payloads import is_one_in, without
from ..payloads.orders import billing_payload, discounts_payload, order_payload, pack_payload, search_row
from ..people import Buyer
from ..records import Order
from ..server import Box

SORTS = {"date_asc": "Date ascending", "date_desc": "Date descending"}
MISSING = (("buyer", "feedback"), ("shipping", "mediations"))


def own_order(box: Box, request: Request, order_id: str) -> Order:
    """Raises ApiError 400 for what is no id, 404 for unknown ones (a pack's among them), 403 for another
    seller's.
    """
    if not order_id.isdigit():
        raise ApiError(400, f"Invalid order id: {order_id}", "invalid_order_id")
    order = box.world.orders.get(int(order_id))
    if order is None:
        raise ApiError(404, f"Order with id {order_id} not found", "order_not_found")
    if order.seller_id != request.user:
        raise ApiError(403, "Invalid caller.id", "caller.id.invalid")
    return order


@route("GET", "/orders/search")
def search_orders(box: Box, request: Request) -> dict[str, Any]:
    """Oldest first unless told; 51 a page, 10,000 by offset; filters nobody knows are ignored without
    a word.
    """
    query = request.query
    if query.get("seller", "") != str(request.user):
        raise ApiError(403, "Invalid caller.id", "caller.id.invalid")
    limit, offset = request.number("limit", 50), request.number("offset", 0)
    if limit > 51:
        raise ApiError(
            400, body={"error": "limit.maximum_exceeded", "message": "Limit must be a lower or equal than 51"}
        )
    scan = query.get("search_type") == "scan"
    if offset + limit > 10_000 and not scan:
        raise ApiError(
            400,
            body={"error": "limit.maximum_exceeded", "message": "Limit must be a lower or equal than 10000"},
        )
    sort = query.get("sort", "date_asc")
    sort = sort if sort in SORTS else "date_asc"
    key = (
        request.user,
        *sorted(
            (name, value) for name, value in query.items() if name not in {"limit", "offset", "scroll_id"}
        ),
    )

    def found() -> list[Order]:
        rows = select_orders(box, request.user, query)
        return sorted(rows, key=lambda order: order.closed or order.created, reverse=sort == "date_desc")

    paging: dict[str, Any] = {"offset": offset, "limit": limit}
    if scan:
        scroll_id = query.get("scroll_id", "")
        page, paging["scroll_id"], paging["total"] = box.scrolls.page(
            scroll_id, None if scroll_id else list(found()), limit
        )
    else:
        orders = box.world.found(key, found)
        page, paging["total"] = orders[offset : offset + limit], len(orders)
    return {
        "query": query.get("q", ""),
        "display": "partial" if scan else "complete",
        "paging": paging,
        "results": [search_row(box.world, order) for order in page],
        "sort": {"id": sort, "name": SORTS[sort]},
        "available_sorts": [{"id": other, "name": name} for other, name in SORTS.items() if other != sort],
        "filters": [],
    }


def select_orders(box: Box, seller: int, query: dict[str, str]) -> list[Order]:
    """The orders that pass every known filter. Date filters drop minutes, seconds and milliseconds of what
    was asked.
    """
    since, until = window(query, "date_created")
    tests: list[Callable[[Order], bool]] = []
    closed_since, closed_until = window(query, "date_closed")
    if closed_since is not None or closed_until is not None:
        tests.append(lambda order: bool(order.closed) and inside(order.closed, closed_since, closed_until))
    changed_since, changed_until = window(query, "date_last_updated")
    if changed_since is not None or changed_until is not None:
        tests.append(lambda order: inside(order.indexed, changed_since, changed_until))
    if status := query.get("order.status"):
        statuses = set(status.split(","))
        tests.append(lambda order: order.status in statuses)
    if tags := query.get("tags"):
        wanted = set(tags.split(","))
        tests.append(lambda order: wanted <= set(order.tags))
    if tags_not := query.get("tags.not"):
        unwanted = set(tags_not.split(","))
        tests.append(lambda order: not unwanted & set(order.tags))
    if item := query.get("item"):
        tests.append(
            lambda order: (
                order.item_id == item or item.lower() in box.world.items[order.item_id].title.lower()
            )
        )
    if words := query.get("q", "").lower():
        tests.append(lambda order: matches(box, order, words))
    orders = box.world.orders_created(seller, since, until)
    return [order for order in orders if all(test(order) for test in tests)] if tests else orders


def window(query: dict[str, str], name: str) -> tuple[int | None, int | None]:
    """Both ends of a date filter, cut down to their hour. Raises ApiError 400."""
    ends: list[int | None] = []
    for end in ("from", "to"):
        text = query.get(f"order.{name}.{end}", "")
        try:
            ends.append(truncate_to_hour(parse(text)) if text else None)
        except ValueError as error:
            raise ApiError(400, f"Invalid date format: {text}", "invalid_date") from error
    return ends[0], ends[1]


def inside(ms: int, since: int | None, until: int | None) -> bool:
    return (since is None or ms >= since) and (until is None or ms <= until)


def matches(box: Box, order: Order, words: str) -> bool:
    texts = (
        str(order.id),
        order.item_id.lower(),
        box.world.items[order.item_id].title.lower(),
        Buyer(order.buyer).nickname.lower(),
    )
    return any(words == text or (len(words) > 2 and words in text) for text in texts)


@route("GET", "/orders/{order_id}")
def read(box: Box, request: Request, order_id: str) -> Response:
    """Every fortieth order loses two of its parts on every other read, beginning with the first: 206."""
    order = own_order(box, request, order_id)
    payload = order_payload(box.world, order)
    box.partial_reads[order.id] += 1
    unlucky = is_one_in(40, order.id, 9) and box.partial_reads[order.id] % 2 == 1
    if unlucky or box.drills.happens(box.drills.partial_rate):
        missing = MISSING[order.id % 2]
        return Response(without(payload, *missing), 206, {"X-Content-Missing": ", ".join(missing)})
    return Response(payload)


@route("GET", "/orders/{order_id}/discounts")
def discounts(box: Box, request: Request, order_id: str) -> dict[str, Any]:
    payload = discounts_payload(box.world, own_order(box, request, order_id))
    if payload is None:
        raise ApiError(404, f"Discounts not found for order {order_id}", "discount_not_found")
    return payload


@route("GET", "/orders/{order_id}/shipments")
def order_shipments(box: Box, request: Request, order_id: str) -> Response:
    """Only the new view answers: an array, or 204 while there is no shipment."""
    order = own_order(box, request, order_id)
    if request.headers.get("x-new-domain") != "true":
        raise not_found("This view was retired; use X-New-Domain: true")
    if not order.shipment_id:
        return Response(status=204)
    return Response([{"id": order.shipment_id, "type": "forward"}])


@route("GET", "/packs/{pack_id}")
def pack(box: Box, request: Request, pack_id: str) -> dict[str, Any]:
    orders = box.world.packs.get(int(pack_id), []) if pack_id.isdigit() else []
    if not orders:
        raise not_found("Order do not exists")
    if orders[0].seller_id != request.user:
        raise ApiError(403, "The user has not access to the order", "forbidden")
    return pack_payload(box.world, int(pack_id))


@route("GET", "/orders/billing-info/{site}/{billing_id}")
def billing_info(box: Box, request: Request, site: str, billing_id: str) -> dict[str, Any]:
    buyer = Buyer.of_billing(billing_id)
    if buyer and any(order.buyer == buyer.number for order in box.world.orders_of[request.user]):
        return billing_payload(buyer, request.user)
    raise not_found("Billing info not found")
