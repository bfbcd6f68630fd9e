"""What the sandbox remembers: compact records. Money is integer cents, instants are milliseconds, ids are
integers or text as in Mercado Livre.

Every payload is built from these on demand (`payloads`), so 100,000 orders fit in modest memory.
"""

from dataclasses import dataclass, field, fields
from typing import Any, Self


class Storable:
    """A record that writes itself as a plain list and reads itself back, for the state file."""

    __slots__ = ()

    def pack(self) -> list[Any]:
        return [getattr(self, f.name) for f in fields(self)]  # type: ignore[arg-type]

    @classmethod
    def unpack(cls, values: list[Any]) -> Self:
        return cls(*values)


@dataclass(slots=True)
class Seller(Storable):
    id: int
    nickname: str
    name: str
    email: str
    city: int
    tags: list[str]
    registered: int


@dataclass(slots=True)
class Variation(Storable):
    id: int
    combination: list[list[str]]
    quantity: int
    sold: int
    sku: str
    user_product_id: str
    inventory_id: str


@dataclass(slots=True)
class Item(Storable):
    id: str
    seller_id: int
    product: int
    title: str
    price: int
    original_price: int
    quantity: int
    sold: int
    listing_type: str
    status: str
    sub_status: list[str]
    logistic: str
    created: int
    updated: int
    sku: str
    user_product_id: str = ""
    family_id: str = ""
    inventory_id: str = ""
    catalog_product_id: str = ""
    catalog_listing: bool = False
    automated_price: bool = False
    price_field: str = "present"
    price_updated: int = 0
    stock_version: int = 1
    elsewhere: int = 0
    """Units of `quantity` in the second deposit of a seller who has two."""
    variations: list[Variation] = field(default_factory=list)

    @property
    def free_shipping(self) -> bool:
        return self.price >= 7900

    @property
    def available(self) -> int:
        return sum(v.quantity for v in self.variations) if self.variations else self.quantity

    def variation(self, variation_id: int) -> Variation | None:
        return next((v for v in self.variations if v.id == variation_id), None)

    def pack(self) -> list[Any]:
        return [
            [v.pack() for v in self.variations] if f.name == "variations" else getattr(self, f.name)
            for f in fields(self)
        ]

    @classmethod
    def unpack(cls, values: list[Any]) -> Self:
        *plain, variations = values
        item = cls(*plain)
        item.variations = [Variation.unpack(v) for v in variations]
        return item


@dataclass(slots=True)
class Order(Storable):
    id: int
    seller_id: int
    item_id: str
    variation_id: int
    quantity: int
    unit_price: int
    full_unit_price: int
    sale_fee: int
    status: str
    created: int
    closed: int
    updated: int
    index_lag: int
    buyer: int
    payment_id: int
    payment_status: str
    payment_updated: int
    pack_id: int = 0
    shipment_id: int = 0
    coupon: int = 0
    coupon_seller: int = 0
    refunded: int = 0
    buyer_freight: int = 0
    tags: list[str] = field(default_factory=list)
    cancel: list[Any] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.unit_price * self.quantity

    @property
    def indexed(self) -> int:
        return self.updated + self.index_lag


@dataclass(slots=True)
class Shipment(Storable):
    id: int
    seller_id: int
    buyer: int
    logistic: str
    status: str
    substatus: str
    created: int
    updated: int
    dispatch_by: int
    gross_cost: int
    sender_cost: int
    receiver_cost: int
    weight: int
    order_ids: list[int]
    history: list[list[Any]] = field(default_factory=list)


@dataclass(slots=True)
class Question(Storable):
    id: int
    seller_id: int
    item_id: str
    buyer: int
    text: str
    status: str
    created: int
    updated: int
    answer: str = ""
    answered: int = 0
