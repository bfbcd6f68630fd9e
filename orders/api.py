"""`/api/orders` (contract section 3.5)."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from painelml.web.api import AccountForm, MirrorSerializer, MirrorViewSet, Money, RowSerializer, Word
from shipments.api import ShipmentSerializer
from shipments.queries import shipment_of_order

from . import queries
from .forms import OrderFilterForm
from .models import Order, OrderItem, OrderQuerySet, Payment


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


class OrderViewSet(MirrorViewSet):
    """Sales, newest first."""

    query_forms: ClassVar[dict[str, Any]] = {"list": OrderFilterForm, "retrieve": AccountForm}
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
