"""Mercado Livre's resources by their own names. Methods return payloads as they came; see the named part of
the fact sheet.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from .door import Answer, Door
from .errors import Gone, MeliError, TryLater, from_response
from .parse import parse_id, parse_int

Payload = dict[str, Any]

NEW_SHIPMENT = {"x-format-new": "true"}
NEW_DOMAIN = {"X-New-Domain": "true"}
QUESTIONS_VERSION = {"api_version": "4"}
BULK_MAX = 20
LABELS_MAX = 50


@dataclass(frozen=True)
class Bulk:
    """Many items at once. Every id asked for is in exactly one of the three; `failed` says what to do about
    each.
    """

    found: dict[str, Payload] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    failed: dict[str, MeliError] = field(default_factory=dict)


class Client(Door):
    """The API as one account sees it. Errors are those of `errors`; ids may be text or numbers."""

    _bulk_is_there = True

    # Users (part A, 4.1) and the application (1.7, 3.5)

    def me(self) -> Payload:
        """Return the owner of the token."""
        return self.get("/users/me").data

    def user(self, user_id: str) -> Payload:
        return self.get(_path("users", user_id)).data

    def revoke(self, user_id: str, app_id: str) -> Payload:
        """Withdraw the user's grant: every token of this user and application dies."""
        return self.delete(_path("users", user_id, "applications", app_id)).data

    def missed_feeds(
        self,
        app_id: str,
        topic: str | None = None,
        site_id: str | None = None,
        limit: int = 10,
        offset: int = 0,
    ) -> list[Payload]:
        """Return the notifications that never arrived, `[]` past the end. `site_id` is required for items;
        nothing acknowledges.
        """
        params = {"app_id": app_id, "topic": topic, "site_id": site_id, "limit": limit, "offset": offset}
        return (self.get("/missed_feeds", params=params).data or {}).get("messages") or []

    # Items (part A, 5)

    def items_search(self, seller_id: str, **params: Any) -> Payload:
        """Return a page of item ids, `{"paging", "results", ...}`; `offset` reaches 1000, `limit` 100
        (5.1).
        """
        return self.get(_path("users", seller_id, "items", "search"), params=params).data

    def items_scan(self, seller_id: str, scroll_id: str | None = None, limit: int = 100) -> Payload:
        """Return the next page of item ids and the `scroll_id` to send next, which lives 5 minutes (5.1)."""
        return self.items_search(seller_id, search_type="scan", scroll_id=scroll_id, limit=limit)

    def items_bulk(self, ids: Collection[str]) -> Bulk:
        """Return up to 20 items with their variations' attributes. Raises when the whole call fails (5.2).

        Uses `/items/bulk`; where that is not there, the older `/items?ids=`, for the rest of this client's
        life.
        """
        wanted = list(dict.fromkeys(str(item_id) for item_id in ids))
        if len(wanted) > BULK_MAX:
            raise ValueError(f"At most {BULK_MAX} ids a call")
        if not wanted:
            return Bulk()
        params = {"ids": wanted, "include_attributes": "all"}
        if self._bulk_is_there:
            try:
                return _bulk(wanted, self.get("/items/bulk", params=params).data)
            except MeliError as error:
                if error.status not in (404, 405, 501):
                    raise
            self._bulk_is_there = False
        return _bulk(wanted, self.get("/items", params=params).data)

    def item(self, item_id: str) -> Answer:
        """Return the item with its variations' attributes; a 206 may lack `location` and the like."""
        return self.get(_path("items", item_id), params={"include_attributes": "all"})

    def item_prices(self, item_id: str) -> Payload:
        """Return every price node (5.9)."""
        return self.get(_path("items", item_id, "prices")).data

    def sale_price(self, item_id: str, context: str = "channel_marketplace") -> Payload:
        """Return the price in force in a context (5.9)."""
        return self.get(_path("items", item_id, "sale_price"), params={"context": context}).data

    def update_item(self, item_id: str, body: Mapping[str, Any]) -> Payload:
        """Return the item as it is afterwards. A 200 may carry `warnings` and ignore a field: compare
        (5.5).
        """
        return self.put(_path("items", item_id), json=dict(body)).data

    def update_variation(self, item_id: str, variation_id: str, body: Mapping[str, Any]) -> Any:
        """Change one variation and touch no other (5.6)."""
        return self.put(_path("items", item_id, "variations", variation_id), json=dict(body)).data

    def user_product_stock(self, user_product_id: str) -> Answer:
        """Return the stock by location; header `x-version` goes into the next write. 100 calls a minute
        (5.8).
        """
        return self.get(_path("user-products", user_product_id, "stock"))

    def put_user_product_stock(
        self,
        user_product_id: str,
        location_type: Literal["seller_warehouse", "selling_address"],
        body: Mapping[str, Any],
        version: str,
    ) -> Answer:
        """Write stock where `warehouse_management` sellers keep it. Raises Conflict when it changed since
        `version` (5.8).
        """
        path = _path("user-products", user_product_id, "stock", "type", location_type)
        return self.put(path, json=dict(body), headers={"x-version": version})

    # Orders (part B, 1)

    def orders_search(self, seller_id: str, **params: Any) -> Payload:
        """Return a page of orders; names with dots come in as `**{"order.date_created.from": ...}` (1.1).

        `limit` reaches 51, offset + limit 10,000; oldest first unless told otherwise; unknown filters are
        ignored.
        """
        return self.get("/orders/search", params={"seller": seller_id, **params}).data

    def order(self, order_id: str) -> Answer:
        """Return the order; `missing` names the sections a 206 left out (1.5)."""
        return self.get(_path("orders", order_id))

    def order_discounts(self, order_id: str) -> list[Payload]:
        """Return the discounts, `[]` when there are none (1.7)."""
        try:
            return (self.get(_path("orders", order_id, "discounts")).data or {}).get("details") or []
        except Gone as error:
            if "discount_not_found" not in error.codes | {error.message}:
                raise
            return []

    def pack(self, pack_id: str) -> Payload:
        return self.get(_path("packs", pack_id)).data

    # Shipments (part B, 2.2 and 3)

    def shipment(self, shipment_id: str) -> Payload:
        """Return the shipment in the new shape (3.2)."""
        return self.get(_path("shipments", shipment_id), headers=NEW_SHIPMENT).data

    def shipment_costs(self, shipment_id: str) -> Payload:
        """Return who pays what; Gone early in a shipment's life means unknown, not zero (2.2)."""
        return self.get(_path("shipments", shipment_id, "costs"), headers=NEW_SHIPMENT).data

    def shipment_sla(self, shipment_id: str) -> Payload:
        """Return the dispatch deadline; not for cancelled ones and Full (3.6)."""
        return self.get(_path("shipments", shipment_id, "sla"), headers=NEW_SHIPMENT).data

    def shipment_history(self, shipment_id: str) -> list[Payload]:
        """Return `[{"status", "substatus", "date"}, ...]` (3.3)."""
        return self.get(_path("shipments", shipment_id, "history"), headers=NEW_SHIPMENT).data or []

    def shipment_orders(self, shipment_id: str) -> list[Payload]:
        """Return what travels in it, one entry per order, ids as text (3.1)."""
        return self.get(_path("shipments", shipment_id, "orders"), headers=NEW_DOMAIN).data or []

    def shipment_labels(self, ids: Collection[str], response_type: Literal["pdf", "zpl2"] = "pdf") -> Answer:
        """Return the labels as bytes in `content`: a PDF, or a ZIP (some say raw `^XA`) for zpl2. Marks
        them printed (3.7).

        Raises Rejected with the refused shipments in `causes` (`{"id", "code", "message"}`); one may refuse
        all.
        """
        wanted = list(dict.fromkeys(str(shipment_id) for shipment_id in ids))
        if not 0 < len(wanted) <= LABELS_MAX:
            raise ValueError(f"Between 1 and {LABELS_MAX} shipments a call")
        params = {"shipment_ids": wanted, "response_type": response_type}
        answer = self.get("/shipment_labels", params=params, accept="bytes")
        if answer.content.lstrip()[:1] == b"{":  # a refusal that calls itself 200
            raise from_response(400, answer.content, answer.headers, endpoint="GET /shipment_labels")
        return answer

    # Questions (part B, 4)

    def questions_search(self, seller_id: str, **params: Any) -> Payload:
        """Return a page of questions, newest first unless told otherwise; there is no date filter (4.1)."""
        order = {"sort_fields": "date_created", "sort_types": "DESC"}
        return self.get(
            "/questions/search", params={"seller_id": seller_id, **QUESTIONS_VERSION, **order, **params}
        ).data

    def question(self, question_id: str) -> Payload:
        return self.get(_path("questions", question_id), params=QUESTIONS_VERSION).data

    def answer_question(self, question_id: str, text: str) -> Payload:
        """Answer for good: there is no editing. Rejected `not_unanswered_question` means somebody was
        faster (4.4).
        """
        return self.post("/answers", json={"question_id": int(question_id), "text": text}).data

    def response_time(self, user_id: str) -> Payload | None:
        """Return the minutes to answer of the last 14 days, `None` without questions (4.5)."""
        try:
            return self.get(_path("users", user_id, "questions", "response_time")).data
        except Gone:
            return None


def _path(*parts: str) -> str:
    return "/" + "/".join(quote(str(part), safe="") for part in parts)


def _bulk(wanted: list[str], elements: Any) -> Bulk:
    """Sort the elements of either envelope (`status_code` or `code`) by id; one without an id is told by
    its position.
    """
    found: dict[str, Payload] = {}
    gone: set[str] = set()
    failed: dict[str, MeliError] = {}
    elements = (
        [element for element in elements if isinstance(element, dict)] if isinstance(elements, list) else []
    )
    in_order = len(elements) == len(wanted)
    for place, element in enumerate(elements):
        body = element.get("body")
        body = body if isinstance(body, dict) else {}
        status = parse_int(element.get("status_code") or element.get("code")) or 0
        item_id = parse_id(body.get("id") or element.get("id")) or (wanted[place] if in_order else "")
        if item_id not in wanted:
            continue
        if 200 <= status < 300 and body:
            found[item_id] = body
        elif status in (404, 410):
            gone.add(item_id)
        else:
            failed[item_id] = from_response(
                status or 500, json.dumps(body, default=str).encode(), endpoint="GET /items/bulk"
            )
    for item_id in wanted:
        if item_id not in found and item_id not in gone and item_id not in failed:
            failed[item_id] = TryLater("Left out of the answer", endpoint="GET /items/bulk")
    return Bulk(found, frozenset(gone), failed)
