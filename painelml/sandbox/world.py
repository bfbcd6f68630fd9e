# ruff: noqa: S311
"""The truth the sandbox serves: sellers, their items, orders, shipments and questions, and who must hear when
one of them changes.
"""

import gc
import threading
from bisect import bisect_left, bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, NamedTuple

from . import birth, fees
from .clock import DAY, Clock
from .records import Item, Order, Question, Seller, Shipment, Variation

HISTORY = 365 * DAY
OPEN_SHIPMENT = {"pending", "handling", "ready_to_ship", "shipped"}


class Change(NamedTuple):
    """Something a notification tells of."""

    user_id: int
    topic: str
    resource: str


class World:
    """Everything every seller owns. Deterministic for the same seed, sizes and start; use it under `lock`
    when a server runs.

    `orders`, `items` and `questions` are the numbers of the first seller; each other seller has a quarter of
    them.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        sellers: int = 2,
        orders: int = 1200,
        items: int = 160,
        questions: int = 240,
        now: int | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = Clock(now)
        self.seed = seed
        self.random = Random(f"life:{seed}")
        self.on_change: Callable[[Change], None] = lambda change: None
        self.sellers: dict[int, Seller] = {}
        self.items: dict[str, Item] = {}
        self.orders: dict[int, Order] = {}
        self.shipments: dict[int, Shipment] = {}
        self.questions: dict[int, Question] = {}
        self.serial: dict[str, int] = {}
        self.later: list[tuple[int, str, int]] = []
        """What is due at an instant, as a heap: ("ship", order) and ("move", shipment)."""
        self.changes = 0
        self.index()
        self.clock.frozen_at = self.clock.now() if now is None else now
        # Nothing made here is garbage; looking for some doubles the time (8 s for 100,000 orders).
        gc.disable()
        birth.populate(self, sellers=sellers, orders=orders, items=items, questions=questions)
        gc.enable()
        self.clock.frozen_at = None

    def index(self) -> None:
        """Forget and rebuild everything that only speeds up look-ups."""
        self.items_of: dict[int, list[Item]] = defaultdict(list)
        self.orders_of: dict[int, list[Order]] = defaultdict(list)
        self.questions_of: dict[int, list[Question]] = defaultdict(list)
        self.packs: dict[int, list[Order]] = defaultdict(list)
        self.user_products: dict[str, list[tuple[Item, Variation | None]]] = defaultdict(list)
        self.inventories: dict[str, tuple[Item, Variation | None]] = {}
        self.open_shipments: dict[int, None] = {}
        self.open_orders: dict[int, None] = {}
        self.open_questions: dict[int, None] = {}
        self._found: OrderedDict[Any, list[Any]] = OrderedDict()
        for item in self.items.values():
            self._index_item(item)
        for order in self.orders.values():
            self._index_order(order)
        for shipment in self.shipments.values():
            self._index_shipment(shipment)
        for question in self.questions.values():
            self._index_question(question)

    # -- adding

    def next(self, kind: str, start: int, step: int = 1) -> int:
        """The next id of a kind; ids grow with time as Mercado Livre's do."""
        self.serial[kind] = self.serial.get(kind, start - step) + step
        return self.serial[kind]

    def add_item(self, item: Item) -> None:
        self.items[item.id] = item
        self._index_item(item)

    def add_order(self, order: Order) -> None:
        self.orders[order.id] = order
        self._index_order(order)
        self._found.clear()

    def add_shipment(self, shipment: Shipment) -> None:
        self.shipments[shipment.id] = shipment
        self._index_shipment(shipment)

    def add_question(self, question: Question) -> None:
        self.questions[question.id] = question
        self._index_question(question)
        self._found.clear()

    def _index_item(self, item: Item) -> None:
        self.items_of[item.seller_id].append(item)
        if item.user_product_id:
            self.user_products[item.user_product_id].append((item, None))
        if item.inventory_id:
            self.inventories[item.inventory_id] = (item, None)
        for variation in item.variations:
            if variation.user_product_id:
                self.user_products[variation.user_product_id].append((item, variation))
            if variation.inventory_id:
                self.inventories[variation.inventory_id] = (item, variation)

    def _index_order(self, order: Order) -> None:
        self.orders_of[order.seller_id].append(order)
        if order.pack_id:
            self.packs[order.pack_id].append(order)
        if order.status in {"confirmed", "payment_required", "payment_in_process"}:
            self.open_orders[order.id] = None

    def _index_shipment(self, shipment: Shipment) -> None:
        if shipment.status in OPEN_SHIPMENT:
            self.open_shipments[shipment.id] = None

    def _index_question(self, question: Question) -> None:
        self.questions_of[question.seller_id].append(question)
        if question.status == "UNANSWERED":
            self.open_questions[question.id] = None

    # -- reading

    def orders_created(self, seller_id: int, since: int | None, until: int | None) -> list[Order]:
        """The seller's orders of a creation window (both ends included), oldest first; nothing older than the
        search keeps.
        """
        rows = self.orders_of[seller_id]
        floor = self.clock.now() - HISTORY
        start = bisect_left(rows, max(since or 0, floor), key=lambda order: order.created)
        end = bisect_right(rows, until, key=lambda order: order.created) if until is not None else len(rows)
        return rows[start:end]

    def found(self, key: Any, search: Callable[[], list[Any]]) -> list[Any]:
        """Remember the last few search results until anything changes, so that paging does not search
        again.
        """
        if key not in self._found:
            self._found[key] = search()
            if len(self._found) > 32:
                self._found.popitem(last=False)
        return self._found[key]

    # -- changing

    def stamp(self, record: Item | Order | Shipment | Question) -> int:
        """Give a record a new `last_updated`, always later than the one before."""
        record.updated = max(self.clock.now(), record.updated + 1)
        if isinstance(record, Order):
            record.index_lag = 0
        self.changes += 1
        self._found.clear()
        return record.updated

    def item_changed(self, item: Item) -> None:
        self.stamp(item)
        self.on_change(Change(item.seller_id, "items", f"/items/{item.id}"))

    def order_changed(self, order: Order) -> None:
        self.stamp(order)
        if order.status not in {"confirmed", "payment_required", "payment_in_process"}:
            self.open_orders.pop(order.id, None)
        self.on_change(Change(order.seller_id, "orders_v2", f"/orders/{order.id}"))

    def shipment_changed(self, shipment: Shipment) -> None:
        self.stamp(shipment)
        if shipment.status not in OPEN_SHIPMENT:
            self.open_shipments.pop(shipment.id, None)
        self.on_change(Change(shipment.seller_id, "shipments", f"/shipments/{shipment.id}"))

    def question_changed(self, question: Question) -> None:
        self.stamp(question)
        if question.status != "UNANSWERED":
            self.open_questions.pop(question.id, None)
        self.on_change(Change(question.seller_id, "questions", f"/questions/{question.id}"))

    def close_questions(self, item: Item) -> None:
        """Nobody can answer on a closed listing any more."""
        for question_id in [i for i in self.open_questions if self.questions[i].item_id == item.id]:
            self.questions[question_id].status = "CLOSED_UNANSWERED"
            self.question_changed(self.questions[question_id])

    def set_price(self, item: Item, price: int) -> None:
        item.price = price
        item.original_price = 0
        self.item_changed(item)
        item.price_updated = item.updated
        self.on_change(Change(item.seller_id, "items_prices", f"/items/{item.id}/prices"))

    def set_quantity(self, item: Item, variation: Variation | None, quantity: int) -> None:
        """Set the stock of an item or variation, and of every other listing of the same user product."""
        product = variation.user_product_id if variation else item.user_product_id
        for other, its_variation in (
            self.user_products.get(product, [(item, variation)]) if product else [(item, variation)]
        ):
            if its_variation is not None:
                its_variation.quantity = quantity
            else:
                other.quantity = quantity
            other.stock_version += 1
            settle_status(other)
            self.item_changed(other)
        if product:
            self.on_change(Change(item.seller_id, "stock-locations", f"/user-products/{product}/stock"))

    def remember_shipment(self, shipment: Shipment, status: str, substatus: str) -> None:
        shipment.status, shipment.substatus = status, substatus
        self.shipment_changed(shipment)
        shipment.history.append([shipment.updated, status, substatus])

    def fee_of(self, item: Item, price: int) -> int:
        return fees.sale_fee(item.product, item.listing_type, price)

    # -- the state file

    def dump(self) -> dict[str, Any]:
        """Everything needed to go on later, as JSON values."""
        tables: dict[str, Iterable[Any]] = {
            "sellers": self.sellers.values(),
            "items": self.items.values(),
            "orders": self.orders.values(),
            "shipments": self.shipments.values(),
            "questions": self.questions.values(),
        }
        return {
            "seed": self.seed,
            "serial": dict(self.serial),
            "later": list(self.later),
            **{name: [record.pack() for record in records] for name, records in tables.items()},
        }

    def load(self, data: dict[str, Any]) -> None:
        self.seed = data["seed"]
        self.serial = dict(data["serial"])
        self.later = [(due, what, number) for due, what, number in data["later"]]
        self.sellers = {s.id: s for s in map(Seller.unpack, data["sellers"])}
        self.items = {i.id: i for i in map(Item.unpack, data["items"])}
        self.orders = {o.id: o for o in map(Order.unpack, data["orders"])}
        self.shipments = {s.id: s for s in map(Shipment.unpack, data["shipments"])}
        self.questions = {q.id: q for q in map(Question.unpack, data["questions"])}
        self.random = Random(f"life:{self.seed}:{self.clock.now()}")
        self.index()


def settle_status(item: Item) -> None:
    """Follow the stock: none left pauses an active item, new stock wakes up one that was out of stock."""
    if item.available == 0 and item.status == "active":
        item.status, item.sub_status = "paused", ["out_of_stock"]
    elif item.available > 0 and item.status == "paused" and item.sub_status == ["out_of_stock"]:
        item.status, item.sub_status = "active", []
