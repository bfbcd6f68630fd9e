"""Where the units of an item lie (API facts, part A section 5.8). Mercado Livre allows a hundred such reads a
minute, so nobody mirrors them: they are read when somebody looks, and kept for those who look again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from django.core.cache import cache
from redis.exceptions import RedisError

from painelml.meli import Client, Gone, Priority, parse_int
from painelml.sync.engine import Reader
from painelml.sync.values import dicts, inner, text

from .models import Item

PRODUCTS_MAX = 20
"""Products read for one item: who asks too often is made to wait with everything else, answers too."""
KEPT_S = 60

Place = tuple[str, str, str, int]
"""What lies where: type, store, network node, units."""


@dataclass(frozen=True)
class Location:
    """Units in one place. `type` is Mercado Livre's word; a seller's deposit has the number of its store, and
    `variation_ids` is empty where the item has no stock for each of its variations.
    """

    variation_ids: list[str]
    type: str
    store_id: str
    network_node_id: str
    units: int


@dataclass(frozen=True)
class Locations:
    """Where the units of an item lie; `left_out` counts its products beyond those that are read."""

    locations: list[Location]
    left_out: int


def locations_of(item: Item) -> Locations:
    """Read where the units are now; nothing where Mercado Livre names no place. A call for each product that
    was not asked about a moment ago. Raises MeliError.
    """
    products: dict[str, list[str]] = {}
    for one in item.variations.all():
        products.setdefault(one.user_product_id, []).append(one.meli_id)
    products.setdefault(item.user_product_id, [])
    products.pop("", None)
    if not products:
        return Locations([], 0)
    meli = Reader(item.account, Priority.PERSON).meli
    found = [
        Location(products[product], *place)
        for product in list(products)[:PRODUCTS_MAX]
        for place in places_of(meli, item, product)
    ]
    return Locations(found, max(len(products) - PRODUCTS_MAX, 0))


def places_of(meli: Client, item: Item, product: str) -> list[Place]:
    """Return where this product of the item lies, as read within the last minute; a change of the item makes
    it be read again."""
    key = f"locations:{item.account_id}:{product}:{item.remote_updated_at.timestamp()}"
    with suppress(RedisError):
        kept: list[Place] | None = cache.get(key)
        if kept is not None:
            return kept
    places = read_places(meli, product)
    with suppress(RedisError):
        cache.set(key, places, KEPT_S)
    return places


def read_places(meli: Client, product: str) -> list[Place]:
    try:
        stock = meli.user_product_stock(product).data
    except Gone:
        return []  # stock that was never given a place
    return [
        (
            text(one.get("type")),
            text(one.get("store_id")),
            text(one.get("network_node_id")),
            parse_int(one.get("quantity")) or 0,
        )
        for one in dicts(inner(stock, "locations"))
    ]
