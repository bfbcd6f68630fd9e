"""What a seller may change on a listing, and how Mercado Livre refuses (facts: part A, sections 5.4 to
5.6).
"""

from typing import Any

from ..http import ApiError
from ..records import Item, Variation
from ..world import World

MINIMUM_PRICE = 600
PRICE_WARNING = {
    "department": "items",
    "cause_id": 502,
    "type": "warning",
    "code": "item.price.not_modifiable",
    "references": ["item.price"],
    "message": "Cannot modify price on items with dynamic pricing",
}


def refused(code: str, message: str, cause_id: int = 0, references: list[str] | None = None) -> ApiError:
    """A validation error with its cause."""
    cause = {
        "department": "items",
        "cause_id": cause_id,
        "type": "error",
        "code": code,
        "references": references or [],
        "message": message,
    }
    body = {"message": "Validation error", "error": "validation_error", "status": 400, "cause": [cause]}
    return ApiError(400, body=body)


def update_item(world: World, item: Item, body: Any) -> list[dict[str, Any]]:
    """Apply a partial body, all of it or nothing; returns the warnings. Raises ApiError 400 or 409."""
    if not isinstance(body, dict) or not body:
        raise ApiError(400, "The body must be a non-empty object", "bad_request")
    known = {"price", "available_quantity", "status", "deleted", "title", "attributes", "variations"}
    if unknown := set(body) - known:
        raise refused("field_not_updatable", f"Fields are not updatable: {', '.join(sorted(unknown))}")
    if "deleted" in body:
        return delete_item(world, item, body)
    if item.status == "closed":
        raise refused("item.status.invalid", f"Item {item.id} is closed and cannot be modified")
    warnings = check_price(item, body)
    check_quantity(world, item, body)
    check_status(item, body)
    check_title(item, body)
    variations = check_variations(world, item, body)
    apply(world, item, body, variations, price_stays=bool(warnings))
    return warnings


def delete_item(world: World, item: Item, body: dict[str, Any]) -> list[dict[str, Any]]:
    if str(body["deleted"]).lower() != "true":
        raise refused("item.deleted.invalid", "deleted must be true")
    if item.status not in {"closed", "under_review"}:
        raise ApiError(409, "item optimistic locking error: conflict", "conflict")
    item.status, item.sub_status = "closed", ["deleted"]
    world.item_changed(item)
    return []


def check_price(item: Item, body: dict[str, Any]) -> list[dict[str, Any]]:
    """With price automation a lone price is refused; among other fields it is ignored with a warning."""
    given = [body["price"]] if "price" in body else []
    given += [
        entry["price"]
        for entry in body.get("variations") or []
        if isinstance(entry, dict) and "price" in entry
    ]
    if not given:
        return []
    if item.automated_price:
        if set(body) <= {"price"}:
            raise ApiError(
                400, "Cannot modify price on items with dynamic pricing", "item.price.not_modifiable"
            )
        return [PRICE_WARNING]
    if "price" in body and item.variations:
        raise refused(
            "item.price.not_modifiable",
            "Price of an item with variations is set in its variations",
            references=["item.price"],
        )
    if any(isinstance(price, bool) or not isinstance(price, int | float) for price in given):
        raise refused("item.price.invalid", "The price has to be a number", 110, ["item.price"])
    if len(set(given)) > 1:
        raise refused(
            "item.variations.price.different",
            "All variations must have the same price",
            0,
            ["item.variations.price"],
        )
    if given[0] * 100 < MINIMUM_PRICE:
        raise refused(
            "item.price.invalid", f"The price {given[0]} is lower than the minimum 6", 109, ["item.price"]
        )
    if given[0] >= 9_999_999_999:
        raise refused("item.price.invalid", "The price is too high", 129, ["item.price"])
    return []


def check_quantity(world: World, item: Item, body: dict[str, Any]) -> None:
    if "available_quantity" not in body:
        return
    if item.logistic == "fulfillment":
        raise refused(
            "item.available_quantity.not_modifiable",
            "Available quantity is not modifiable in fulfillment items",
        )
    if item.variations:
        raise refused(
            "item.available_quantity.not_modifiable",
            "Quantity of an item with variations is set in its variations",
        )
    check_number(body["available_quantity"])


def check_number(quantity: Any) -> None:
    if isinstance(quantity, bool) or not isinstance(quantity, int) or not 0 <= quantity <= 99_999:
        raise refused(
            "item.available_quantity.invalid",
            f"Invalid available_quantity: {quantity}",
            0,
            ["item.available_quantity"],
        )


def check_status(item: Item, body: dict[str, Any]) -> None:
    status = body.get("status")
    if status is None:
        return
    if status not in {"active", "paused", "closed"}:
        raise refused("item.status.invalid", f"Invalid status: {status}", 0, ["item.status"])
    if item.status == "under_review" and status != "closed":
        raise refused("item.status.invalid", "Item under review cannot change its status", 0, ["item.status"])
    stock = body.get("available_quantity", item.available)
    if status == "active" and not stock and not body.get("variations"):
        raise refused("item.status.invalid", "Cannot activate an item without stock", 0, ["item.status"])


def check_title(item: Item, body: dict[str, Any]) -> None:
    if "title" in body and (item.sold or item.family_id):
        raise refused("item.title.not_modifiable", "Title is not modifiable", 0, ["item.title"])


def check_variations(world: World, item: Item, body: dict[str, Any]) -> list[Variation] | None:
    """The variations the item will have: ids left out are deleted, entries without an id are new ones."""
    if "variations" not in body:
        return None
    entries = body["variations"]
    if not item.variations or not isinstance(entries, list) or not entries:
        raise refused("item.variations.invalid", "The item has no variations or the list is empty")
    kept = []
    for entry in entries:
        if "id" not in entry:
            kept.append(new_variation(world, entry))
            continue
        variation = item.variation(int(entry["id"])) if str(entry["id"]).isdigit() else None
        if variation is None:
            raise refused(
                "item.variations.id.invalid", f"Variation {entry['id']} does not belong to {item.id}"
            )
        if "available_quantity" in entry:
            if item.logistic == "fulfillment":
                raise refused(
                    "variations.available_quantity.not_modifiable",
                    "Available quantity is not modifiable in fulfillment items",
                )
            check_number(entry["available_quantity"])
        kept.append(variation)
    return kept


def new_variation(world: World, entry: dict[str, Any]) -> Variation:
    combination = [
        [c.get("id", ""), c.get("name", ""), c.get("value_id", ""), c.get("value_name", "")]
        for c in entry.get("attribute_combinations", [])
    ]
    if not combination:
        raise refused(
            "item.variations.attribute_combinations.missing", "attribute_combinations is required", 369
        )
    check_number(entry.get("available_quantity", 0))
    number = world.next("variation", 180000000001, 7)
    return Variation(number, combination, entry.get("available_quantity", 0), 0, "", "", "")


def apply(
    world: World, item: Item, body: dict[str, Any], variations: list[Variation] | None, *, price_stays: bool
) -> None:
    before = item.updated
    price = body.get("price")
    if variations is not None:
        item.variations = variations
        for entry in body["variations"]:
            price = entry.get("price", price)
    if "title" in body:
        item.title = body["title"]
    for attribute in body.get("attributes") or []:
        if attribute.get("id") == "SELLER_SKU":
            item.sku = attribute.get("value_name") or ""
    if price is not None and not price_stays:
        world.set_price(item, round(price * 100))
    apply_quantities(world, item, body)
    if "status" in body:
        item.status = body["status"]
        item.sub_status = ["paused_by_seller"] if item.status == "paused" else []
        if item.status == "closed":
            world.close_questions(item)
    if set(body) - {"price", "available_quantity"} or item.updated == before:
        world.item_changed(item)


def apply_quantities(world: World, item: Item, body: dict[str, Any]) -> None:
    """Sellers with deposits keep their stock elsewhere: their quantities are ignored, and the answer is 200
    all the same.
    """
    if "warehouse_management" in world.sellers[item.seller_id].tags:
        return
    if "available_quantity" in body:
        world.set_quantity(item, None, body["available_quantity"])
    for entry in body.get("variations") or []:
        if "id" in entry and "available_quantity" in entry:
            world.set_quantity(item, item.variation(int(entry["id"])), entry["available_quantity"])


def update_variation(world: World, item: Item, variation: Variation, body: Any) -> None:
    """`PUT /items/{id}/variations/{vid}`: stock of one variation, ignored as that of an item is."""
    if not isinstance(body, dict) or set(body) != {"available_quantity"}:
        raise refused("field_not_updatable", "Only available_quantity is updatable here")
    if item.logistic == "fulfillment":
        raise refused(
            "variations.available_quantity.not_modifiable",
            "Available quantity is not modifiable in fulfillment items",
        )
    if item.status == "closed":
        raise refused("item.status.invalid", f"Item {item.id} is closed and cannot be modified")
    check_number(body["available_quantity"])
    if "warehouse_management" not in world.sellers[item.seller_id].tags:
        world.set_quantity(item, variation, body["available_quantity"])
