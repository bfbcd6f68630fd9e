"""Rows for tests that need some, without reading them from Mercado Livre. Every default can be named away."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.conf import settings

from accounts.models import Account, Membership, Organization, Role, User
from catalog.models import Item, StockPart, Variation
from catalog.parts import stock_parts
from orders.models import Order, OrderItem, Payment
from painelml.text import searchable
from questions.models import Question
from shipments.models import Shipment

NOON = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
"""Noon in São Paulo, the day before the tests think it is."""

numbers = count(1)


def make_person(name: str, organization: Organization | None = None, role: str = Role.OWNER) -> User:
    """Return a person whose password is "correct horse"; without an organization they own one."""
    user = User.objects.create_user(
        f"{name.lower()}{next(numbers)}@example.com", "correct horse", first_name=name
    )
    user.emailaddress_set.create(email=user.email, primary=True, verified=True)
    if organization is None:
        Organization.objects.create_for(user, f"{name}'s shop")
    else:
        Membership.objects.create(user=user, organization=organization, role=role, is_default=True)
    return user


def make_account(organization: Organization, **fields: Any) -> Account:
    number = next(numbers)
    defaults = {
        "meli_user_id": str(900_000_000 + number),
        "nickname": f"SHOP{number}",
        "api_host": settings.MELI_API_URL,
        "token_expires_at": datetime.now(UTC) + timedelta(hours=6),
        "access_token": f"APP_USR-{number}",
        "refresh_token": f"TG-{number}",
    }
    return Account.objects.create(organization=organization, **{**defaults, **fields})


def make_item(account: Account, *, variations: int = 0, **fields: Any) -> Item:
    number = next(numbers)
    defaults = {
        "meli_id": f"MLB{4_000_000_000 + number}",
        "title": f"Garrafa térmica {number}",
        "status": "active",
        "price": Decimal("129.90"),
        "currency_id": "BRL",
        "available_quantity": 12,
        "sold_quantity": 3,
        "sku": f"GT-{number}",
        "listing_type_id": "gold_special",
        "logistic_type": "drop_off",
        "permalink": f"https://produto.mercadolivre.com.br/MLB-{number}",
        "thumbnail": f"https://http2.mlstatic.com/D_{number}.jpg",
        "date_created": NOON + timedelta(minutes=number),
        "remote_updated_at": NOON + timedelta(hours=1),
        "read_at": NOON + timedelta(hours=2),
    }
    values = {**defaults, **fields}
    values.setdefault("search_text", searchable(values["title"], values["sku"], values["meli_id"]))
    item = Item.objects.create(account=account, **values)
    for position in range(variations):
        Variation.objects.create(
            item=item,
            meli_id=f"{170_000_000_000 + next(numbers)}",
            position=position,
            sku=f"{item.sku}-{position}",
            available_quantity=4,
            price=item.price,
            attributes=[{"id": "COLOR", "name": "Cor", "value_name": "Azul"}],
        )
    derive_parts([item])
    return item


def make_order(account: Account, *, lines: int = 1, payments: int = 1, **fields: Any) -> Order:
    number = next(numbers)
    defaults = {
        "meli_id": f"{2_000_000_000_000_000 + number}",
        "status": "paid",
        "is_sale": True,
        "date_created": NOON + timedelta(minutes=number),
        "date_closed": NOON + timedelta(minutes=number, seconds=30),
        "total_amount": Decimal("129.90"),
        "paid_amount": Decimal("129.90"),
        "currency_id": "BRL",
        "buyer_id": "555000111",
        "buyer_nickname": "COMPRADORA",
        "shipment_id": f"{44_000_000_000 + number}",
        "tags": ["paid", "not_delivered"],
        "units": 1,
        "gross": Decimal("129.90"),
        "sale_fee": Decimal("15.59"),
        "shipping_cost": Decimal("21.90"),
        "discounts": Decimal("0"),
        "net": Decimal("92.41"),
        "remote_updated_at": NOON + timedelta(hours=1),
        "read_at": NOON + timedelta(hours=2),
    }
    item_id = f"MLB{4_100_000_000 + number}"
    values = {"item_id": item_id if lines else "", **defaults, **fields}
    order = Order.objects.create(account=account, **values)
    titles = []
    for position in range(lines):
        line = OrderItem.objects.create(
            order=order,
            position=position,
            item_id=values["item_id"],
            title=f"Garrafa térmica {number}",
            sku=f"GT-{number}",
            quantity=1,
            unit_price=Decimal("129.90"),
            sale_fee=Decimal("15.59"),
            listing_type_id="gold_special",
        )
        titles += [line.title, line.sku]
    for position in range(payments):
        Payment.objects.create(
            order=order,
            position=position,
            meli_id=f"{120_000_000_000 + next(numbers)}",
            status="approved",
            status_detail="accredited",
            payment_type="credit_card",
            payment_method_id="visa",
            installments=3,
            currency_id="BRL",
            transaction_amount=Decimal("129.90"),
            total_paid_amount=Decimal("129.90"),
            date_created=order.date_created,
            date_approved=order.date_created,
        )
    if "search_text" not in fields:
        order.search_text = searchable(order.meli_id, order.pack_id, order.buyer_nickname, *titles)
        order.save(update_fields=["search_text"])
    return order


def make_shipment(account: Account, **fields: Any) -> Shipment:
    number = next(numbers)
    defaults = {
        "meli_id": f"{44_500_000_000 + number}",
        "status": "ready_to_ship",
        "substatus": "ready_to_print",
        "is_open": True,
        "mode": "me2",
        "logistic_type": "drop_off",
        "tracking_number": f"BR{number:09}",
        "receiver_name": "Joana Prado",
        "receiver_city": "Campinas",
        "receiver_state": "São Paulo",
        "cost": Decimal("21.90"),
        "receiver_cost": Decimal("0"),
        "dispatch_by": NOON + timedelta(days=1),
        "sla_status": "on_time",
        "date_created": NOON + timedelta(minutes=number),
        "remote_updated_at": NOON + timedelta(hours=1),
        "read_at": NOON + timedelta(hours=2),
    }
    values = {**defaults, **fields}
    values.setdefault("date_handed_over", values.get("date_shipped"))
    values.setdefault(
        "search_text",
        searchable(
            values["meli_id"], values["tracking_number"], values["receiver_name"], values["receiver_city"]
        ),
    )
    return Shipment.objects.create(account=account, **values)


def make_question(account: Account, **fields: Any) -> Question:
    number = next(numbers)
    asked = NOON + timedelta(minutes=number)
    defaults = {
        "meli_id": f"{13_000_000_000 + number}",
        "item_id": "MLB4000000001",
        "status": "UNANSWERED",
        "text": f"Serve na tampa {number}?",
        "from_id": "555000111",
        "date_created": asked,
        "due_at": asked + timedelta(hours=1),
        "remote_updated_at": asked,
        "read_at": NOON + timedelta(hours=2),
    }
    values = {**defaults, **fields}
    values.setdefault("search_text", searchable(values["text"], values["item_id"], values["meli_id"]))
    return Question.objects.create(account=account, **values)


def derive_parts(items: Iterable[Item]) -> None:
    """Write the parts of stock of items that no read wrote, from their columns."""
    for item in items:
        variations = [vars(one) for one in item.variations.all()]
        StockPart.objects.filter(item=item).delete()
        StockPart.objects.bulk_create(
            StockPart(item=item, position=position, **part)
            for position, part in enumerate(
                stock_parts(item.account_id, item.meli_id, vars(item), variations)
            )
        )
