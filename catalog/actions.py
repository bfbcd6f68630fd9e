"""What people decide about items: price, stock and status (API facts, part A sections 5.4 to 5.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from painelml.audit import trail
from painelml.meli import (
    AnswerLost,
    Client,
    Conflict,
    MeliError,
    Priority,
    parse_id,
    parse_int,
    parse_money,
)
from painelml.sync.engine import Reader, apply
from painelml.sync.values import dicts, inner

from .models import Item, ItemQuerySet, Variation

FULL = "fulfillment"
VERSION_TRIES = 4
"""How often a deposit is read and written when sales keep changing it in between."""


@dataclass(frozen=True)
class Change:
    """What shall become of an item; None and absent stay as they are.

    `price` is in the item's currency and holds for all its variations, `variations` is units by variation id.
    """

    price: Decimal | None = None
    available_quantity: int | None = None
    status: str | None = None
    variations: Mapping[str, int] = field(default_factory=dict)


class NotPossible(Exception):
    """The item does not allow it, whoever asks; nothing was sent. `field` is what cannot be changed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Closed(NotPossible):
    """A closed item stays as it is for ever (5.4)."""


class Ignored(Exception):
    """Mercado Livre answered with success and left these fields as they were; the others are changed."""

    def __init__(self, fields: list[str], codes: frozenset[str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields
        self.codes = codes


class PartlyChanged(Exception):
    """A later call failed (`error`) after these fields had been changed."""

    def __init__(self, fields: list[str], error: MeliError | NotPossible) -> None:
        super().__init__(str(error))
        self.fields = fields
        self.error = error


class Write(NamedTuple):
    """One call: the fields it changes, and what to call. It returns the item or nothing."""

    fields: list[str]
    send: Callable[[], Any]


def change_item(item: Item, change: Change) -> Item:
    """Change an item at Mercado Livre and return it as it then is; listings that share its stock follow.

    The item is read first: a stale list of variations would delete those it leaves out (5.6). Raises
    NotPossible, Ignored, PartlyChanged, and MeliError when Mercado Livre changed nothing.
    """
    read_now(item)
    check(item, change)
    return write_change(item, change)


def offer_of(item: Item) -> dict[str, Any]:
    """Return of an item what people change."""
    units = {variation.meli_id: variation.available_quantity for variation in item.variations.all()}
    return {
        "price": item.price,
        "available_quantity": item.available_quantity,
        "status": item.status,
        "variations": units,
    }


def asked_for(change: Change, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Return what a change asks for."""
    return {name: value for name, value in vars(change).items() if value not in (None, {})}


@trail.watched("item.changed", offer_of, asked_for)
def write_change(
    item: Item,
    change: Change,
    priority: Priority = Priority.PERSON,
    before_call: Callable[[], None] = lambda: None,
) -> Item:
    """Write a checked change of an item that was just read, as `change_item` does. `before_call` is called
    before each write, and may stop it by raising."""
    meli = Reader(item.account, priority).meli
    done: list[str] = []
    answer: Any = None
    try:
        for write in writes(meli, item, change):
            before_call()
            answer = write.send() or answer
            done += write.fields
    except (MeliError, NotPossible) as error:
        mirror(item, has_new_stock=bool(done), priority=priority)
        if isinstance(error, AnswerLost) and holds(item, change):
            return item
        if done:
            raise PartlyChanged(list(dict.fromkeys(done)), error) from error
        raise
    else:
        has_new_stock = change.available_quantity is not None or bool(change.variations)
        mirror(item, has_new_stock=has_new_stock, priority=priority)
        if ignored := ignored_fields(answer, item, change):
            raise Ignored(ignored, frozenset(warnings(answer)))
    return item


def read_now(item: Item, priority: Priority = Priority.PERSON) -> None:
    """Bring the item up to date, or raise why that cannot be."""
    applied = apply(item.account, "items", [item.meli_id], priority)
    for error in applied.errors.values():
        raise error
    item.refresh_from_db()


def mirror(item: Item, *, has_new_stock: bool, priority: Priority) -> None:
    """Read the item again, and the listings that share its stock (5.7), as far as that is possible now."""
    siblings = siblings_of(item).values_list("meli_id", flat=True) if has_new_stock else []
    apply(item.account, "items", [item.meli_id, *siblings], priority)
    item.refresh_from_db()


def siblings_of(item: Item) -> ItemQuerySet:
    """Return the account's other listings of the same product, or of those of its variations."""
    products = {item.user_product_id, *(one.user_product_id for one in item.variations.all())} - {""}
    others = Item.objects.filter(account=item.account).exclude(pk=item.pk)
    by_a_variation = Exists(Variation.objects.filter(item=OuterRef("pk"), user_product_id__in=products))
    return others.filter(Q(user_product_id__in=products) | by_a_variation) if products else others.none()


def check(item: Item, change: Change) -> None:
    """Raise NotPossible for what the item, as just read, does not allow."""
    if item.status == "closed":
        raise Closed("status", _("This item is closed for good. Relist it at Mercado Livre."))
    known = {variation.meli_id for variation in item.variations.all()}
    if change.available_quantity is not None and known:
        message = _("This item has variations: give the quantity of each of them.")
        raise NotPossible("available_quantity", message)
    if unknown := set(change.variations) - known:
        message = _("This item has no variation %(ids)s.") % {"ids": ", ".join(sorted(unknown))}
        raise NotPossible("variations", message)


def writes(meli: Client, item: Item, change: Change) -> Iterable[Write]:
    """Yield the calls that make the change, stock before price and status: it is what fails most."""
    body: dict[str, Any] = {}
    for variation_id, quantity in change.variations.items():
        yield Write(["variations"], lambda v=variation_id, q=quantity: write_variation(meli, item, v, q))
    if change.available_quantity is not None and lies_in_deposits(item):
        quantity = change.available_quantity
        product = item.user_product_id
        yield Write(["available_quantity"], lambda: write_deposit(meli, product, quantity))
    elif change.available_quantity is not None:
        body["available_quantity"] = change.available_quantity
    if change.price is not None:
        ids = [variation.meli_id for variation in item.variations.all()]
        if ids:
            body["variations"] = [{"id": int(one), "price": change.price} for one in ids]
        else:
            body["price"] = change.price
    if change.status is not None:
        body["status"] = change.status
    if body:
        fields = ["price" if name == "variations" else name for name in body]
        yield Write(fields, lambda: meli.update_item(item.meli_id, body))


def lies_in_deposits(one: Item | Variation) -> bool:
    """Whether its units are its product's. A varied item has none of its own, its variations have (5.3)."""
    item = one.item if isinstance(one, Variation) else one
    return item.keeps_deposits and bool(one.user_product_id)


def write_variation(meli: Client, item: Item, variation_id: str, quantity: int) -> None:
    """Set the units of one variation and touch no other: an array would delete what it leaves out (5.6)."""
    variation = item.variations.get(meli_id=variation_id)
    if lies_in_deposits(variation):
        write_deposit(meli, variation.user_product_id, quantity)
    else:
        meli.update_variation(item.meli_id, variation_id, {"available_quantity": quantity})


def write_deposit(meli: Client, product_id: str, quantity: int) -> None:
    """Set what the seller's deposit holds so that `quantity` units are available in all (5.8).

    Sales in between change the version: the stock is read and reckoned anew. Raises NotPossible where the
    deposit to change is not clear, and Conflict when it kept changing.
    """
    for left in reversed(range(VERSION_TRIES)):
        stock = meli.user_product_stock(product_id)
        locations = dicts(inner(stock.data, "locations"))
        own = [location for location in locations if location.get("type") == "seller_warehouse"]
        elsewhere = sum(parse_int(one.get("quantity")) or 0 for one in locations if one not in own)
        if not own:
            raise NotPossible("available_quantity", _("Mercado Livre keeps this stock; Full counts it."))
        if len(own) > 1:
            message = _("This stock lies in several deposits (%(units)s). Change them at Mercado Livre.")
            units = ", ".join(f"{one.get('store_id')}: {parse_int(one.get('quantity')) or 0}" for one in own)
            raise NotPossible("available_quantity", message % {"units": units})
        if quantity < elsewhere:
            message = _("%(units)s units lie at Mercado Livre; it cannot be fewer.") % {"units": elsewhere}
            raise NotPossible("available_quantity", message)
        place = {name: own[0].get(name) for name in ("store_id", "network_node_id")}
        body = {"locations": [{**place, "quantity": quantity - elsewhere}]}
        try:
            meli.put_user_product_stock(
                product_id, "seller_warehouse", body, stock.headers.get("x-version", "")
            )
            return
        except Conflict:
            if not left:
                raise


def ignored_fields(answer: Any, item: Item, change: Change) -> list[str]:
    """Return what Mercado Livre left as it was although it answered with success (5.5).

    `answer` is the last item it returned. An amount it does not tell is taken for accepted.
    """
    ignored = []
    if not isinstance(answer, Mapping):
        return ignored
    if change.price is not None:
        names = ("price", "base_price", "original_price")
        amounts = {parse_money(answer.get(name)) for name in names} - {None}
        if "item.price.not_modifiable" in warnings(answer) or (amounts and change.price not in amounts):
            ignored.append("price")
    units = parse_int(answer.get("available_quantity"))
    is_told = change.available_quantity is not None and units is not None and not lies_in_deposits(item)
    if is_told and units != change.available_quantity:
        ignored.append("available_quantity")
    if change.status is not None and answer.get("status") not in (None, change.status):
        ignored.append("status")
    return ignored


def warnings(answer: Any) -> list[str]:
    return [parse_id(warning.get("code")) for warning in dicts(inner(answer, "warnings"))]


def holds(item: Item, change: Change) -> bool:
    """Whether the item, as last read, is what the change asked for."""
    units = {one.meli_id: one.available_quantity for one in item.variations.all()}
    return (
        change.price in (None, item.price)
        and change.available_quantity in (None, item.available_quantity)
        and change.status in (None, item.status)
        and all(units.get(one) == quantity for one, quantity in change.variations.items())
    )
