"""Which parts of an item sell by themselves, and from which pool: the rows of `StockPart`.

They are derived with the item's own columns, by the read that writes those, and replaced in the same
transaction; nothing else writes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .models import HELD


def stock_parts(
    account_id: int, meli_id: str, item: Mapping[str, Any], variations: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the parts of an item by the values of its columns and of its variations', in their order.

    Where a variation shares its units, each of them is a part; else the whole item is.
    """
    if item["status"] not in HELD:
        return []
    whole = {
        "account_id": account_id,
        "item_meli_id": meli_id,
        "currency_id": item["currency_id"],
        "is_sellable": item["status"] == "active" or item["is_out_of_stock"],  # `ItemQuerySet.sellable`
        "changed_at": item["remote_updated_at"],
        "listed_since": item["date_created"],
    }
    if not any(pool_of(one) for one in variations):
        return [{**whole, **_stock(item, item), "variation_id": "", "key": pool_of(item) or meli_id}]
    return [
        {
            **whole,
            **_stock(one, item),
            "variation_id": one["meli_id"],
            "key": pool_of(one) or f"{meli_id}-{one['meli_id']}",
        }
        for one in variations
    ]


def pool_of(part: Mapping[str, Any]) -> str:
    """Return what names the units it may share with others; "" where they are its own."""
    return str(part["inventory_id"] or part["user_product_id"])


def _stock(part: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "sku": part["sku"] or item["sku"],
        "units": part["available_quantity"] or 0,
        "price": item["price"] if part["price"] is None else part["price"],
    }
