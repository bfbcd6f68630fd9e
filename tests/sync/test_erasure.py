"""A buyer is forgotten: every trace of them goes, every figure stays, and nothing brings them back."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account, Organization
from orders.models import Order, OrderItem, Payment
from orders.stats import totals
from painelml.audit.models import Entry
from painelml.sandbox import Sandbox
from painelml.sync import erasure
from painelml.sync.models import BuyerKey
from painelml.sync.resource import RESOURCES, Reading
from questions.models import Question
from shipments.models import Shipment

from .conftest import CASA, OpenBox, connect

pytestmark = pytest.mark.django_db(transaction=True)

MIRRORED = (Order, Shipment, Question)


@pytest.fixture
def box(open_box: OpenBox) -> Sandbox:
    return open_box(orders=60, items=20, questions=40)


@pytest.fixture
def seller(shop: Organization, box: Sandbox) -> Account:
    """Ana's shop, read to the end."""
    account = connect(shop, box)
    read_everything(account, box)
    return account


def read_everything(account: Account, box: Sandbox) -> None:
    """Save what Mercado Livre has, with the parts that separate calls tell."""
    costs = as_answered(box.truth(CASA, "costs"))
    for name in ("orders", "shipments", "questions"):
        readings = [
            Reading(payload, {"costs": costs[meli_id]} if name == "shipments" and meli_id in costs else {})
            for meli_id, payload in as_answered(box.truth(CASA, name)).items()
        ]
        RESOURCES[name](account).save(readings, timezone.now())


def as_answered(truth: dict[str, Any]) -> dict[str, Any]:
    """Return payloads as the client reads them: amounts are decimals."""
    return dict(json.loads(json.dumps(truth), parse_float=Decimal))


def everything(*models: type[Any]) -> str:
    """Return every column of every row, payloads included, as one text."""
    return json.dumps([list(model.objects.order_by("pk").values()) for model in models], default=str)


def figures() -> Any:
    """Return what the panel reckons from these rows."""
    money = list(
        Order.objects.order_by("meli_id").values(
            "meli_id", "is_sale", "status", "gross", "net", "sale_fee", "shipping_cost", "refunded", "profit"
        )
    )
    return [
        money,
        Order.objects.aggregate(buyers=Count("buyer_id", distinct=True)),
        OrderItem.objects.count(),
        Payment.objects.count(),
        Question.objects.became_sales().count(),
        list(
            Shipment.objects.order_by("meli_id").values(
                "meli_id", "status", "cost", "receiver_state", "dispatch_by", "date_delivered"
            )
        ),
        list(Question.objects.order_by("meli_id").values("meli_id", "status", "due_at", "response_seconds")),
        totals(Order.objects.all()),
    ]


def someone() -> tuple[str, set[str]]:
    """Return the buyer with most orders, and what we know of them."""
    (buyer_id,) = (
        Order.objects.values_list("buyer_id", flat=True)
        .annotate(count=Count("pk"))
        .order_by("-count", "buyer_id")[:1]
    )
    orders = Order.objects.filter(buyer_id=buyer_id)
    known = {buyer_id, *orders.values_list("buyer_nickname", flat=True)}
    parcels = Shipment.objects.filter(meli_id__in=orders.values("shipment_id"))
    known |= set(parcels.values_list("receiver_name", flat=True))
    known |= set(Question.objects.filter(from_id=buyer_id).values_list("text", flat=True))
    return buyer_id, {one for one in known if one}


def test_every_trace_goes_and_every_figure_stays(seller: Account, shop: Organization) -> None:
    buyer_id, known = someone()
    assert len(known) >= 3
    before = figures()
    call_command("erase_buyer", account=seller.pk, buyer=buyer_id)
    left = everything(*MIRRORED, OrderItem, Payment, Entry)
    assert sorted(one for one in known if one in left) == []
    assert figures() == before
    assert Entry.objects.get().action == "buyer.erased"


def test_reading_everything_again_brings_nothing_back(
    seller: Account, shop: Organization, box: Sandbox
) -> None:
    buyer_id, known = someone()
    before = figures()
    erasure.forget(seller, buyer_id)
    for model in MIRRORED:
        model.objects.update(read_at=timezone.now() - timedelta(days=1))
    read_everything(seller, box)
    left = everything(*MIRRORED)
    assert sorted(one for one in known if one in left) == []
    assert figures()[1] == before[1]


def test_rows_that_were_lost_come_back_without_the_buyer(
    seller: Account, shop: Organization, box: Sandbox
) -> None:
    buyer_id, known = someone()
    erasure.forget(seller, buyer_id)
    Order.objects.all().delete()
    orders = RESOURCES["orders"](seller)
    orders.save([Reading(payload, {}) for payload in box.truth(CASA, "orders").values()], timezone.now())
    assert Order.objects.exists()
    left = everything(Order)
    assert sorted(one for one in known if one in left) == []


def test_a_later_order_of_theirs_is_mirrored_as_everybodys_is(seller: Account, box: Sandbox) -> None:
    buyer_id, _known = someone()
    erasure.forget(seller, buyer_id)
    order = Order.objects.filter(buyer_id__startswith=erasure.PSEUDONYM).first()
    assert order is not None
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    payload = {
        **order.payload,
        "id": 99,
        "date_created": tomorrow,
        "last_updated": tomorrow,
        "buyer": {"id": int(buyer_id), "nickname": "AGAIN"},
    }
    RESOURCES["orders"](seller).save([Reading(payload, {})], timezone.now())
    assert Order.objects.get(meli_id="99").buyer_nickname == "AGAIN"


def test_nobody_else_is_touched(seller: Account) -> None:
    buyer_id, _known = someone()
    others = list(
        Order.objects.exclude(buyer_id=buyer_id).order_by("pk").values("meli_id", "buyer_nickname", "payload")
    )
    erasure.forget(seller, buyer_id)
    assert (
        list(
            Order.objects.exclude(buyer_id__startswith=erasure.PSEUDONYM)
            .order_by("pk")
            .values("meli_id", "buyer_nickname", "payload")
        )
        == others
    )


def test_after_its_days_everybodys_data_goes(seller: Account, shop: Organization, settings: Settings) -> None:
    settings.BUYER_DATA_DAYS = 90
    limit = timezone.now() - timedelta(days=90)
    old = Order.objects.filter(date_created__lt=limit).count()
    before = figures()
    assert old
    assert erasure.forget_old(seller) >= old
    assert Order.objects.filter(buyer_id__startswith=erasure.PSEUDONYM).count() == old
    assert not Order.objects.filter(date_created__lt=limit).exclude(buyer_nickname="").exists()
    assert Order.objects.filter(date_created__gte=limit).exclude(buyer_nickname="").exists()
    assert figures() == before
    assert erasure.forget_old(seller) == 0, "a second time there is nothing to do"


def test_by_default_nothing_is_erased_by_age(seller: Account, settings: Settings) -> None:
    assert settings.BUYER_DATA_DAYS == 0
    assert erasure.forget_old(seller) == 0
    assert not BuyerKey.objects.exists()


def test_an_account_or_a_buyer_that_cannot_be_is_told(seller: Account) -> None:
    with pytest.raises(CommandError, match="no account"):
        call_command("erase_buyer", account=seller.pk + 1, buyer="5")
    with pytest.raises(CommandError, match="number"):
        call_command("erase_buyer", account=seller.pk, buyer="Joana")
