"""`/api/orders` (contract section 3.5)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from painelml.web import masks
from painelml.web.api import (
    AboutPeople,
    AccountForm,
    Instant,
    MirrorSerializer,
    MirrorViewSet,
    Money,
    RowSerializer,
    Share,
    Word,
)
from painelml.web.exports import ExportMixin, export_form
from painelml.web.filters import day_of
from painelml.web.period import PeriodForm
from shipments.api import ShipmentSerializer
from shipments.queries import shipment_of_order

from . import queries, reports
from .explain import Part, explain
from .exports import LISTING
from .forms import OrderFilterForm, ReportForm
from .models import Order, OrderItem, OrderQuerySet, Payment
from .profit import (
    ItemEarned,
    accounts_without_sale_cost,
    missing_costs,
    products_without_cost,
    unknown_parts,
)
from .stats import order_stats

MISSING = 500
"""Products without a cost that an answer lists."""


class BuyerSerializer(serializers.Serializer):
    id = Word(source="buyer_id")
    nickname = AboutPeople(masks.nickname, source="buyer_nickname", allow_null=True)


class OrderItemSerializer(RowSerializer):
    """A line; `sale_fee` is per unit."""

    class Meta:
        model = OrderItem
        fields = ("item_id", "variation_id", "title", "sku", "quantity", "unit_price", "sale_fee")


class PaymentSerializer(RowSerializer):
    id = serializers.CharField(source="meli_id", read_only=True)

    class Meta:
        model = Payment
        fields = (
            "id",
            "status",
            "status_detail",
            "payment_type",
            "payment_method_id",
            "installments",
            "currency_id",
            "transaction_amount",
            "transaction_amount_refunded",
            "coupon_amount",
            "shipping_cost",
            "taxes_amount",
            "total_paid_amount",
            "date_created",
            "date_approved",
            "date_last_modified",
        )


class NetSerializer(serializers.Serializer):
    """What is left of the whole order, part by part; `incomplete` names the parts not known yet."""

    gross = Money()
    sale_fee = Money()
    shipping_cost = Money()
    discounts = Money()
    net = Money()
    incomplete = serializers.ListField(child=serializers.CharField(), source="unknown_parts")


class OrderSerializer(MirrorSerializer):
    buyer = BuyerSerializer(source="*", read_only=True)
    items = OrderItemSerializer(many=True, read_only=True)
    payments = PaymentSerializer(many=True, read_only=True)
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    cancel_detail = serializers.DictField(allow_null=True, read_only=True)
    net = NetSerializer(source="*", read_only=True)

    class Meta:
        model = Order
        fields: tuple[str, ...] = (
            *MirrorSerializer.FIRST,
            "pack_id",
            "status",
            "date_created",
            "date_closed",
            "total_amount",
            "paid_amount",
            "currency_id",
            "buyer",
            "items",
            "payments",
            "shipment_id",
            "tags",
            "cancel_detail",
            "net",
        )


class ProfitSerializer(serializers.Serializer):
    """What a sale earns: what is `left` of it after refunds, less goods, taxes and the cost per order.

    `margin` is a share of gross. `incomplete` names the parts not known yet, `missing_costs` the products
    (the SKU, or the item where a line has none) whose cost on the day of the sale nobody said.
    """

    refunded = Money()
    left = Money()
    goods_cost = Money()
    tax = Money()
    fixed_cost = Money()
    profit = Money()
    margin = Share()
    incomplete = serializers.SerializerMethodField()
    missing_costs = serializers.SerializerMethodField()

    def get_incomplete(self, order: Order) -> list[str]:
        return unknown_parts(order)

    def get_missing_costs(self, order: Order) -> list[str]:
        return products_without_cost(order)


class PartSerializer(serializers.Serializer):
    """A part of an order's money, and in `source` the field or call of Mercado Livre, or the cost of yours,
    that it comes from; nothing of a sum.

    `sign` is `+` or `-` for what is added or taken away, `=` for what the parts above leave, and empty for
    what is told beside them. A refund has the `date` on which it was made.
    """

    name = serializers.CharField()
    label = serializers.CharField()
    sign = serializers.SerializerMethodField()
    amount = Money()
    source = Word()
    note = Word()
    date = Instant(allow_null=True)

    @extend_schema_field(serializers.ChoiceField(["+", "-", "=", ""]))
    def get_sign(self, part: Part) -> str:
        return part.sign.replace("−", "-")


class OrderDetailSerializer(OrderSerializer):
    shipment = serializers.SerializerMethodField()
    breakdown = serializers.SerializerMethodField()
    profit = serializers.SerializerMethodField()

    class Meta(OrderSerializer.Meta):
        fields = (*OrderSerializer.Meta.fields, "shipment", "breakdown", "profit")

    def to_representation(self, order: Order) -> dict[str, Any]:
        self.mirrored = shipment_of_order(order)
        return super().to_representation(order)

    @extend_schema_field(PartSerializer(many=True))
    def get_breakdown(self, order: Order) -> Any:
        """Return every part of the order's money, in the order in which it is reckoned."""
        return PartSerializer(explain(order, self.mirrored), many=True).data

    @extend_schema_field(ProfitSerializer(allow_null=True))
    def get_profit(self, order: Order) -> dict[str, Any] | None:
        """Return what the order earns; null where it is no sale, or not in its account's currency."""
        counts = order.is_sale and order.currency_id == order.account.currency_id
        return ProfitSerializer(order).data if counts else None

    @extend_schema_field(ShipmentSerializer(allow_null=True))
    def get_shipment(self, order: Order) -> dict[str, Any] | None:
        """Return the order's shipment once it is mirrored."""
        return ShipmentSerializer(self.mirrored).data if self.mirrored else None


class SalesSerializer(serializers.Serializer):
    """What was sold: amounts are null when they would mix currencies.

    `net` is null, too, while the net of a sale is unknown: `net_known` sums the others, `net_unknown` counts.
    """

    orders = serializers.IntegerField()
    units = serializers.IntegerField()
    gross = Money(max_digits=20)
    net = Money(max_digits=20)
    net_known = Money(max_digits=20)
    net_unknown = serializers.IntegerField()


class SalesDaySerializer(SalesSerializer):
    date = serializers.DateField()


class CurrencySalesSerializer(SalesSerializer):
    currency_id = serializers.CharField()
    average_ticket = Money(max_digits=20)


class TopItemSerializer(serializers.Serializer):
    item_id = serializers.CharField()
    title = serializers.CharField(source="item_title")
    units = serializers.IntegerField()
    gross = Money(max_digits=20)
    currency_id = serializers.CharField()


class OrderStatsSerializer(serializers.Serializer):
    """Figures of the orders created in the period: `total` and `by_status` of all, the rest of sales."""

    total = serializers.IntegerField()
    by_status = serializers.DictField(child=serializers.IntegerField())
    orders = serializers.IntegerField(source="sales.orders")
    units = serializers.IntegerField(source="sales.units")
    gross = Money(max_digits=20, source="sales.gross")
    net = Money(max_digits=20, source="sales.net")
    net_known = Money(max_digits=20, source="sales.net_known")
    net_unknown = serializers.IntegerField(source="sales.net_unknown")
    average_ticket = Money(max_digits=20, source="sales.average_ticket")
    currency_id = Word(source="sales.currency_id")
    by_currency = CurrencySalesSerializer(many=True)
    per_day = SalesDaySerializer(many=True)
    top_items = TopItemSerializer(many=True)
    previous_period = SalesSerializer(allow_null=True)


class EarnedSerializer(serializers.Serializer):
    """What sales earned. `profit` is that of the complete ones, whose gross is `gross_complete` and of which
    `margin` is a share; `incomplete` counts the others. It is null where none is complete.
    """

    orders = serializers.IntegerField()
    incomplete = serializers.IntegerField()
    gross = Money(max_digits=20)
    gross_complete = Money(max_digits=20)
    profit = Money(max_digits=20, source="known_profit")
    margin = Share()


class RefundedSerializer(serializers.Serializer):
    """What went back to buyers, by the day it did: of orders that still are sales, and of others."""

    of_sales = Money(max_digits=20)
    of_others = Money(max_digits=20)


class DayEarnedSerializer(EarnedSerializer):
    date = serializers.DateField()
    refunded = RefundedSerializer()

    def to_representation(self, day: reports.ReportDay) -> dict[str, Any]:
        return {
            "date": day.date.isoformat(),
            **EarnedSerializer(day.earned).data,
            "refunded": RefundedSerializer(day.refunded).data,
        }


class ItemEarnedSerializer(EarnedSerializer):
    item_id = serializers.CharField()
    title = serializers.CharField()
    units = serializers.IntegerField()

    def to_representation(self, item: ItemEarned) -> dict[str, Any]:
        own = {"item_id": item.item_id, "title": item.title, "units": item.units}
        return {**own, **EarnedSerializer(item.earned).data}


class CurrencyEarnedSerializer(EarnedSerializer):
    currency_id = serializers.CharField()
    refunded = RefundedSerializer()
    previous_period = EarnedSerializer()
    per_day = DayEarnedSerializer(many=True)
    items = ItemEarnedSerializer(many=True)

    def to_representation(self, block: reports.CurrencyReport) -> dict[str, Any]:
        return {
            "currency_id": block.currency_id,
            **EarnedSerializer(block.total).data,
            "refunded": RefundedSerializer(block.refunded).data,
            "previous_period": EarnedSerializer(block.before).data,
            "per_day": DayEarnedSerializer(block.days, many=True).data,
            "items": ItemEarnedSerializer(block.items, many=True).data,
        }


class MissingCostSerializer(serializers.Serializer):
    """A product whose cost nobody said: its SKU, or its item where it has none."""

    account_id = serializers.IntegerField()
    sku = serializers.CharField(source="key")
    title = serializers.CharField()
    orders = serializers.IntegerField()
    units = serializers.IntegerField()
    first_sold = Instant()
    last_sold = Instant()


class ProfitReportSerializer(serializers.Serializer):
    """What the sales of a period earned, the currency with most of them first.

    `missing_costs` are products without a cost, those that keep most sales incomplete first, 500 at most;
    `accounts_without_sale_cost` have neither taxes nor a cost per order, so that none of their profit is
    known.
    """

    date_from = serializers.DateField()
    date_to = serializers.DateField()
    currencies = CurrencyEarnedSerializer(many=True)
    missing_costs = MissingCostSerializer(many=True)
    accounts_without_sale_cost = serializers.ListField(child=serializers.IntegerField())


class ProfitForm(ReportForm):
    """The period of the profit, the last 30 days without one, and how many items each currency lists."""

    ITEMS_MAX = 1000

    days = forms.IntegerField(
        label=gettext_lazy("How many days, until today"),
        min_value=1,
        max_value=ReportForm.DAYS_MAX,
        required=False,
    )
    items = forms.IntegerField(
        label=gettext_lazy("How many items to list, those that earned most first"),
        min_value=0,
        max_value=ITEMS_MAX,
        required=False,
    )


class OrderViewSet(ExportMixin, MirrorViewSet):
    """Sales, newest first."""

    listing = LISTING
    query_forms: ClassVar[dict[str, Any]] = {
        "list": OrderFilterForm,
        "export": export_form(OrderFilterForm),
        "retrieve": AccountForm,
        "stats": PeriodForm,
        "profit": ProfitForm,
    }
    orderings: ClassVar = {
        "date_created": "date_created",
        "last_updated": "remote_updated_at",
        "date_closed": "date_closed",
        "total_amount": "total_amount",
        "net": "net",
    }

    def get_serializer_class(self) -> type[OrderSerializer]:
        return OrderDetailSerializer if self.action == "retrieve" else OrderSerializer

    def get_queryset(self) -> OrderQuerySet:
        orders = queries.orders_for_listing(self.request.organization, self.query)
        return orders.prefetch_related("payments")

    @extend_schema(responses=ProfitReportSerializer)
    @action(detail=False)
    def profit(self, request: Request) -> Response:
        """Return what the sales of a period earned once products, taxes and handling are paid.

        In all, by day and by item; of the last 30 days without a period, of one year at most.
        """
        form, now = self.query, timezone.now()
        first, last = form.bounds(form.today, form.zone)
        items = form.value("items")
        answer = {
            "date_from": day_of(first, form.zone),
            "date_to": day_of(last, form.zone),
            "currencies": reports.report(form, now, reports.ITEMS if items is None else items),
            "missing_costs": missing_costs(reports.orders_of(form, now), MISSING),
            "accounts_without_sale_cost": [one.pk for one in accounts_without_sale_cost(form.accounts)],
        }
        return Response(ProfitReportSerializer(answer).data)

    @extend_schema(responses=OrderStatsSerializer)
    @action(detail=False)
    def stats(self, request: Request) -> Response:
        """Return figures of a period; without one, of everything."""
        return Response(OrderStatsSerializer(order_stats(self.query, timezone.now())).data)
