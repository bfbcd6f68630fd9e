"""How orders are kept true (API facts, part B sections 1 and 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from painelml.meli import Gone, Rejected, parse_id, parse_instant, parse_int, parse_money
from painelml.sync.models import MirroredRow, RunKind, SyncRun, SyncStep
from painelml.sync.resource import (
    PLAN,
    Fetched,
    Mapped,
    Page,
    Payload,
    Reading,
    Resource,
    StepPlan,
    Want,
    object_of,
    register,
)
from painelml.sync.values import as_count, as_money, dicts, inner, text, words
from painelml.text import searchable
from shipments.models import Shipment

from .models import PROFIT, Order, OrderItem, Payment
from .money import RETURNED, refunded_of, seller_discounts, sum_known

PAGE = 50
CEILING = 10_000
"""What offset + limit may reach."""
WINDOW = 2_000
"""Orders in one step: far below the ceiling, and enough steps for several workers."""
EMPTY_PAGES = 2
"""How often an empty page before the end is asked for again: part B section 7 calls it an error."""
HOUR = timedelta(hours=1)
"""Filters work to the hour, so windows overlap by one."""
UNCLOSED = timedelta(days=60)
"""Pages are sorted by the closing date; an order may have been created this long before it closed."""

SECTIONS = (
    "status",
    "date_created",
    "total_amount",
    "paid_amount",
    "currency_id",
    "order_items",
    "payments",
    "shipping",
    "buyer",
    "tags",
)
"""What a search row must have to make its detail unnecessary."""
SOLD = {"paid", "partially_refunded"}
DEAD_TAGS = {"unfulfilled", "fraud_risk_detected"}
DISPUTED = {"in_mediation", "charged_back"}


@register
class OrderResource(Resource):
    """Orders: listed in windows of the creation date, newest first; a detail is read only when a row lacks
    something.
    """

    name = "orders"
    topics = frozenset({"orders_v2", "orders", "orders_feedback"})
    paths = ("/orders/{id}", "/orders/{id}/feedback")
    model = Order
    child_link = "order"
    buyer_at = (("buyer", "id"),)
    kept = frozenset({"shipping_cost", "net", *PROFIT})
    total_from: ClassVar[str] = PLAN
    done_from: ClassVar[str] = "window"

    # Reading

    def plan(self, run: SyncRun) -> Iterator[StepPlan]:
        mark = self.mark()
        if run.kind == RunKind.INCREMENTAL and mark is not None:
            filters = _spelled({"order.date_last_updated.from": mark})
            yield StepPlan("window", "changed", {"filters": filters})
            return
        first = self._search({"order.date_created.from": run.since}, sort="date_asc", limit=1)
        total = _total(first)
        now = _hour(datetime.now(UTC)) + HOUR
        oldest = run.since
        if oldest is None:
            created = [parse_instant(row.get("date_created")) for row in dicts(first.get("results"))]
            oldest = _hour(min((date for date in created if date), default=now)) - UNCLOSED
        for start, end, count in self._windows(oldest, now, total):
            # The newest window has no end, so that sales made while it is read are in it.
            until = None if end == now else end + HOUR
            yield self._window(start, until, count, total)
        if run.since is None:
            yield self._window(None, oldest + HOUR, None, total)

    def _windows(
        self, start: datetime, end: datetime, count: int
    ) -> Iterator[tuple[datetime, datetime, int]]:
        """Halve until each window holds little enough, newest first; empty ones are left out."""
        if count <= WINDOW or end - start <= HOUR:
            if count:
                yield start, end, count
            return
        middle = _hour(start + (end - start) / 2)
        newer = _total(
            self._search({"order.date_created.from": middle, "order.date_created.to": end + HOUR}, limit=1)
        )
        yield from self._windows(middle, end, newer)
        yield from self._windows(start, middle, max(count - newer, 1))

    def _window(
        self, start: datetime | None, end: datetime | None, count: int | None, total: int
    ) -> StepPlan:
        filters = {"order.date_created.from": start, "order.date_created.to": end}
        key = f"created {start:%Y-%m-%d %H}" if start else "created before"
        return StepPlan("window", key, {"filters": _spelled(filters)}, count, total)

    def read(self, step: SyncStep) -> Iterator[Page]:
        cursor: dict[str, Any] | None = step.cursor or {"sort": "date_desc", "offset": 0}
        while cursor is not None:
            offset = cursor["offset"]
            found = self._search(step.params["filters"], sort=cursor["sort"], limit=PAGE, offset=offset)
            rows, total = dicts(found.get("results")), _total(found)
            is_early = not rows and cursor["offset"] < total and cursor.get("empty", 0) < EMPTY_PAGES
            if is_early:
                cursor = {**cursor, "empty": cursor.get("empty", 0) + 1}
            else:
                cursor = _next_page(cursor, len(rows), total)
            yield Page([Reading(row) for row in rows], cursor=cursor, expected=total)

    def strays(self, run: SyncRun) -> list[str]:
        listed_all = run.since is None and run.steps.filter(key="created before").exists()
        return self.unlisted(run) if listed_all else []

    def fetch(self, ids: Sequence[str]) -> Fetched:
        return self._read(ids, fresh=True)

    def complete(self, ids: Sequence[str]) -> Fetched:
        return self._read(ids, fresh=False)

    def unread(self, ids: Sequence[str], since: datetime) -> list[str]:
        """A search row may have been read and still lack something: `complete` knows."""
        return list(ids)

    def _read(self, ids: Sequence[str], fresh: bool) -> Fetched:
        stored = {row.meli_id: row for row in self.rows().filter(meli_id__in=ids)}

        def read(order_id: str) -> Reading:
            row = stored.get(order_id)
            payload: Payload = row.payload if row else {}
            as_of = row.read_at if row else None
            parts: dict[str, Any] = {}
            if fresh or row is None or _lacks_detail(row.payload, row.parts):
                answer = self.meli.order(order_id)
                payload, as_of = object_of(answer.data), None
                if not answer.missing:
                    parts["detail"] = payload.get("last_updated")
            known = {**(row.parts if row else {}), **parts}
            if _lacks_discounts(payload, known):
                parts["discounts"] = self._discounts_of(order_id)
            return Reading(payload, parts, as_of)

        return Fetched.of(ids, self.meli.gather([lambda i=i: read(i) for i in ids]))

    def _discounts_of(self, order_id: str) -> list[dict[str, Any]]:
        try:
            return self.meli.order_discounts(order_id)
        except Gone:
            return []  # the order is there, so it has none, whatever the 404 calls it

    def _search(self, filters: Mapping[str, Any], **params: Any) -> Payload:
        return self.meli.orders_search(self.account.meli_user_id, **_spelled(filters), **params)

    # Understanding

    def meli_id(self, payload: Payload) -> str:
        return parse_id(payload.get("id"))

    def merge(self, reading: Reading, stored: MirroredRow) -> Reading:
        """Keep what a search row does not tell: the nickname, and the fee where 0 means "not worked out"."""
        merged = super().merge(reading, stored)
        if "detail" in reading.parts:
            return merged
        payload = dict(merged.payload)
        old_buyer, buyer = inner(stored.payload, "buyer"), inner(payload, "buyer")
        if old_buyer and buyer and parse_id(old_buyer.get("id")) == parse_id(buyer.get("id")):
            payload["buyer"] = {**old_buyer, **buyer}
        fees = {_line_key(line): line.get("sale_fee") for line in dicts(stored.payload.get("order_items"))}
        if lines := dicts(payload.get("order_items")):
            payload["order_items"] = [
                line
                if parse_money(line.get("sale_fee"))
                else {**line, "sale_fee": fees.get(_line_key(line)) or line.get("sale_fee")}
                for line in lines
            ]
        return replace(merged, payload=payload)

    def map(self, reading: Reading) -> Mapped:
        payload, parts = reading.payload, reading.parts
        lines = [_line(line, payload, parts) for line in dicts(payload.get("order_items"))]
        payments = [_payment(payment) for payment in dicts(payload.get("payments"))]
        tags = words(payload.get("tags"))
        created = parse_instant(payload.get("date_created"))
        updated = parse_instant(payload.get("last_updated")) or parse_instant(
            payload.get("date_last_updated")
        )
        total = as_money(payload.get("total_amount"))
        fees = [line["sale_fee"] and line["sale_fee"] * line["quantity"] for line in lines]
        pack_id = parse_id(payload.get("pack_id"))
        buyer = text(inner(payload, "buyer", "nickname"), 120)
        fields = {
            "remote_updated_at": updated or created or datetime.fromtimestamp(0, UTC),
            "pack_id": pack_id,
            "status": text(payload.get("status"), 30),
            "is_sale": _is_sale(text(payload.get("status")), tags, payments),
            "date_created": created or updated or datetime.fromtimestamp(0, UTC),
            "date_closed": parse_instant(payload.get("date_closed")),
            "total_amount": total,
            "paid_amount": as_money(payload.get("paid_amount")),
            "currency_id": text(payload.get("currency_id"), 5),
            "buyer_id": parse_id(inner(payload, "buyer", "id")),
            "buyer_nickname": buyer,
            "shipment_id": parse_id(inner(payload, "shipping", "id")),
            "tags": tags,
            "cancel_detail": _object(payload.get("cancel_detail")),
            "has_claim": _has_claim(payload, payments),
            "units": sum(line["quantity"] for line in lines),
            "item_id": lines[0]["item_id"] if lines else "",
            "gross": total,
            "sale_fee": sum_known(fees) if lines else None,
            "discounts": _discounts(payload, parts),
            "refunded": sum_known(refunded_of(payment) for payment in payments)
            if "payments" in payload
            else None,
            "search_text": searchable(
                self.meli_id(payload),
                pack_id,
                buyer,
                *[line["title"] for line in lines],
                *[line["sku"] for line in lines],
            ),
        }
        return Mapped(fields, {OrderItem: lines, Payment: payments})

    def follow(self, readings: Sequence[Reading], since: datetime | None) -> list[Want]:
        wants: list[Want] = []
        shipment_dates: dict[str, datetime] = {}
        for reading in readings:
            payload = reading.payload
            date = parse_instant(payload.get("date_created")) or datetime.now(UTC)
            if _lacks_detail(payload, reading.parts) or _lacks_discounts(payload, reading.parts):
                wants.append(Want(self.name, self.meli_id(payload), date))
            if shipment_id := parse_id(inner(payload, "shipping", "id")):
                shipment_dates[shipment_id] = date
        known = set(Shipment.objects.read_since(self.account, shipment_dates, since))
        wants += [Want("shipments", i, date) for i, date in shipment_dates.items() if i not in known]
        return wants


def _next_page(cursor: dict[str, Any], rows: int, total: int) -> dict[str, Any] | None:
    """Return where the next page begins; past the ceiling, the rest is read from the other end."""
    offset = cursor["offset"] + rows
    # Sales made meanwhile push rows to later pages, so what is left follows the newest total.
    left = cursor["left"] - rows if cursor["sort"] == "date_asc" else total - offset
    if rows == 0 or left <= 0:
        return None
    if offset + PAGE <= CEILING:
        return {**cursor, "offset": offset, "left": left}
    if cursor["sort"] == "date_asc":
        raise Rejected(f"More than {2 * CEILING} orders in one hour cannot be listed: {left} were left out")
    return {"sort": "date_asc", "offset": 0, "left": left}


def _lacks_detail(payload: Payload, parts: Mapping[str, Any]) -> bool:
    """Whether the order's own page has to be read: a section is missing, or a fee is not worked out yet."""
    if any(section not in payload for section in SECTIONS):
        return True
    if _has_detail(payload, parts):
        return False
    if not inner(payload, "buyer", "nickname"):
        return True
    return any(not parse_money(line.get("sale_fee")) for line in dicts(payload.get("order_items")))


def _has_detail(payload: Payload, parts: Mapping[str, Any]) -> bool:
    """Whether the order's own page was read in its present state."""
    return "detail" in parts and parts["detail"] == payload.get("last_updated")


def _lacks_discounts(payload: Payload, parts: Mapping[str, Any]) -> bool:
    return "order_has_discount" in words(payload.get("tags")) and "discounts" not in parts


def _discounts(payload: Payload, parts: Mapping[str, Any]) -> Decimal | None:
    if "tags" not in payload or _lacks_discounts(payload, parts):
        return None
    return seller_discounts(dicts(parts.get("discounts")))


def _is_sale(status: str, tags: Sequence[str], payments: Sequence[Mapping[str, Any]]) -> bool:
    """Part B section 1.3: dead is cancelled, unfulfilled, or with every payment returned; fraud is no sale
    either.
    """
    if status not in SOLD or DEAD_TAGS.intersection(tags):
        return False
    return not payments or any(payment["status"] not in RETURNED for payment in payments)


def _has_claim(payload: Payload, payments: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the buyer complained, as far as the order tells: by its claims, by why it was cancelled, or by
    a disputed payment (part B sections 1.2 and 6).
    """
    ended_by_claim = inner(payload, "cancel_detail", "group") == "mediations"
    is_disputed = any(payment["status"] in DISPUTED for payment in payments)
    return bool(dicts(payload.get("mediations"))) or ended_by_claim or is_disputed


def _object(value: Any) -> dict[str, Any] | None:
    """Return an object as it came, None for anything else."""
    return dict(value) if isinstance(value, Mapping) else None


def _line_key(line: Payload) -> tuple[Any, ...]:
    return (
        parse_id(inner(line, "item", "id")),
        parse_id(inner(line, "item", "variation_id")),
        parse_int(line.get("quantity")),
        parse_money(line.get("unit_price")),
    )


def _line(line: Payload, payload: Payload, parts: Mapping[str, Any]) -> dict[str, Any]:
    item = _object(line.get("item")) or {}
    fee = as_money(line.get("sale_fee"))
    if not fee and not _has_detail(payload, parts):
        fee = None  # a zero in a search row means "not worked out yet" (part B section 1.1)
    return {
        "item_id": parse_id(item.get("id")),
        "variation_id": parse_id(item.get("variation_id")),
        "variation_attributes": dicts(item.get("variation_attributes")),
        "title": text(item.get("title"), 255),
        "sku": text(item.get("seller_sku") or item.get("seller_custom_field"), 120),
        "quantity": as_count(line.get("quantity")) or 0,
        "unit_price": as_money(line.get("unit_price")),
        "full_unit_price": as_money(line.get("full_unit_price")),
        "sale_fee": fee,
        "listing_type_id": text(line.get("listing_type_id"), 40),
    }


def _payment(payment: Payload) -> dict[str, Any]:
    return {
        "meli_id": parse_id(payment.get("id")),
        "status": text(payment.get("status"), 30),
        "status_detail": text(payment.get("status_detail"), 80),
        "payment_type": text(payment.get("payment_type"), 40),
        "payment_method_id": text(payment.get("payment_method_id"), 40),
        "installments": as_count(payment.get("installments"), 32_767),
        "currency_id": text(payment.get("currency_id"), 5),
        "transaction_amount": as_money(payment.get("transaction_amount")),
        "transaction_amount_refunded": as_money(payment.get("transaction_amount_refunded")),
        "coupon_amount": as_money(payment.get("coupon_amount")),
        "shipping_cost": as_money(payment.get("shipping_cost")),
        "taxes_amount": as_money(payment.get("taxes_amount")),
        "total_paid_amount": as_money(payment.get("total_paid_amount")),
        "date_created": parse_instant(payment.get("date_created")),
        "date_approved": parse_instant(payment.get("date_approved")),
        "date_last_modified": parse_instant(payment.get("date_last_modified")),
    }


def _total(found: Payload) -> int:
    return parse_int(inner(found, "paging", "total")) or 0


def _hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def _spelled(filters: Mapping[str, Any]) -> dict[str, str]:
    """Return filters without the empty ones, instants as Mercado Livre's pages spell them."""
    return {
        name: f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000-00:00" if isinstance(value, datetime) else value
        for name, value in filters.items()
        if value is not None
    }
