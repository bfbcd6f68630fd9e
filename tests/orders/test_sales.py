"""Orders whose money was worked out by hand (`sales.json`), read as the engine reads them.

What a row leaves out: one unit, a paid order of 5 November whose detail was read, paid at once, nothing
refunded; of what is expected, the price as gross, the fee once, the whole cost of its shipment, no discounts.
Rows with the same `pack` travel in one shipment, and `ship` is what that shipment costs the seller. `cost` is
what a unit costs the seller; rows without one have a product whose cost nobody said.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Account, Organization, User
from catalog.costs import BEGINNING
from catalog.models import ProductCost, SaleCost
from orders.explain import explain
from orders.models import Order, Refund
from orders.profit import set_all_profits
from orders.settle import settle_saved
from orders.stats import order_stats, refunds_by_day
from orders.sync import OrderResource
from painelml.sync.resource import Reading
from painelml.sync.signals import rows_saved
from painelml.web.period import PeriodForm
from painelml.web.show import money
from shipments.models import Shipment
from shipments.sync import ShipmentResource
from tests.factories import make_account

Row = dict[str, Any]

SALES: list[Row] = json.loads((Path(__file__).parent / "sales.json").read_text())
READ_AT = datetime(2026, 11, 20, 15, tzinfo=UTC)
CREATED = "2026-11-05T10:00:00.000-04:00"
FIRST = 2_000_031_415_926_500

D = Decimal
pytestmark = pytest.mark.django_db


def order_id(number: int) -> str:
    return str(FIRST + number)


def shipment_id(number: int) -> int | None:
    row = SALES[number]
    if "ship" not in row:
        return None
    return 46_000_000_000 + (ord(row["pack"]) if "pack" in row else 1000 + number)


def lines_of(row: Row) -> list[Row]:
    return row.get("lines") or [{name: row.get(name) for name in ("price", "quantity", "fee", "full_price")}]


def number_of(value: str | None) -> Decimal | None:
    return None if value is None else D(value)


def order_reading(number: int, **changes: Any) -> Reading:
    row = {**SALES[number], **changes}
    lines = lines_of(row)
    total = sum(D(line["price"]) * (line.get("quantity") or 1) for line in lines)
    created = row.get("created", CREATED)
    currency = row.get("currency", "BRL")
    discounts = row.get("discounts")
    payload = {
        "id": FIRST + number,
        "status": row.get("status", "paid"),
        "date_created": created,
        "date_closed": created,
        "last_updated": row.get("updated", "2026-11-16T10:00:00.000-04:00"),
        "pack_id": 2_000_027_000_000_000 + ord(row["pack"]) if "pack" in row else None,
        "total_amount": total,
        "paid_amount": total,
        "currency_id": currency,
        "order_items": [
            {
                "item": {
                    "id": f"MLB{4_000_000_000 + number}",
                    "title": row["name"],
                    "seller_sku": f"SKU-{number}",
                },
                "quantity": line.get("quantity") or 1,
                "unit_price": D(line["price"]),
                "full_unit_price": number_of(line.get("full_price")),
                "sale_fee": number_of(line["fee"]),
            }
            for line in lines
        ],
        "payments": [
            {
                "id": 170_000_000_000 + 10 * number + position,
                "status": payment.get("status", "approved"),
                "status_detail": payment.get("detail", "accredited"),
                "currency_id": currency,
                "transaction_amount": D(payment["amount"]),
                "transaction_amount_refunded": number_of(payment.get("refunded", "0")),
                "coupon_amount": D(payment.get("coupon", "0")),
                "marketplace_fee": D("0"),
                "date_last_modified": payment.get("changed", created),
            }
            for position, payment in enumerate(row.get("payments", [{"amount": str(total)}]))
        ],
        "shipping": {"id": shipment_id(number)},
        "taxes": {"amount": number_of(row.get("taxes")), "currency_id": currency},
        "buyer": {"id": 555000111, "nickname": "BUYERX"},
        "tags": row.get("tags", []) + ["order_has_discount"] * (discounts is not None),
    }  # fmt: skip
    parts: dict[str, Any] = {} if row.get("read") == "search" else {"detail": payload["last_updated"]}
    if discounts is not None:
        parts["discounts"] = [
            {
                "type": one["type"],
                "supplier": one.get("supplier", {}),
                "items": [{"amounts": {"total": D("25.00"), "seller": D(one["seller"])}}],
            }
            for one in discounts
        ]
    return Reading(payload, parts)


def shipment_reading(number: int, seller: str) -> Reading:
    row = SALES[number]
    payload = {
        "id": shipment_id(number),
        "status": "delivered",
        "logistic": {"mode": "me2", "type": row.get("logistic", "drop_off")},
        "date_created": CREATED,
        "last_updated": "2026-11-12T10:00:00.000-04:00",
    }
    if row["ship"] is None:
        return Reading(payload)
    sender = {"user_id": row.get("sender", int(seller)), "cost": D(row["ship"])}
    return Reading(payload, {"costs": {"receiver": {"cost": D(0)}, "senders": [sender]}})


def read(account: Account, resource: type[OrderResource | ShipmentResource], readings: list[Reading]) -> None:
    """Save readings and tell the apps, as the engine does."""
    saved = resource(account).save(readings, READ_AT)
    ids = saved.created + saved.updated + saved.unchanged
    rows_saved.send(resource, resource=resource.name, account=account, ids=ids)


@pytest.fixture
def accounts(shop: Organization) -> dict[str, Account]:
    return {site: make_account(shop, site_id=site) for site in ("MLB", "MLA", "MLM", "MLC")}


@pytest.fixture
def sales(accounts: dict[str, Account]) -> list[Order]:
    """Every row of the table, as an order; half of the shipments come before their orders."""
    of_site: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(SALES):
        of_site[row.get("site", "MLB")].append(number)
    for site, numbers in of_site.items():
        account = accounts[site]
        shipped = [number for number in numbers if "ship" in SALES[number]]
        parcels = [shipment_reading(number, account.meli_user_id) for number in shipped]
        read(account, ShipmentResource, parcels[::2])
        read(account, OrderResource, [order_reading(number) for number in numbers])
        read(account, ShipmentResource, parcels[1::2])
    return [Order.objects.get(meli_id=order_id(number)) for number in range(len(SALES))]


def expected(row: Row) -> Row:
    lines = lines_of(row)
    whole = {
        "gross": lines[0]["price"],
        "sale_fee": lines[0]["fee"],
        "shipping_cost": row.get("ship"),
        "discounts": "0.00",
        "refunded": "0.00",
        "incomplete": [],
        "is_sale": True,
        "day": "2026-11-05",
        "units": lines[0].get("quantity") or 1,
        "refunds": [],
        **row["expect"],
    }
    return {"left": whole["net"], **whole}


def amounts(row: Row) -> dict[str, Decimal | None]:
    names = ("gross", "sale_fee", "shipping_cost", "discounts", "net", "refunded", "left")
    return {name: number_of(expected(row)[name]) for name in names}


def test_the_table_has_enough_cases() -> None:
    assert len(SALES) >= 40
    assert len({row["name"] for row in SALES}) == len(SALES)


def test_every_amount_of_every_row(sales: list[Order]) -> None:
    wrong = {}
    for row, order in zip(SALES, sales, strict=True):
        told = {name: getattr(order, name) for name in amounts(row)}
        if told != amounts(row):
            wrong[row["name"]] = (told, amounts(row))
    assert not wrong


def test_what_counts_as_a_sale_and_what_is_unknown(sales: list[Order]) -> None:
    for row, order in zip(SALES, sales, strict=True):
        want = expected(row)
        told = (order.is_sale, order.units, order.unknown_parts)
        assert told == (want["is_sale"], want["units"], want["incomplete"]), row["name"]


def test_refunds_have_their_own_local_day(sales: list[Order]) -> None:
    for row, order in zip(SALES, sales, strict=True):
        zone = order.account.time_zone
        told = [[str(r.refunded_at.astimezone(zone).date()), str(r.amount)] for r in order.refunds.all()]
        assert told == expected(row)["refunds"], row["name"]


def test_the_explanation_adds_up_to_the_same_cents(sales: list[Order]) -> None:
    for row, order in zip(SALES, sales, strict=True):
        parts = explain(order, Shipment.objects.filter(meli_id=order.shipment_id).first())
        by_name = {part.name: part for part in parts}
        want = amounts(row)
        for name in ("gross", "sale_fee", "shipping_cost", "discounts", "net"):
            assert by_name[name].amount == want[name], (row["name"], name)
            assert by_name[name].source or name == "net"
        assert ("taxes" in by_name and str(by_name["taxes"].amount)) == row.get("taxes", False), row["name"]
        running: Decimal | None = D(0)
        for part in parts:
            if part.sign == "=":
                assert part.amount == running, row["name"]
            elif part.sign:
                known = running is not None and part.amount is not None
                running = running + (part.amount if part.sign == "+" else -part.amount) if known else None
        assert by_name["left"].amount == want["left"] if "left" in by_name else want["refunded"] == 0


def test_the_api_tells_the_same(sales: list[Order], ana: User) -> None:
    api = APIClient()
    api.force_login(ana)
    rows = {row["id"]: row for row in api.get("/api/orders?page_size=200").json()["results"]}
    for number, row in enumerate(SALES):
        want = {name: None if value is None else f"{value:.2f}" for name, value in amounts(row).items()}
        del want["refunded"], want["left"]
        assert rows[order_id(number)]["net"] == {**want, "incomplete": expected(row)["incomplete"]}, row[
            "name"
        ]


def test_the_api_says_where_each_amount_comes_from(sales: list[Order], ana: User) -> None:
    api = APIClient()
    api.force_login(ana)
    for row, order in zip(SALES, sales, strict=True):
        parts = api.get(f"/api/orders/{order.meli_id}").json()["breakdown"]
        by_name = {part["name"]: part for part in parts}
        want = amounts(row)
        for name in ("gross", "sale_fee", "shipping_cost", "discounts", "net"):
            told = by_name[name]
            assert number_of(told["amount"]) == want[name], (row["name"], name)
            assert bool(told["source"]) is (told["sign"] != "="), (row["name"], name)
        zone = order.account.time_zone
        refunds = [
            [str(datetime.fromisoformat(part["date"]).astimezone(zone).date()), part["amount"]]
            for part in parts
            if part["name"] == "refund" and part["amount"] is not None
        ]
        assert refunds == expected(row)["refunds"], row["name"]
        assert ("left" in by_name) is (want["refunded"] != 0), row["name"]
        if left := by_name.get("left"):
            assert number_of(left["amount"]) == want["left"], row["name"]


def test_the_shipment_of_an_order_is_read_once(sales: list[Order], ana: User) -> None:
    api = APIClient()
    api.force_login(ana)
    with CaptureQueriesContext(connection) as asked:
        assert api.get(f"/api/orders/{sales[0].meli_id}").status_code == 200
    assert sum('FROM "shipments_shipment"' in one["sql"] for one in asked.captured_queries) == 1


def money_on(page: str, order: Order) -> list[tuple[str, str]]:
    """Return the labels and the amounts of an order's money, as its page shows them."""
    own = page.partition(f"<summary>Order {order.meli_id}</summary>")[2] or page
    listed = own.partition('<dl class="sums">')[2].partition("</dl>")[0]
    listed = re.sub(r'<span class="help">.*?</span></span>', "", listed, flags=re.DOTALL)
    pairs = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", listed, re.DOTALL)
    return [(words_of(label), words_of(amount)) for label, amount in pairs]


def words_of(html: str) -> str:
    return re.sub(r"(<[^>]+>|[ \n])+", " ", html).strip(" ")


def shown(amount: Decimal | None, order: Order, sign: str = "") -> str:
    if amount is None:
        return "not known yet"
    return f"{sign if amount else ''}{money(amount, order.currency_id)}"


def test_the_page_tells_the_same(sales: list[Order], ana: User, client: Client) -> None:
    client.force_login(ana)
    for row, order in zip(SALES, sales, strict=True):
        page = client.get(f"/orders/{order.meli_id}/", headers={"accept-language": "en"}).content.decode()
        want = amounts(row)
        parts = [
            ("Items sold", shown(want["gross"], order)),
            ("Sale fee", shown(want["sale_fee"], order, "− ")),
            ("Shipping you pay", shown(want["shipping_cost"], order, "− ")),
            ("Discounts you fund", shown(want["discounts"], order, "− ")),
            ("Net", shown(want["net"], order)),
        ]
        if want["refunded"] != 0:
            refunds = [number_of(amount) for _day, amount in expected(row)["refunds"]] or [None]
            parts += [("Refunded", shown(amount, order, "− ")) for amount in refunds]
            parts.append(("Left after refunds", shown(want["left"], order)))
        if taxes := row.get("taxes"):
            parts.append(("Taxes", shown(D(taxes), order)))
        told = money_on(page, order)
        for (label, amount), (told_label, told_amount) in zip(parts, told, strict=False):
            assert told_label.startswith(label), row["name"]
            assert told_amount == amount, (row["name"], label)
        assert len(told) >= len(parts), row["name"]


@pytest.fixture
def reckoned(accounts: dict[str, Account], sales: list[Order]) -> list[Order]:
    """The Brazilian rows, each product at its `cost`: 6 % go to taxes, 1.00 into each order."""
    account = accounts["MLB"]
    SaleCost.objects.create(account=account, tax_percent=D("6.00"), per_order=D("1.00"), starts_on=BEGINNING)
    ProductCost.objects.bulk_create(
        ProductCost(account=account, sku=f"SKU-{number}", amount=D(row["cost"]), starts_on=BEGINNING)
        for number, row in enumerate(SALES)
        if "cost" in row
    )
    set_all_profits(account)
    return list(Order.objects.filter(account=account).order_by("meli_id"))


def test_what_is_earned_is_known_to_the_cent_and_no_further(reckoned: list[Order], ana: User) -> None:
    api = APIClient()
    api.force_login(ana)
    worked_out = 0
    for order in reckoned:
        number = int(order.meli_id) - FIRST
        row = SALES[number]
        told = {name: getattr(order, name) for name in ("goods_cost", "tax", "profit")}
        shown = api.get(f"/api/orders/{order.meli_id}").json()["profit"]
        if own := row["expect"].get("own"):
            assert told == {name: number_of(value) for name, value in own.items()}, row["name"]
            assert shown is None or {name: shown[name] for name in own} == own, row["name"]
            worked_out += 1
        is_own = expected(row)["is_sale"] and row.get("currency", "BRL") == "BRL"
        assert (shown is not None) is is_own, row["name"]
        if shown is not None and "cost" not in row:
            assert (shown["profit"], shown["missing_costs"]) == (None, [f"SKU-{number}"]), row["name"]
            assert "goods_cost" in shown["incomplete"], row["name"]
        missing = shown["missing_costs"] if shown else []
        assert order.missing_cost == next(iter(missing), ""), row["name"]
    assert worked_out >= 13


def test_what_is_earned_is_on_the_page(reckoned: list[Order], ana: User, client: Client) -> None:
    client.force_login(ana)
    for order in reckoned:
        row = SALES[int(order.meli_id) - FIRST]
        if own := row["expect"].get("own"):
            page = client.get(f"/orders/{order.meli_id}/", headers={"accept-language": "en"}).content.decode()
            costs = [
                ("Cost of goods", shown(number_of(own["goods_cost"]), order, "− ")),
                ("Your taxes", shown(number_of(own["tax"]), order, "− ")),
                ("Cost per order", shown(D("1.00"), order, "− ")),
                ("Profit", shown(number_of(own["profit"]), order)),
            ]
            is_own = expected(row)["is_sale"] and order.currency_id == "BRL"
            names = [label for label, _amount in costs]
            told = [one for one in money_on(page, order) if one[0] in names]
            assert told == (costs if is_own else []), row["name"]


@pytest.mark.parametrize("site", ["MLB", "MLA", "MLM", "MLC"])
def test_statistics_add_up_the_same_by_local_day(
    sales: list[Order], shop: Organization, accounts: dict[str, Account], site: str
) -> None:
    form = PeriodForm({"account_id": accounts[site].pk}, organization=shop)
    stats = order_stats(form, READ_AT)
    counted = [expected(row) for row in SALES if row.get("site", "MLB") == site]
    currencies = [row.get("currency", "BRL") for row in SALES if row.get("site", "MLB") == site]
    days: dict[str, int] = defaultdict(int)
    gross: dict[str, Decimal] = defaultdict(Decimal)
    net: dict[str, Decimal] = defaultdict(Decimal)
    for want, currency in zip(counted, currencies, strict=True):
        if want["is_sale"]:
            days[want["day"]] += 1
            gross[currency] += D(want["gross"])
            net[currency] += D(want["net"] or 0)
    assert stats.total == len(counted)
    assert {row.currency_id: row.gross for row in stats.by_currency} == dict(gross)
    assert {row.currency_id: row.net_known for row in stats.by_currency} == dict(net)
    assert {str(day.date): day.orders for day in stats.per_day if day.orders} == dict(days)
    assert (stats.sales.gross is None) is (len(gross) > 1)


def test_two_partial_refunds_are_two_dates(account: Account) -> None:
    number = next(n for n, row in enumerate(SALES) if row["name"] == "one unit")
    for hour, (refunded, day) in enumerate([("0", 13), ("10.00", 14), ("10.00", 15), ("35.50", 16)]):
        changed = f"2026-11-{day}T10:00:00.000-04:00"
        payment = {"amount": "129.90", "refunded": refunded, "changed": changed}
        updated = f"2026-11-17T1{hour}:00:00.000-04:00"
        read(account, OrderResource, [order_reading(number, payments=[payment], updated=updated)])
    zone = ZoneInfo("America/Sao_Paulo")
    refunds = Refund.objects.order_by("refunded_at")
    assert [(str(r.refunded_at.astimezone(zone).date()), r.amount, r.total) for r in refunds] == [
        ("2026-11-14", D("10.00"), D("10.00")),
        ("2026-11-16", D("25.50"), D("35.50")),
    ]
    assert Order.objects.get().refunded == D("35.50")


def test_refunds_count_on_their_own_day(sales: list[Order], shop: Organization) -> None:
    days = refunds_by_day(PeriodForm({}, organization=shop), READ_AT)
    assert {
        str(day): (refunded.of_sales, refunded.of_others) for (day, _currency), refunded in days.items()
    } == {
        "2026-11-13": (D("60.00"), D("300.00")),
        "2026-11-14": (D("10.01"), D(0)),
        "2026-11-15": (D("50.00"), D(0)),
    }
    one = PeriodForm({"date_from": "2026-11-14", "date_to": "2026-11-14"}, organization=shop)
    assert [str(day) for day, _currency in refunds_by_day(one, READ_AT)] == ["2026-11-14"]


def test_a_refund_that_is_taken_back_disappears(account: Account) -> None:
    for hour, refunded in enumerate(["10.00", "30.00", "10.00", "0"]):
        payment = {"amount": "129.90", "refunded": refunded, "changed": CREATED}
        updated = f"2026-11-17T1{hour}:00:00.000-04:00"
        read(account, OrderResource, [order_reading(0, payments=[payment], updated=updated)])
        assert sum(refund.amount for refund in Refund.objects.all()) == D(refunded)


def test_a_refund_stays_while_its_payment_tells_no_amount(account: Account) -> None:
    for hour, refunded in enumerate(["10.00", None]):
        payment = {"amount": "129.90", "refunded": refunded, "detail": "partially_refunded"}
        updated = f"2026-11-17T1{hour}:00:00.000-04:00"
        read(account, OrderResource, [order_reading(0, payments=[payment], updated=updated)])
    assert Order.objects.get().refunded is None
    assert [refund.amount for refund in Refund.objects.all()] == [D("10.00")]


def test_reading_a_refund_again_notes_it_once(account: Account) -> None:
    payment = {"amount": "129.90", "refunded": "10.00", "changed": CREATED}
    for _ in range(3):
        read(account, OrderResource, [order_reading(0, payments=[payment])])
    assert Refund.objects.count() == 1


def test_refunds_cost_the_same_queries_for_any_number_of_orders(account: Account) -> None:
    payment = {"amount": "129.90", "refunded": "10.00", "changed": CREATED}

    def queries(*numbers: int) -> int:
        Order.objects.all().delete()
        OrderResource(account).save([order_reading(n, payments=[payment]) for n in numbers], READ_AT)
        with CaptureQueriesContext(connection) as captured:
            settle_saved("orders", account, [order_id(n) for n in numbers])
        assert Refund.objects.count() == len(numbers)
        return len(captured)

    to_be_agreed = next(n for n, row in enumerate(SALES) if row["name"] == "to be agreed with the buyer")
    assert queries(0, to_be_agreed) == queries(*range(20), to_be_agreed)


def test_an_order_of_several_items_is_of_its_first(account: Account) -> None:
    reading = order_reading(0, lines=[{"price": "10.00", "fee": "1.00"}, {"price": "20.00", "fee": "2.00"}])
    first, second = reading.payload["order_items"]
    first["item"] = {**first["item"], "id": "MLB1"}
    second["item"] = {**second["item"], "id": "MLB2"}

    read(account, OrderResource, [reading])

    assert [line.item_id for line in Order.objects.get().items.all()] == ["MLB1", "MLB2"]
    assert Order.objects.get().item_id == "MLB1"
