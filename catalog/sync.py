"""How items are kept true (API facts, part A sections 5.1 to 5.6 and 5.9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from painelml.meli import (
    Bulk,
    Gone,
    MeliError,
    NotAllowed,
    Rejected,
    parse_id,
    parse_instant,
    parse_int,
)
from painelml.sync.models import RunKind, SyncRun, SyncStep
from painelml.sync.resource import (
    READS,
    Fetched,
    Mapped,
    Page,
    Payload,
    Reading,
    Resource,
    StepPlan,
    register,
)
from painelml.sync.values import as_count, as_money, dicts, inner, text, web_address, words
from painelml.text import searchable

from .models import Item, StockPart, Variation
from .parts import stock_parts

A_CALL = 20
"""Items one bulk call may name."""
SCAN_PAGE = 100
LAST_OFFSET = 1000


@register
class ItemResource(Resource):
    """Items: ids by scan, then twenty a call. A re-read walks the latest changes back to its mark."""

    name = "items"
    topics = frozenset({"items", "items_prices"})
    paths = ("/items/{id}", "/items/{id}/prices")
    model = Item
    child_link = "item"
    batch = 100
    total_from: ClassVar[str] = "scan"
    done_from: ClassVar[str] = READS
    when_gone: ClassVar[Payload] = {"status": "closed", "sub_status": ["deleted"]}
    has_past = False

    # Reading

    def plan(self, run: SyncRun) -> Iterator[StepPlan]:
        mark = self.mark()
        if run.kind == RunKind.INCREMENTAL and mark is not None:
            yield StepPlan("recent", "recent", {"since": mark.isoformat()})
        else:
            yield StepPlan("scan", "scan")

    def read(self, step: SyncStep) -> Iterator[Page]:
        is_recent = step.name == "recent" and (step.cursor is None or "offset" in step.cursor)
        return self._recent(step) if is_recent else self._scan(step)

    def strays(self, run: SyncRun) -> list[str]:
        """A scan shows every item, however old: what it left out was deleted."""
        if not run.steps.filter(name="scan").exists():
            return []
        return list(self.rows().filter(read_at__lt=run.created_at).values_list("meli_id", flat=True))

    def _scan(self, step: SyncStep) -> Iterator[Page]:
        """Walk all ids. The scroll id changes with each page and lives five minutes (5.1)."""
        cursor = step.cursor or {}
        scroll_id, met, is_second = cursor.get("scroll_id"), cursor.get("met", 0), cursor.get("second", False)
        was_resumed, seen = bool(cursor), set[str]()
        while True:
            try:
                page = self._scan_page(scroll_id)
            except (Rejected, Gone):
                if scroll_id is None:
                    raise
                scroll_id, met, seen = None, 0, set()  # it expired while nobody worked: begin again
                continue
            ids, total = words(page.get("results")), parse_int(inner(page, "paging", "total")) or 0
            scroll_id = page.get("scroll_id")
            is_news = not seen.issuperset(ids)
            seen.update(ids)
            met += len(ids) if is_news else 0
            unread = self.unread(ids, step.run.created_at)
            if scroll_id and is_news:
                here = {"scroll_id": scroll_id, "met": met, "second": is_second}
                yield Page(ids=unread, cursor=here, expected=total)
            elif met < total and was_resumed and not is_second:
                # A page may have been lost with the worker that had asked for it: walk once more.
                scroll_id, met, is_second, seen = None, 0, True, set()
                yield Page(ids=unread, cursor={"met": 0, "second": True}, expected=total)
            else:
                yield Page(ids=unread, expected=total)
                return

    def _scan_page(self, scroll_id: str | None) -> Payload:
        return self.meli.items_scan(self.account.meli_user_id, scroll_id, SCAN_PAGE)

    def _recent(self, step: SyncStep) -> Iterator[Page]:
        """Newest change first, until a page reaches behind the mark. More changes than the list shows mean a
        scan."""
        offset, since = (step.cursor or {}).get("offset", 0), parse_instant(step.params["since"])
        while offset + A_CALL <= LAST_OFFSET:
            found = self.meli.items_search(
                self.account.meli_user_id, orders="last_updated_desc", limit=A_CALL, offset=offset
            )
            ids = words(found.get("results"))
            fetched = self.fetch(ids)
            stamps = [parse_instant(reading.payload.get("last_updated")) for reading in fetched.readings]
            fetched.readings += self.without(fetched.gone)
            is_last = not ids or any(stamp < since for stamp in stamps if stamp)
            offset += len(ids)
            cursor = None if is_last else {"offset": offset}
            yield Page(fetched.readings, ids=list(fetched.errors), cursor=cursor)
            if is_last:
                return
        yield from self._scan(step)

    def fetch(self, ids: Sequence[str]) -> Fetched:
        chunks = [ids[i : i + A_CALL] for i in range(0, len(ids), A_CALL)]
        fetched = Fetched()
        for chunk, bulk in zip(chunks, self._bulk(chunks), strict=True):
            if isinstance(bulk, MeliError):
                fetched.errors.update(dict.fromkeys(chunk, bulk))
                continue
            fetched.gone += bulk.gone
            fetched.errors.update(bulk.failed)
            fetched.readings += [Reading(payload) for payload in bulk.found.values()]
        return self._with_prices(fetched)

    def _bulk(self, chunks: Sequence[Sequence[str]]) -> list[Bulk | MeliError]:
        return self.meli.gather([lambda chunk=chunk: self.meli.items_bulk(chunk) for chunk in chunks])

    def _with_prices(self, fetched: Fetched) -> Fetched:
        """Read the price apart where the item does not tell it (the field is being removed, 5.3)."""
        silent = [reading for reading in fetched.readings if reading.payload.get("price") is None]
        told = [
            Reading(reading.payload, {"sale_price": None})
            for reading in fetched.readings
            if reading.payload.get("price") is not None
        ]
        prices = self.meli.gather([lambda r=r: self._price(self.meli_id(r.payload)) for r in silent])
        for reading, price in zip(silent, prices, strict=True):
            if isinstance(price, MeliError):
                fetched.errors[self.meli_id(reading.payload)] = price
            else:
                told.append(Reading(reading.payload, {"sale_price": price}))
        fetched.readings = told
        return fetched

    def _price(self, item_id: str) -> Payload | None:
        try:
            price = self.meli.sale_price(item_id)
            # The moment of asking: with it every reading would look like a change.
            return {name: value for name, value in price.items() if name != "reference_date"}
        except (Gone, Rejected, NotAllowed):
            pass
        try:
            nodes = dicts(self.meli.item_prices(item_id).get("prices"))
        except (Gone, Rejected, NotAllowed):
            return None
        by_type = {node.get("type"): node for node in reversed(nodes)}
        return dict(by_type.get("promotion") or by_type.get("standard") or {}) or None

    # Understanding

    def meli_id(self, payload: Payload) -> str:
        return parse_id(payload.get("id"))

    def map(self, reading: Reading) -> Mapped:
        payload = reading.payload
        own_price = reading.parts.get("sale_price")
        price = as_money(inner(own_price, "amount") if own_price else payload.get("price"))
        variations = _variations(payload, price)
        sub_status = words(payload.get("sub_status"))
        sku = _sku(payload)
        created = parse_instant(payload.get("date_created"))
        quantity = as_count(payload.get("available_quantity"))
        if quantity is None and variations and all(v["available_quantity"] is not None for v in variations):
            quantity = sum(v["available_quantity"] for v in variations)
        fields = {
            "remote_updated_at": parse_instant(payload.get("last_updated"))
            or created
            or datetime.fromtimestamp(0, UTC),
            "title": text(payload.get("title"), 255),
            "status": text(payload.get("status"), 30),
            "sub_status": sub_status,
            "is_out_of_stock": "out_of_stock" in sub_status,
            "price": price,
            "currency_id": text(payload.get("currency_id") or inner(own_price, "currency_id"), 5),
            "available_quantity": quantity,
            "sold_quantity": as_count(payload.get("sold_quantity")),
            "sku": sku,
            "listing_type_id": text(payload.get("listing_type_id"), 40),
            "logistic_type": text(inner(payload, "shipping", "logistic_type"), 40),
            "category_id": text(payload.get("category_id"), 30),
            "permalink": web_address(payload.get("permalink"), 600),
            "thumbnail": web_address(_picture(payload), 600),
            "user_product_id": parse_id(payload.get("user_product_id")),
            "inventory_id": parse_id(payload.get("inventory_id")),
            "catalog_listing": payload.get("catalog_listing") is True,
            "date_created": created,
            "search_text": searchable(
                self.meli_id(payload), text(payload.get("title")), sku, *[v["sku"] for v in variations]
            ),
        }
        parts = stock_parts(self.account.pk, self.meli_id(payload), fields, variations)
        return Mapped(fields, {Variation: variations, StockPart: parts})


def _variations(payload: Payload, item_price: Decimal | None) -> list[dict[str, Any]]:
    """Return the variations that can be told apart, in their order."""
    by_id = {
        one["meli_id"]: one for one in (_variation(v, item_price) for v in dicts(payload.get("variations")))
    }
    by_id.pop("", None)
    return list(by_id.values())


def _variation(variation: Payload, item_price: Decimal | None) -> dict[str, Any]:
    price = as_money(variation.get("price"))
    return {
        "meli_id": parse_id(variation.get("id")),
        "sku": _sku(variation),
        "available_quantity": as_count(variation.get("available_quantity")),
        "sold_quantity": as_count(variation.get("sold_quantity")),
        "price": item_price if price is None else price,
        "attributes": dicts(variation.get("attribute_combinations")),
        "inventory_id": parse_id(variation.get("inventory_id")),
        "user_product_id": parse_id(variation.get("user_product_id")),
    }


def _sku(payload: Payload) -> str:
    """The attribute SELLER_SKU is the official place; the older custom field where sellers still keep it."""
    for attribute in dicts(payload.get("attributes")):
        if attribute.get("id") == "SELLER_SKU" and attribute.get("value_name"):
            return text(attribute["value_name"], 120)
    return text(payload.get("seller_custom_field"), 120)


def _picture(payload: Payload) -> str:
    """Mercado Livre still names its pictures with http (5.3)."""
    address = text(payload.get("secure_thumbnail") or payload.get("thumbnail"))
    return address.replace("http://", "https://", 1) if "mlstatic.com/" in address else address
