"""What a sale leaves, to the cent."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account
from orders.models import Order
from orders.money import net_of, seller_discounts, share
from orders.settle import settle_saved
from tests.factories import make_order, make_shipment

D = Decimal
cents = st.decimals(min_value=0, max_value=100_000, places=2)


def test_the_worked_example_of_the_fact_sheet() -> None:
    first, second = share(D("21.90"), [D("240.00"), D("60.00")])
    assert (first, second) == (D("17.52"), D("4.38"))
    assert net_of(D("240.00"), D("28.80"), first, D("5.00")) == D("188.68")


@given(cents, st.lists(cents, min_size=1, max_size=12))
def test_shares_are_whole_cents_that_add_up(cost: Decimal, amounts: list[Decimal]) -> None:
    shares = share(cost, amounts)
    assert sum(shares) == cost
    assert all(part >= 0 and part == part.quantize(D("0.01")) for part in shares)


def test_orders_of_nothing_share_equally() -> None:
    assert share(D("10.00"), [D(0), D(0), D(0)]) == [D("3.34"), D("3.33"), D("3.33")]


@pytest.mark.parametrize("unknown", range(4))
def test_one_unknown_part_makes_the_net_unknown(unknown: int) -> None:
    parts: list[Decimal | None] = [D(100), D(10), D(5), D(1)]
    parts[unknown] = None
    assert net_of(*parts) is None


def coupon(seller: str, **supplier: Any) -> dict[str, Any]:
    return {"type": "coupon", "supplier": supplier, "items": [{"amounts": {"total": "20", "seller": seller}}]}


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ([], "0"),
        ([coupon("5.00")], "5.00"),
        ([coupon("5.00"), coupon("1.10")], "6.10"),
        ([coupon("5.00", offer_id="OFFER-1")], "0"),
        ([coupon("5.00", funding_mode="sale_fee")], "0"),
        ([{**coupon("5.00"), "type": "discount"}], "0"),
        ([coupon("0")], "0"),
    ],
)
def test_only_coupons_that_the_price_does_not_contain_are_subtracted(
    details: list[dict[str, Any]], expected: str
) -> None:
    assert seller_discounts(details) == D(expected)


@pytest.mark.django_db
class TestSettling:
    def pack(self, account: Account, *grosses: str, **fields: Any) -> list[Order]:
        return [
            make_order(
                account,
                shipment_id="46",
                gross=D(gross),
                sale_fee=D("10.00"),
                discounts=D(0),
                shipping_cost=None,
                net=None,
                **fields,
            )
            for gross in grosses
        ]

    def costs(self, orders: list[Order]) -> list[Decimal | None]:
        return [Order.objects.get(pk=order.pk).shipping_cost for order in orders]

    def test_the_cost_is_shared_whichever_came_first(self, account: Account) -> None:
        orders = self.pack(account, "240.00", "60.00")
        settle_saved("orders", account, [order.meli_id for order in orders])
        assert self.costs(orders) == [None, None]
        make_shipment(account, meli_id="46", cost=D("21.90"))
        settle_saved("shipments", account, ["46"])
        assert self.costs(orders) == [D("17.52"), D("4.38")]
        assert Order.objects.get(pk=orders[0].pk).net == D("212.48")

    def test_an_order_that_joins_its_pack_later_takes_its_share(self, account: Account) -> None:
        make_shipment(account, meli_id="46", cost=D("21.90"))
        (first,) = self.pack(account, "240.00")
        settle_saved("orders", account, [first.meli_id])
        assert self.costs([first]) == [D("21.90")]
        (second,) = self.pack(account, "60.00")
        settle_saved("orders", account, [second.meli_id])
        assert self.costs([first, second]) == [D("17.52"), D("4.38")]

    def test_a_cancelled_order_leaves_its_share_to_the_rest(self, account: Account) -> None:
        make_shipment(account, meli_id="46", cost=D("21.90"))
        orders = self.pack(account, "240.00") + self.pack(account, "60.00", status="cancelled")
        settle_saved("orders", account, [order.meli_id for order in orders])
        assert self.costs(orders) == [D("21.90"), D("0")]

    @pytest.mark.parametrize(
        ("fields", "cost"),
        [({"tags": ["no_shipping"]}, D(0)), ({"status": "cancelled"}, D(0)), ({"tags": ["paid"]}, None)],
    )
    def test_without_a_shipment(self, account: Account, fields: dict[str, Any], cost: Decimal | None) -> None:
        order = make_order(account, shipment_id="", shipping_cost=None, **fields)
        settle_saved("orders", account, [order.meli_id])
        assert self.costs([order]) == [cost]
