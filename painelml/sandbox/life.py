"""What goes on in the shops: sales, payments, dispatches, deliveries, questions, prices, stock. One
function per happening.

Each changes the world through its `*_changed` words, so `last_updated` moves and notifications go out.
"""

import heapq
import threading
from collections.abc import Callable

from . import birth, fees
from .clock import SECOND
from .records import Item, Order, Shipment
from .world import OPEN_SHIPMENT, World

EVERY_S = 2.0
"""Seconds between two happenings at pace 1; about one in three is a sale."""


def sell(world: World, seller_id: int | None = None, *, at_once: bool = True) -> list[Order]:
    """Somebody buys. `at_once` also creates the shipment and its label; otherwise they follow a little
    later.
    """
    random = world.random
    seller = seller_id or random.choice(list(world.sellers))
    buyer = random.randrange(1, 400_000)
    fate = "paid" if at_once or random.random() < 0.88 else "unpaid"
    orders = []
    for _ in range(1 if random.random() < 0.86 else 2):
        item = item_for_sale(world, seller)
        order = birth.make_order(world, random, item, buyer, world.clock.now(), fate)
        variation = item.variation(order.variation_id) if order.variation_id else None
        world.add_order(order)
        left = (variation.quantity if variation else item.quantity) - order.quantity
        world.set_quantity(item, variation, max(0, left))
        orders.append(order)
    if len(orders) > 1 or random.random() < 0.45:
        pack_id = world.next("pack", 2000007182818284, 31)
        for order in orders:
            order.pack_id = pack_id
            world.packs[pack_id].append(order)
            if len(orders) > 1:
                order.tags.append("pack_order")
    for order in orders:
        world.order_changed(order)
    if fate == "paid":
        expect_shipment(world, orders[0], at_once=at_once)
    return orders


def item_for_sale(world: World, seller_id: int) -> Item:
    """An active item with stock; when the shop has run out, one is restocked first."""
    items = world.items_of[seller_id]
    for _ in range(40):
        item = items[int(len(items) * world.random.random() ** 1.6)]
        if item.status == "active" and item.available:
            return item
    item = next(item for item in items if item.status in {"active", "paused"})
    item.status, item.sub_status = "active", []
    world.set_quantity(item, item.variations[0] if item.variations else None, 50)
    return item


def expect_shipment(world: World, order: Order, *, at_once: bool) -> None:
    if world.items[order.item_id].logistic == "not_specified":
        order.tags.append("no_shipping")
        world.order_changed(order)
    elif at_once:
        shipment = ship(world, order.id)
        if shipment:
            move(world, shipment)
    else:
        wait = world.random.randint(2, 9) * SECOND
        heapq.heappush(world.later, (world.clock.now() + wait, "ship", order.id))


def ship(world: World, order_id: int) -> Shipment | None:
    """The shipment of a paid cart comes into being, and its orders point to it."""
    order = world.orders[order_id]
    if order.shipment_id or order.status != "paid":
        return None
    cart = world.packs.get(order.pack_id, [order])
    orders = [one for one in cart if one.status == "paid" and not one.shipment_id]
    logistic = world.items[order.item_id].logistic
    shipment = birth.make_shipment(world, world.random, orders, logistic, "paid")
    shipment.created = shipment.updated = world.clock.now()
    shipment.status, shipment.substatus = "pending", "creating_shipping_order"
    shipment.history = [[shipment.created, shipment.status, shipment.substatus]]
    world.add_shipment(shipment)
    world.shipment_changed(shipment)
    for one in orders:
        world.order_changed(one)
    heapq.heappush(world.later, (world.clock.now() + 6 * SECOND, "move", shipment.id))
    return shipment


def pay(world: World, order: Order) -> None:
    """A payment that was awaited arrives."""
    order.status, order.payment_status = "paid", "approved"
    order.closed = order.payment_updated = world.clock.now()
    order.tags = ["paid", *(tag for tag in order.tags if tag != "not_paid")]
    world.order_changed(order)
    expect_shipment(world, order, at_once=False)


def cancel(world: World, order: Order) -> None:
    """The buyer changes their mind; the shipment goes with the last order of it."""
    birth.cancel_order(order, "buyer", "buyer_cancel_express", "buyer", world.clock.now())
    world.order_changed(order)
    shipment = world.shipments.get(order.shipment_id)
    if shipment and all(world.orders[one].status == "cancelled" for one in shipment.order_ids):
        world.remember_shipment(shipment, "cancelled", "cancelled_manually")


def refund(world: World, order: Order) -> None:
    """Part of the money goes back."""
    order.refunded = max(1, order.total // 4)
    order.payment_updated = world.clock.now()
    world.order_changed(order)


def move(world: World, shipment: Shipment) -> None:
    """A shipment takes its next step."""
    status, substatus = next_step(world, shipment)
    world.remember_shipment(shipment, status, substatus)
    if status in {"delivered", "not_delivered"}:
        for order_id in shipment.order_ids:
            order = world.orders[order_id]
            order.tags = [tag for tag in order.tags if tag != "not_delivered"]
            order.tags.append("delivered" if status == "delivered" else "not_delivered")
            world.order_changed(order)


def next_step(world: World, shipment: Shipment) -> tuple[str, str]:
    if shipment.status == "pending":
        return ("handling", "") if shipment.logistic == "fulfillment" else ("ready_to_ship", "ready_to_print")
    if shipment.status == "handling":
        return "shipped", ""
    if shipment.status == "ready_to_ship":
        handed = birth.HANDED_OVER_AS.get(shipment.logistic, "dropped_off")
        steps = {"invoice_pending": "ready_to_print", "ready_to_print": "printed", "printed": handed}
        substatus = steps.get(shipment.substatus, "")
        return ("ready_to_ship", substatus) if substatus else ("shipped", "")
    if shipment.substatus == "":
        return "shipped", "out_for_delivery"
    if shipment.substatus == "receiver_absent":
        return "not_delivered", "returning_to_sender"
    return ("delivered", "") if world.random.random() < 0.97 else ("shipped", "receiver_absent")


def ask(world: World, seller_id: int | None = None) -> None:
    seller = seller_id or world.random.choice(list(world.sellers))
    items = [item for item in world.items_of[seller] if item.status == "active"] or world.items_of[seller]
    question = birth.make_question(world, world.random, items, world.clock.now())
    world.add_question(question)
    world.question_changed(question)


def answer_elsewhere(world: World, question_id: int) -> None:
    """The shop answers in Mercado Livre itself."""
    question = world.questions[question_id]
    question.status = "ANSWERED"
    question.answer = birth.ANSWERS[question.text]
    question.answered = world.clock.now()
    world.question_changed(question)


def change_item(world: World, seller_id: int | None = None) -> None:
    """A price, a stock or a status of some listing changes."""
    random = world.random
    seller = seller_id or random.choice(list(world.sellers))
    item = random.choice([item for item in world.items_of[seller] if item.status in {"active", "paused"}])
    roll = random.random()
    variation = random.choice(item.variations) if item.variations else None
    if item.status == "paused" and item.available:
        item.status, item.sub_status = "active", []
        world.item_changed(item)
    elif item.status == "paused":
        world.set_quantity(item, variation, random.choice((20, 80, 200)))
    elif roll < 0.55:
        world.set_price(item, max(990, fees.round_price(item.price * random.uniform(0.9, 1.12))))
    elif roll < 0.92:
        world.set_quantity(item, variation, random.choice((0, 3, 20, 40, 80, 120, 200, 400)))
    else:
        item.status, item.sub_status = "paused", ["paused_by_seller"]
        world.item_changed(item)


def move_some(world: World, seller_id: int | None = None) -> None:
    """Any open shipment takes a step; labels are left to the people while there are few."""
    ids = [i for i in world.open_shipments if seller_id in (None, world.shipments[i].seller_id)]
    if ids:
        shipment = world.shipments[world.random.choice(ids)]
        if world.clock.now() - shipment.created > 10 * SECOND or shipment.status != "pending":
            move(world, shipment)


def pay_some(world: World, seller_id: int | None = None) -> None:
    orders = [world.orders[i] for i in world.open_orders if seller_id in (None, world.orders[i].seller_id)]
    if orders:
        pay(world, world.random.choice(orders))


def cancel_some(world: World, seller_id: int | None = None) -> None:
    if order := some_open_sale(world, seller_id):
        cancel(world, order)


def refund_some(world: World, seller_id: int | None = None) -> None:
    if order := some_open_sale(world, seller_id):
        refund(world, order)


def some_open_sale(world: World, seller_id: int | None) -> Order | None:
    """A paid order whose package has not left yet."""
    shipments = [world.shipments[i] for i in world.open_shipments]
    orders = [
        world.orders[order_id]
        for shipment in shipments
        if shipment.status in OPEN_SHIPMENT - {"shipped"} and seller_id in (None, shipment.seller_id)
        for order_id in shipment.order_ids
        if world.orders[order_id].status == "paid"
    ]
    return world.random.choice(orders) if orders else None


def answer_some(world: World, seller_id: int | None = None) -> None:
    ids = [i for i in world.open_questions if seller_id in (None, world.questions[i].seller_id)]
    if ids:
        answer_elsewhere(world, world.random.choice(ids))


HAPPENINGS: dict[str, Callable[..., object]] = {
    "sell": sell,
    "ask": ask,
    "answer": answer_some,
    "change_items": change_item,
    "move": move_some,
    "pay": pay_some,
    "cancel": cancel_some,
    "refund": refund_some,
}
"""What a control call can make happen now."""

WEIGHTS = {"sell": 36, "move": 28, "change_items": 14, "ask": 11, "pay": 4, "answer": 4, "cancel": 2}


def catch_up(world: World) -> None:
    """Do what was due later: a shipment for an order, a label for a shipment."""
    while world.later and world.later[0][0] <= world.clock.now():
        _, what, number = heapq.heappop(world.later)
        if what == "ship":
            ship(world, number)
        elif (shipment := world.shipments[number]).status == "pending":
            move(world, shipment)


def live(world: World) -> None:
    """One tick: something happens, and more of it where much has piled up, so that a long life stays
    in balance.
    """
    catch_up(world)
    name = world.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    if name == "sell":
        sell(world, at_once=False)
        return
    piled_up = {
        "move": len(world.open_shipments) // 40,
        "answer": len(world.open_questions) // 8,
        "pay": len(world.open_orders) // 8,
    }
    for _ in range(1 + piled_up.get(name, 0)):
        HAPPENINGS[name](world)


class Life(threading.Thread):
    """Lets things happen, `pace` times as fast as the default, until `stop`."""

    def __init__(self, world: World, pace: float = 1.0) -> None:
        super().__init__(name="sandbox-life", daemon=True)
        self.world = world
        self.pace = pace
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(self._pause()):
            with self.world.lock:
                if self._ended.is_set():
                    return
                live(self.world)

    def _pause(self) -> float:
        return min(self.world.random.expovariate(self.pace / EVERY_S), 8 * EVERY_S / self.pace)

    def stop(self) -> None:
        """Nothing happens any more once the caller lets go of the world's lock."""
        self._ended.set()
