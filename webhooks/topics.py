"""From what a notification names to what we read (API facts, part A section 3.4).

The registry of resources answers for itself; here is only what points to a mirrored resource by a detour. A
path is matched against known shapes and never used as an address.
"""

from __future__ import annotations

import re

from django.db.models import Q

from accounts.models import Account
from painelml.sync.resource import RESOURCES, resource_for

ITEMS_OF_USER_PRODUCT = "user_products"
"""The kind of an event about a user product: what has to be read are its items."""

KINDS = ("orders", "questions", "shipments", "items", ITEMS_OF_USER_PRODUCT)
"""What can be read, in the order it is: money first."""

DETOURS = {
    "flex-handshakes": (r"/flex/sites/[A-Z]{3}/shipments/(\d{1,20})/assignment/v\d", "shipments"),
    **dict.fromkeys(
        ("stock-locations", "stock-location", "stock_locations"),
        (r"/user-products/([A-Z]{3,4}\d{1,20})/stock", ITEMS_OF_USER_PRODUCT),
    ),
}


def target_of(topic: str, path: str) -> tuple[str, str] | None:
    """Return kind and id of what has to be read, None when we mirror nothing this speaks of."""
    if found := resource_for(topic, path):
        resource, meli_id = found
        return resource.name, meli_id
    pattern, kind = DETOURS.get(topic, ("", ""))
    match = re.fullmatch(pattern, path)
    return (kind, match[1]) if match else None


def ids_of(account: Account, kind: str, target: str) -> tuple[str, list[str]]:
    """Return the resource to read and which ids of it; none when nothing we hold belongs to the target."""
    if kind != ITEMS_OF_USER_PRODUCT:
        return kind, [target]
    item = RESOURCES["items"].model
    of_product = Q(user_product_id=target) | Q(variations__user_product_id=target)
    ids = item._default_manager.filter(of_product, account=account).values_list("meli_id", flat=True)
    return "items", list(ids.distinct())
