"""What sales earn, worked out by hand: goods by their cost of the day, taxes, handling."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from accounts.models import Account, Organization
from catalog.costs import BEGINNING, CostRow
from catalog.models import ProductCost, SaleCost
from orders import profit
from orders.actions import change_product_costs, change_sale_cost
from orders.breakdowns import best_sellers
from orders.explain import explain
from orders.models import Order, OrderItem
from orders.profit import Earned, earned_by_currency, earned_by_day, earned_by_item, missing_costs
from orders.settle import settle_saved
from orders.stats import top_items
from orders.tasks import check_profits
from painelml.web.period import PeriodForm
from tests.factories import NOON, make_account, make_order, make_shipment

D, DAY = Decimal, timedelta(days=1)
TODAY = date(2026, 11, 20)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tasks_run_at_once")]

Committed = Callable[..., Any]


def product(account: Account, amount: str, sku: str = "GARRAFA", starts_on: date = BEGINNING) -> None:
    ProductCost.objects.create(account=account, sku=sku, amount=D(amount), starts_on=starts_on)


def sale_costs(account: Account, tax: str, per_order: str, starts_on: date = BEGINNING) -> None:
    SaleCost.objects.create(account=account, tax_percent=D(tax), per_order=D(per_order), starts_on=starts_on)


def sell(account: Account, sku: str = "GARRAFA", units: int = 1, **fields: Any) -> Order:
    """Sell for 100.00, of which 70.00 are left."""
    values = {"gross": D("100.00"), "sale_fee": D("12.00"), "shipping_cost": D("18.00"), "net": D("70.00"),
              "refunded": D(0), "units": units, "date_created": NOON, "shipment_id": ""}  # fmt: skip
    order = make_order(account, **{**values, **fields})
    OrderItem.objects.filter(order=order).update(sku=sku, quantity=units)
    profit.set_profits(account, Order.objects.filter(pk=order.pk))
    order.refresh_from_db()
    return order


def parts(order: Order) -> tuple[Decimal | None, ...]:
    return tuple(getattr(order, name) for name in ("goods_cost", "tax", "fixed_cost", "profit"))


def test_a_sale_earns_what_its_product_taxes_and_handling_leave(account: Account) -> None:
    product(account, "20.50")
    sale_costs(account, "6.00", "1.25")
    order = sell(account, units=2)
    assert parts(order) == (D("41.00"), D("6.00"), D("1.25"), D("21.75"))
    assert order.margin == D("0.2175")


def test_taxes_are_rounded_half_up_to_the_cent(account: Account) -> None:
    product(account, "0.00")
    sale_costs(account, "5.50", "0.00")
    assert sell(account, gross=D("100.10")).tax == D("5.51")  # 5.5055
    assert sell(account, gross=D("100.09")).tax == D("5.50")  # 5.50495
    assert sell(account, gross=D("99.00")).tax == D("5.45")  # 5.445


def test_a_partial_refund_lowers_taxes_and_profit(account: Account) -> None:
    product(account, "20.00")
    sale_costs(account, "10.00", "1.00")
    assert parts(sell(account, refunded=D("30.00"))) == (D("20.00"), D("7.00"), D("1.00"), D("12.00"))


def test_a_sale_can_lose_money(account: Account) -> None:
    product(account, "80.00")
    sale_costs(account, "0.00", "0.00")
    order = sell(account)
    assert (order.profit, order.margin) == (D("-10.00"), D("-0.1"))


def test_the_cost_of_the_local_day_counts(account: Account) -> None:
    """03:00 UTC is midnight in São Paulo."""
    product(account, "20.00")
    product(account, "25.00", starts_on=TODAY)
    sale_costs(account, "0.00", "0.00")
    sale_costs(account, "0.00", "2.00", starts_on=TODAY)
    midnight = NOON.replace(hour=3)
    assert sell(account, date_created=midnight).profit == D("43.00")
    assert sell(account, date_created=midnight - timedelta(seconds=1)).profit == D("50.00")


def test_a_cost_that_starts_later_does_not_count_before(account: Account) -> None:
    product(account, "20.00", starts_on=TODAY + DAY)
    sale_costs(account, "0.00", "0.00", starts_on=TODAY + DAY)
    assert parts(sell(account)) == (None,) * 4


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"sku": "OUTRA"}, (None, D("6.00"), D("1.00"), None)),
        ({"net": None}, (D("20.00"), D("6.00"), D("1.00"), None)),
        ({"refunded": None}, (D("20.00"), None, D("1.00"), None)),
        ({"gross": None, "net": None}, (D("20.00"), None, D("1.00"), None)),
        ({"lines": 0}, (None, D("6.00"), D("1.00"), None)),
        ({"is_sale": False}, (None, None, None, None)),
        ({"currency_id": "USD"}, (None, None, None, None)),
    ],
)
def test_what_is_missing_makes_the_profit_unknown(
    account: Account, fields: dict[str, Any], expected: tuple[Decimal | None, ...]
) -> None:
    product(account, "20.00")
    sale_costs(account, "6.00", "1.00")
    assert parts(sell(account, **fields)) == expected


def test_without_the_costs_of_a_sale_there_is_no_profit(account: Account) -> None:
    product(account, "20.00")
    assert parts(sell(account)) == (D("20.00"), None, None, None)


def test_a_line_without_a_sku_is_known_by_its_item(account: Account) -> None:
    sale_costs(account, "0.00", "0.00")
    order = sell(account, sku="")
    product(account, "20.00", sku=order.items.get().item_id)
    profit.set_all_profits(account)
    order.refresh_from_db()
    assert order.profit == D("50.00")


def test_another_accounts_costs_do_not_count(account: Account, shop: Organization) -> None:
    second = make_account(shop)
    product(second, "20.00")
    sale_costs(second, "0.00", "0.00")
    assert parts(sell(account)) == (None,) * 4


def test_the_profit_follows_when_the_shipment_tells_its_cost(account: Account) -> None:
    product(account, "20.00")
    sale_costs(account, "0.00", "0.00")
    order = sell(account, shipment_id="46", shipping_cost=None, net=None, discounts=D(0))
    assert order.profit is None
    make_shipment(account, meli_id="46", cost=D("18.00"))
    settle_saved("shipments", account, ["46"])
    order.refresh_from_db()
    assert (order.net, order.profit) == (D("70.00"), D("50.00"))


def test_new_costs_reckon_every_order_again(
    account: Account,
    other_account: Account,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Committed,
) -> None:
    monkeypatch.setattr(profit, "CHUNK", 2)
    orders = [sell(account) for _ in range(5)]
    foreign = sell(other_account)
    with django_capture_on_commit_callbacks(execute=True):
        change_product_costs(account, [CostRow(2, "GARRAFA", D("20.00"), BEGINNING)])
        change_sale_cost(account, D("6.00"), D("1.00"))
    for order in orders:
        order.refresh_from_db()
        assert order.profit == D("43.00")
    foreign.refresh_from_db()
    assert foreign.profit is None


def test_a_cost_of_the_same_day_is_replaced_and_rows_with_errors_are_left_out(account: Account) -> None:
    rows = [CostRow(2, "A", D("1.00"), BEGINNING), CostRow(3, "B", None, BEGINNING, ["no amount"])]
    assert change_product_costs(account, rows) == 1
    assert change_product_costs(account, [CostRow(2, "A", D("2.00"), BEGINNING)]) == 1
    assert [(cost.sku, cost.amount) for cost in ProductCost.objects.all()] == [("A", D("2.00"))]


def test_what_a_dead_broker_swallowed_is_made_good_within_a_day(account: Account) -> None:
    order = sell(account)
    change_product_costs(account, [CostRow(2, "GARRAFA", D("20.00"), BEGINNING)])
    change_sale_cost(account, D("6.00"), D("1.00"))  # nothing commits here, so nothing rings
    check_profits()
    order.refresh_from_db()
    assert order.profit == D("43.00")


def test_figures_by_currency_day_and_item(account: Account, shop: Organization) -> None:
    product(account, "20.00")
    sale_costs(account, "6.00", "1.00")
    sell(account)  # 43.00
    sell(account, units=2)  # 23.00
    sell(account, sku="OUTRA", gross=D("50.00"), net=D("40.00"))
    sell(account, is_sale=False)
    sell(account, date_created=NOON - DAY)  # 43.00
    orders = Order.objects.all()
    whole = Earned(4, 1, D("350.00"), D("300.00"), D("109.00"))
    assert earned_by_currency(orders) == {"BRL": whole}
    assert whole.margin == D("0.3633")
    assert earned_by_day(PeriodForm({"days": 1}, organization=shop), NOON) == {
        (TODAY, "BRL"): Earned(3, 1, D("250.00"), D("200.00"), D("66.00"))
    }
    items = earned_by_item(orders, 10)
    assert sorted(item.earned.profit for item in items) == [D(0), D("23.00"), D("43.00"), D("43.00")]
    assert items[-1].earned == Earned(1, 1, D("50.00"), D(0), D(0))
    assert items[-1].earned.margin is None
    assert sum((item.earned for item in items), Earned()) == whole


def test_sums_never_mix_currencies(account: Account, shop: Organization) -> None:
    sell(account)
    sell(make_account(shop, site_id="MLA"), currency_id="ARS")
    assert {currency: sums.orders for currency, sums in earned_by_currency(Order.objects.all()).items()} == {
        "ARS": 1, "BRL": 1,
    }  # fmt: skip


def test_what_is_missing_is_listed_most_sales_first(account: Account, other_account: Account) -> None:
    product(account, "20.00")
    sell(account)
    for days in range(3):
        sell(account, sku="SEM-CUSTO", units=2, date_created=NOON - days * DAY)
    by_item = sell(account, sku="")
    sell(account, sku="CANCELADA", is_sale=False)
    sell(account, sku="EM-DOLAR", currency_id="USD")
    sell(other_account, sku="DE-CARLA")
    found = missing_costs(Order.objects.filter(account=account), 10)
    assert [(row.key, row.orders, row.units) for row in found] == [
        ("SEM-CUSTO", 3, 6), (by_item.items.get().item_id, 1, 1),
    ]  # fmt: skip
    assert (found[0].first_sold, found[0].last_sold) == (NOON - 2 * DAY, NOON)


def test_a_sale_of_several_lines_lacks_the_first_product_without_a_cost(account: Account) -> None:
    product(account, "20.00")
    order = sell(account, lines=3)
    for line, sku in zip(order.items.all(), ["GARRAFA", "COPO", "PRATO"], strict=True):
        OrderItem.objects.filter(pk=line.pk).update(sku=sku, title=f"Um {sku}")
    mine = Order.objects.filter(pk=order.pk)

    def lacking() -> list[tuple[str, str]]:
        profit.set_profits(account, mine)
        return [(row.key, row.title) for row in missing_costs(mine, 10)]

    assert lacking() == [("COPO", "Um COPO")]
    product(account, "5.00", "COPO")
    assert lacking() == [("PRATO", "Um PRATO")]
    product(account, "6.00", "PRATO")
    assert lacking() == []


def test_a_product_without_any_name_hides_no_other_that_lacks_a_cost(account: Account) -> None:
    order = sell(account, lines=2)
    nameless, named = order.items.all()
    OrderItem.objects.filter(pk=nameless.pk).update(sku="", item_id="")
    OrderItem.objects.filter(pk=named.pk).update(sku="COPO")

    profit.set_profits(account, Order.objects.all())

    assert [row.key for row in missing_costs(Order.objects.all(), 10)] == ["COPO"]


def test_a_sale_of_several_items_counts_once_and_for_its_first(account: Account) -> None:
    order = sell(account, lines=2)
    first, second = order.items.all()
    OrderItem.objects.filter(pk=first.pk).update(title="Abajur")
    OrderItem.objects.filter(pk=second.pk).update(title="Zebra", item_id="MLB9")
    orders = Order.objects.all()

    earned = earned_by_item(orders, 10)
    sold = best_sellers(orders, 10)

    assert [(one.item_id, one.title, one.units) for one in earned] == [(order.item_id, "Abajur", 1)]
    assert [(one.key, one.label, one.units) for one in sold] == [(order.item_id, "Abajur", 1)]
    assert earned[0].earned == sold[0].earned == Earned(1, 1, D("100.00"), D(0), D(0))
    assert [one["item_title"] for one in top_items(orders)] == ["Abajur"]


def test_orders_of_before_learn_what_they_sold(account: Account) -> None:
    product(account, "20.00")
    orders = {
        "costed": sell(account),
        "missing": sell(account, sku="COPO"),
        "by item": sell(account, sku=""),
        "in dollars": sell(account, sku="COPO", currency_id="USD"),
        "cancelled": sell(account, sku="COPO", is_sale=False),
        "without lines": sell(account, lines=0),
    }
    known = dict(Order.objects.values_list("pk", "missing_cost"))
    Order.objects.update(item_id="", missing_cost="")
    import_module("orders.migrations.0009_sum_from_indexes").name_what_sold(apps, None)

    assert dict(Order.objects.values_list("pk", "missing_cost")) == known
    assert {name for name, order in orders.items() if known[order.pk]} == {"missing", "by item"}
    for order in Order.objects.all():
        line = order.items.first()
        assert order.item_id == (line.item_id if line else "")


def test_the_explanation_goes_on_to_the_profit(account: Account) -> None:
    product(account, "20.00")
    sale_costs(account, "6.00", "1.00")
    told = [(part.name, part.sign, part.amount) for part in explain(sell(account)) if part.sign]
    assert told[-4:] == [
        ("goods_cost", "−", D("20.00")), ("tax", "−", D("6.00")),
        ("fixed_cost", "−", D("1.00")), ("profit", "=", D("43.00")),
    ]  # fmt: skip
    assert not {"profit", "tax"} & {part.name for part in explain(make_order(account, refunded=D(0)))}


def test_reckoning_costs_the_same_queries_for_any_number_of_orders(
    account: Account, django_assert_num_queries: Any
) -> None:
    for _ in range(12):
        make_order(account, refunded=D(0))
    sale_costs(account, "6.00", "1.00")
    with django_assert_num_queries(7):  # with the savepoint's two
        assert profit.set_profits(account, Order.objects.all()) == 12
