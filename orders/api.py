"""`/api/orders` (contract section 3.5)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from painelml.web.api import AccountForm, MirrorSerializer, MirrorViewSet, Money, RowSerializer, Word
from painelml.web.exports import Column, ExportMixin, Summary, export_form
from painelml.web.period import PeriodForm
from shipments.api import ShipmentSerializer
from shipments.queries import shipment_of_order

from . import queries
from .exports import COLUMNS, summarize_orders
from .forms import OrderFilterForm
from .models import Order, OrderItem, OrderQuerySet, Payment
from .stats import order_stats


class BuyerSerializer(serializers.Serializer):
    id = Word(source="buyer_id")
    nickname = Word(source="buyer_nickname")


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


class OrderDetailSerializer(OrderSerializer):
    shipment = serializers.SerializerMethodField()

    class Meta(OrderSerializer.Meta):
        fields = (*OrderSerializer.Meta.fields, "shipment")

    @extend_schema_field(ShipmentSerializer(allow_null=True))
    def get_shipment(self, order: Order) -> dict[str, Any] | None:
        """Return the order's shipment once it is mirrored."""
        shipment = shipment_of_order(order)
        return ShipmentSerializer(shipment).data if shipment else None


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


class OrderViewSet(ExportMixin, MirrorViewSet):
    """Sales, newest first."""

    export_title = gettext_lazy("Orders")
    export_columns: ClassVar[list[Column]] = COLUMNS
    query_forms: ClassVar[dict[str, Any]] = {
        "list": OrderFilterForm,
        "export": export_form(OrderFilterForm),
        "retrieve": AccountForm,
        "stats": PeriodForm,
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

    def summarize(self, rows: OrderQuerySet) -> Summary:
        return summarize_orders(rows)

    def get_queryset(self) -> OrderQuerySet:
        orders = queries.orders_for_listing(self.request.organization, self.query)
        return orders if self.action == "export" else orders.prefetch_related("payments")

    @extend_schema(responses=OrderStatsSerializer)
    @action(detail=False)
    def stats(self, request: Request) -> Response:
        """Return figures of a period; without one, of everything."""
        return Response(OrderStatsSerializer(order_stats(self.query, timezone.now())).data)
