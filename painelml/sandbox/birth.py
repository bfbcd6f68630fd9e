# ruff: noqa: S311
"""How a world begins: shops with a year of sales behind them, from nothing but a seed and the present
moment.
"""

from __future__ import annotations

from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

from . import fees
from .clock import BRASILIA, DAY, HOUR, MINUTE, SECOND, instant
from .people import Buyer
from .records import Item, Order, Question, Seller, Shipment, Variation
from .words import AXES, FLAVOURS, PRODUCTS, QUESTIONS, SHOPS

if TYPE_CHECKING:
    from .world import World

YEAR = 355
HOURS = (4, 2, 1, 1, 1, 2, 4, 7, 11, 15, 18, 20, 21, 20, 19, 18, 18, 17, 18, 20, 23, 22, 16, 9)
WEEKDAYS = (1.15, 1.1, 1.08, 1.05, 1.0, 0.82, 0.78)

LOGISTICS = ("fulfillment", "cross_docking", "xd_drop_off", "self_service", "drop_off", "not_specified")
LOGISTIC_WEIGHTS = (22, 28, 25, 15, 8, 2)

ANSWERS = dict(QUESTIONS)
HANDED_OVER_AS = {"cross_docking": "picked_up", "self_service": "in_hub"}

# (group, code, requested_by, paid before) of cancelled orders, by how often they happen
CANCELLATIONS = [
    (("buyer", "buyer_cancel_express", "buyer", True), 34),
    (("buyer", "payment_expired", "buyer", False), 18),
    (("seller", "feedback_unavailable_product", "seller", True), 12),
    (("mediations", "mediations", "meli", True), 12),
    (("shipment", "shipment_not_delivered", "meli", True), 9),
    (("delivery", "not_delivered", "meli", True), 5),
    (("fraud", "fraud_detected", "meli", False), 4),
    (("fiscal", "invoice_not_issued", "meli", True), 3),
    (("item", "item_moderated", "meli", True), 2),
    (("internal", "internal_error", "meli", True), 1),
]


def populate(world: World, *, sellers: int, orders: int, items: int, questions: int) -> None:
    for place in range(sellers):
        seller = make_seller(world, place)
        world.sellers[seller.id] = seller
        share = 1 if place == 0 else 4
        random = Random(f"{world.seed}:{seller.id}")
        make_items(world, seller, -(-items // share), random)
        make_orders(world, seller, -(-orders // share), random)
        make_questions(world, seller, -(-questions // share), random)
    world.index()


def make_seller(world: World, place: int) -> Seller:
    """The first shops have names of their own; the second uses the new publishing model and keeps stock by
    deposit.
    """
    if place < len(SHOPS):
        seller_id, nickname, name, email = SHOPS[place]
    else:
        seller_id = 1400000000 + place
        nickname, name, email = f"LOJA{place:03d}", f"Loja {place}", f"loja{place}@example.com"
    tags = ["normal", "credits_profile", "user_info_verified", "messages_as_seller"]
    if place == 1:
        tags += ["user_product_seller", "warehouse_management"]
    registered = world.clock.now() - (6 - place % 4) * YEAR * DAY
    return Seller(seller_id, nickname, name, email, city=place % 5, tags=tags, registered=registered)


# -- items


def make_items(world: World, seller: Seller, count: int, random: Random) -> None:
    made: list[Item] = []
    while len(made) < count:
        item = make_item(world, seller, random, popularity=len(made) / count)
        made.append(item)
        if item.user_product_id and random.random() < 0.12 and len(made) < count:
            made.append(make_twin(world, item, random))
    for item in made:
        world.items[item.id] = item
    world.items_of[seller.id] = made


def make_item(world: World, seller: Seller, random: Random, popularity: float) -> Item:
    """One listing; `popularity` runs from 0 (sells most, oldest) to 1."""
    now = world.clock.now()
    product_index = random.randrange(len(PRODUCTS))
    product = PRODUCTS[product_index]
    number = world.next("item", 4100200300, 137)
    brand = random.choice(product.brands)
    new_model = "user_product_seller" in seller.tags or random.random() < 0.15
    price = random.randint(*product.price) * 100 - 10
    catalog = product.catalog and random.random() < 0.35
    logistic = random.choices(LOGISTICS, LOGISTIC_WEIGHTS)[0]
    created = (
        now - int((400 + 700 * (1 - popularity)) * DAY)
        if popularity < 0.7
        else now - random.randint(20 * DAY, 500 * DAY)
    )
    updated = now - int(random.expovariate(1 / 12) * DAY) - random.randint(1, HOUR)
    base_sku = f"{brand[:3].upper().replace(' ', '')}-{number % 100_000:05d}"
    title = f"{product.title} {brand} {random.choice(FLAVOURS)}"
    item = Item(
        id=f"MLB{number}",
        seller_id=seller.id,
        product=product_index,
        title=title,
        price=price,
        original_price=0 if random.random() < 0.8 else fees.round_price(price * random.uniform(1.08, 1.35)),
        quantity=stock(random),
        sold=0,
        listing_type="gold_pro" if random.random() < 0.42 else "gold_special",
        status="active",
        sub_status=[],
        logistic=logistic,
        created=created,
        updated=max(updated, created + 1),
        sku=base_sku if random.random() < 0.93 else "",
        automated_price=random.random() < 0.03,
        price_field=random.choices(("present", "null", "absent"), (94, 3, 3))[0],
        price_updated=max(updated - random.randint(0, 20) * DAY, created),
        catalog_listing=catalog,
        catalog_product_id=f"MLB{20000000 + number % 9_000_000}" if catalog else "",
    )
    if new_model:
        item.user_product_id = f"MLBU{world.next('user_product', 900100200)}"
        item.family_id = str(18446744000000000000 + world.next("family", 615))
        if product.axes:
            item.title += " " + random.choice(AXES[product.axes[0]][1])[1]
    elif product.axes and not catalog:
        item.variations = make_variations(world, item, random, base_sku)
    if logistic == "fulfillment" and not item.variations:
        item.inventory_id = f"LCQI{world.next('inventory', 10001):05d}"
    item.quantity = item.available
    give_status(item, random)
    return item


def make_variations(world: World, item: Item, random: Random, sku: str) -> list[Variation]:
    axes = PRODUCTS[item.product].axes
    first_name, first_values = AXES[axes[0]]
    picked = random.sample(first_values, min(len(first_values), random.randint(2, 4)))
    combinations = [[[axes[0], first_name, *value]] for value in picked]
    if len(axes) > 1:
        second_name, second_values = AXES[axes[1]]
        start = random.randint(0, max(0, len(second_values) - 4))
        sizes = second_values[start : start + 3]
        combinations = [[*one, [axes[1], second_name, *size]] for one in combinations[:3] for size in sizes]
    return [
        Variation(
            id=world.next("variation", 180000000001, 7),
            combination=combination,
            quantity=stock(random),
            sold=0,
            sku="-".join([sku, *(value[3][:3].upper() for value in combination)]) if item.sku else "",
            user_product_id="",
            inventory_id=f"LCQI{world.next('inventory', 10001):05d}"
            if item.logistic == "fulfillment"
            else "",
        )
        for combination in combinations
    ]


def make_twin(world: World, item: Item, random: Random) -> Item:
    """The same user product offered once more under the other listing type."""
    other = "gold_pro" if item.listing_type == "gold_special" else "gold_special"
    number = world.next("item", 4100200300, 137)
    twin = Item.unpack(item.pack())
    twin.id, twin.listing_type = f"MLB{number}", other
    twin.price = fees.round_price(item.price * random.uniform(1.04, 1.1))
    twin.catalog_listing, twin.catalog_product_id = False, ""
    return twin


def stock(random: Random) -> int:
    return random.choices(
        (0, random.randint(1, 4), random.randint(5, 40), random.randint(41, 400)), (4, 14, 52, 30)
    )[0]


def give_status(item: Item, random: Random) -> None:
    roll = random.random()
    if item.available == 0:
        item.status, item.sub_status = "paused", ["out_of_stock"]
    elif roll < 0.04:
        item.status, item.sub_status = "paused", ["paused_by_seller"]
    elif roll < 0.05:
        item.status, item.sub_status = "under_review", ["waiting_for_patch"]
    elif roll < 0.09:
        item.status, item.sub_status = "closed", random.choice(([], ["expired"], ["deleted"]))


# -- orders


def sale_instants(now: int, count: int, random: Random) -> list[int]:
    """`count` instants over the last year, oldest first: growing, weaker on weekends, with November's
    campaigns.
    """
    days = [now - back * DAY for back in range(YEAR)]
    weights = []
    for back, ms in enumerate(days):
        date = instant(ms).astimezone(BRASILIA)
        weight = WEEKDAYS[date.weekday()] * (1.5 - back / YEAR)
        if (date.month, date.day) == (11, 11):
            weight *= 3
        elif date.month == 11 and 24 <= date.day <= 30:
            weight *= 2.4
        weights.append(weight)
    chosen = random.choices(days, cum_weights=list(accumulate(weights)), k=count)
    hours = random.choices(range(24), cum_weights=list(accumulate(HOURS)), k=count)
    shift = 3 * HOUR
    times = []
    for day, hour in zip(chosen, hours, strict=True):
        midnight = (day - shift) // DAY * DAY + shift
        ms = midnight + hour * HOUR + random.randrange(HOUR)
        while ms > now - 2 * MINUTE:
            ms -= DAY
        times.append(ms)
    return sorted(times)


def make_orders(world: World, seller: Seller, count: int, random: Random) -> None:
    items = world.items_of[seller.id]
    if not items:
        return
    now = world.clock.now()
    fresh = min(40, count // 25)
    times = sale_instants(now, count - fresh, random)
    times = sorted(times + [now - random.randint(3 * MINUTE, 20 * HOUR) for _ in range(fresh)])
    done = 0
    while done < count:
        size = 1 if random.random() < 0.86 else random.choice((2, 2, 2, 3, 4))
        done += len(make_cart(world, seller, random, times[done], min(size, count - done)))


def make_cart(world: World, seller: Seller, random: Random, created: int, size: int) -> list[Order]:
    """One purchase of a buyer: `size` orders that share pack and shipment, in whatever state their age has
    brought them to.
    """
    now = world.clock.now()
    buyer = random.randrange(1, 400_000)
    items = world.items_of[seller.id]
    age = now - created
    fate = cart_fate(random, age)
    size = 1 if fate in {"cancelled", "unpaid"} else size
    orders = []
    for place in range(size):
        item = items[int(len(items) * random.random() ** 2.2)]
        orders.append(make_order(world, random, item, buyer, created + place * 40, fate))
    pack = size > 1 or random.random() < 0.45
    if pack:
        pack_id = world.next("pack", 2000007182818284, 31)
        for order in orders:
            order.pack_id = pack_id
            if size > 1:
                order.tags.append("pack_order")
    logistic = world.items[orders[0].item_id].logistic
    if fate == "no_shipping" or logistic == "not_specified":
        for order in orders:
            order.tags.append("no_shipping")
    elif orders[0].closed:
        make_shipment(world, random, orders, logistic, fate)
    for order in orders:
        order.index_lag = (
            0 if random.random() < 0.4 else min(random.randrange(12 * HOUR), max(0, now - order.updated))
        )
        world.orders[order.id] = order
    return orders


def cart_fate(random: Random, age: int) -> str:
    roll = random.random()
    if age < 3 * DAY and roll < 0.06:
        return "unpaid"
    if roll < 0.06:
        return "cancelled"
    if roll < 0.073:
        return "partially_refunded"
    if roll < 0.079:
        return "unfulfilled"
    if roll < 0.085:
        return "fraud_risk"
    return "no_shipping" if roll < 0.1 else "paid"


def make_order(world: World, random: Random, item: Item, buyer: int, created: int, fate: str) -> Order:
    in_stock = [variation for variation in item.variations if variation.quantity]
    variation = random.choice(in_stock or item.variations) if item.variations else None
    stock_left = variation.quantity if variation else item.quantity
    quantity = min(random.choices((1, 2, 3, 5), (86, 10, 3, 1))[0], max(stock_left, 1))
    unit = (
        item.price
        if random.random() < 0.6
        else max(990, fees.round_price(item.price * random.uniform(0.9, 1.05)))
    )
    full = unit if random.random() < 0.78 else fees.round_price(unit * random.uniform(1.05, 1.3))
    paid = (
        created
        + random.choices(
            (7 * SECOND, random.randint(2, 40) * MINUTE, random.randint(1, 40) * HOUR), (88, 8, 4)
        )[0]
    )
    order = Order(
        id=world.next("order", 2000009031415926, 1733),
        seller_id=item.seller_id,
        item_id=item.id,
        variation_id=variation.id if variation else 0,
        quantity=quantity,
        unit_price=unit,
        full_unit_price=full,
        sale_fee=fees.sale_fee(item.product, item.listing_type, unit),
        status="paid",
        created=created,
        closed=min(paid, max(world.clock.now() - MINUTE, created)),
        updated=created,
        index_lag=0,
        buyer=buyer,
        payment_id=world.next("payment", 130000000001, 911),
        payment_status="approved",
        payment_updated=created,
        tags=["paid"],
    )
    if random.random() < 0.08:
        order.coupon = fees.round_price(order.total * random.choice((0.05, 0.1)))
        order.coupon_seller = order.coupon if random.random() < 0.5 else 0
        order.tags.append("order_has_discount")
    elif full > unit:
        order.tags.append("order_has_discount")
    if item.catalog_listing:
        order.tags.append("catalog")
    item.sold += quantity
    if variation:
        variation.sold += quantity
    order.updated = order.payment_updated = order.closed
    settle_fate(world, random, order, fate)
    return order


def settle_fate(world: World, random: Random, order: Order, fate: str) -> None:
    now = world.clock.now()
    later = min(order.closed + random.randint(1 * HOUR, 12 * DAY), max(now - MINUTE, order.closed))
    if fate == "unpaid":
        order.status = random.choice(("payment_required", "payment_in_process", "confirmed"))
        order.payment_status = {
            "payment_required": "pending",
            "payment_in_process": "in_process",
            "confirmed": "none",
        }[order.status]
        order.closed, order.updated, order.tags = 0, order.created, ["not_paid"]
        order.payment_updated = order.updated
    elif fate == "cancelled":
        (group, code, by, was_paid), _ = random.choices(
            CANCELLATIONS, [weight for _, weight in CANCELLATIONS]
        )[0]
        cancel_order(order, group, code, by, later)
        if not was_paid:
            order.closed, order.payment_status, order.tags = 0, "cancelled", ["not_paid"]
            order.refunded = 0
    elif fate == "partially_refunded":
        order.refunded = round(order.total * random.uniform(0.1, 0.6))
        order.status = random.choice(("paid", "partially_refunded"))
        order.updated = order.payment_updated = later
    elif fate == "unfulfilled":
        order.refunded, order.payment_status = order.total, "refunded"
        order.tags = ["unfulfilled", "paid"]
        order.updated = order.payment_updated = later
    elif fate == "fraud_risk":
        order.tags.append("fraud_risk_detected")


def cancel_order(order: Order, group: str, code: str, by: str, when: int) -> None:
    order.status = "cancelled"
    order.cancel = [group, code, by, when]
    order.tags = ["not_paid", "not_delivered"] if not order.closed else ["not_delivered"]
    if order.payment_status == "approved":
        order.payment_status, order.refunded = "refunded", order.total
    elif order.payment_status != "none":
        order.payment_status = "cancelled"
    order.updated = order.payment_updated = max(when, order.updated)


# -- shipments


def deadline(paid: int, logistic: str) -> int:
    """Last moment to hand over: the afternoon of the day of payment, or of the next working day, in
    Brasília's time.
    """
    shift = 3 * HOUR
    day = (paid - shift) // DAY
    hour = (paid - shift) % DAY // HOUR
    if hour >= (14 if logistic == "self_service" else 12):
        day += 1
    while (day + 3) % 7 >= 5:  # 1970-01-01 was a Thursday; Saturday and Sunday do not count
        day += 1
    return day * DAY + shift + (21 if logistic == "self_service" else 17) * HOUR


def make_shipment(world: World, random: Random, orders: list[Order], logistic: str, fate: str) -> Shipment:
    """The shipment of a cart, moved along to where it would be by now."""
    first = orders[0]
    paid = max(order.closed for order in orders)
    weight = sum(PRODUCTS[world.items[order.item_id].product].weight * order.quantity for order in orders)
    total = sum(order.total for order in orders)
    gross = fees.freight(weight, Buyer(first.buyer).distance, logistic)
    seller_part, buyer_part = fees.split_freight(gross, total)
    created = paid + random.randint(2 * SECOND, 20 * SECOND)
    shipment = Shipment(
        id=world.next("shipment", 45123456789, 977),
        seller_id=first.seller_id,
        buyer=first.buyer,
        logistic=logistic,
        status="pending",
        substatus="",
        created=created,
        updated=created,
        dispatch_by=deadline(paid, logistic),
        gross_cost=gross,
        sender_cost=seller_part,
        receiver_cost=buyer_part,
        weight=weight,
        order_ids=[order.id for order in orders],
    )
    for order in orders:
        order.shipment_id = shipment.id
        if "not_delivered" not in order.tags:
            order.tags.append("not_delivered")
    first.buyer_freight = buyer_part
    now = world.clock.now()
    shipment.history = [
        list(step) for step in journey(random, shipment, first, fate) if step[0] <= now - SECOND
    ]
    if not shipment.history:
        shipment.history = [[created, "pending", "creating_shipping_order"]]
    shipment.updated, shipment.status, shipment.substatus = shipment.history[-1]
    if shipment.status == "delivered":
        for order in orders:
            order.tags = [tag for tag in order.tags if tag != "not_delivered"] + ["delivered"]
            order.updated = max(order.updated, shipment.updated)
    world.shipments[shipment.id] = shipment
    return shipment


def journey(random: Random, shipment: Shipment, order: Order, fate: str) -> list[tuple[int, str, str]]:
    """Everything that will ever happen to a shipment, as (instant, status, substatus), oldest first."""
    ready = shipment.created + random.randint(20 * SECOND, 3 * MINUTE)
    steps = [(shipment.created, "pending", "creating_shipping_order")]
    if order.status == "cancelled":
        return [
            *steps,
            (ready, "ready_to_ship", "ready_to_print"),
            (max(order.cancel[3], ready + SECOND), "cancelled", "cancelled_manually"),
        ]
    if shipment.logistic == "fulfillment":
        leaves = ready + random.randint(2 * HOUR, 16 * HOUR)
        steps += [
            (ready, "handling", ""),
            (leaves, "shipped", ""),
        ]
    else:
        if random.random() < 0.12:
            steps.append((ready, "ready_to_ship", "invoice_pending"))
            ready += random.randint(10 * MINUTE, 5 * HOUR)
        elif random.random() < 0.02:
            steps.append((ready, "pending", "buffered"))
            ready += random.randint(6 * HOUR, 20 * HOUR)
        late = random.random() < 0.045
        leaves = shipment.dispatch_by + (
            random.randint(1, 30) * HOUR if late else -random.randint(20, 300) * MINUTE
        )
        leaves = max(leaves, ready + 30 * MINUTE)
        printed = ready + (leaves - ready) * random.randint(30, 90) // 100
        steps.append((ready, "ready_to_ship", "ready_to_print"))
        if fate in {"fraud_risk", "unfulfilled"}:
            given_up = ready + random.randint(1 * DAY, 3 * DAY)
            return [
                *steps,
                (given_up, "cancelled", "fraudulent" if fate == "fraud_risk" else "unfulfillable"),
            ]
        handed = HANDED_OVER_AS.get(shipment.logistic, "dropped_off")
        steps += [
            (printed, "ready_to_ship", "printed"),
            (leaves, "ready_to_ship", handed),
            (leaves + 3 * HOUR, "shipped", ""),
        ]
    days = (
        random.uniform(0.2, 0.4)
        if shipment.logistic == "self_service"
        else random.uniform(0.8, 2.5) + Buyer(order.buyer).distance * 1.3
    )
    arrives = leaves + int(days * DAY) + 4 * HOUR
    steps.append((arrives - 2 * HOUR, "shipped", "out_for_delivery"))
    if random.random() < 0.985:
        steps.append((arrives, "delivered", "inferred" if random.random() < 0.03 else ""))
    else:
        steps += [
            (arrives, "shipped", "receiver_absent"),
            (arrives + 2 * DAY, "not_delivered", "returning_to_sender"),
            (arrives + 7 * DAY, "not_delivered", "returned"),
        ]
    return steps


# -- questions


def make_questions(world: World, seller: Seller, count: int, random: Random) -> None:
    now = world.clock.now()
    items = world.items_of[seller.id]
    waiting = min(12, -(-count // 20)) if items else 0
    active = [item for item in items if item.status == "active"] or items
    past = sale_instants(now, count - waiting, random) if items else []
    fresh = [now - random.randint(3 * MINUTE, 30 * HOUR) for _ in range(waiting)]
    for created, waits in sorted([(ms, False) for ms in past] + [(ms, True) for ms in fresh]):
        question = make_question(world, random, active if waits else items, created)
        if not waits:
            settle_question(random, question, now)
        world.questions[question.id] = question


def make_question(world: World, random: Random, items: list[Item], created: int) -> Question:
    """A question nobody has answered yet."""
    item = items[int(len(items) * random.random() ** 2)]
    text, _ = random.choice(QUESTIONS)
    return Question(
        id=world.next("question", 13500000001, 41),
        seller_id=item.seller_id,
        item_id=item.id,
        buyer=random.randrange(1, 400_000),
        text=text,
        status="UNANSWERED",
        created=created,
        updated=created,
    )


def settle_question(random: Random, question: Question, now: int) -> None:
    """What became of a question by now; only a few recent ones still wait."""
    answered = question.created + int(random.lognormvariate(3.4, 1.2) * MINUTE)
    roll = random.random()
    if roll < 0.02:
        question.status, question.text = "BANNED", ""
    elif roll < 0.03:
        question.status = random.choice(("CLOSED_UNANSWERED", "DELETED", "UNDER_REVIEW", "DISABLED"))
    elif answered < now - MINUTE and (now - question.created > 2 * DAY or roll < 0.4):
        question.status, question.answer = "ANSWERED", ANSWERS[question.text]
        question.answered = question.updated = answered
