"""`/api/shipments` (contract section 3.5)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from painelml.meli import parse_money
from painelml.sync.values import inner
from painelml.web.api import AccountForm, Instant, MirrorSerializer, MirrorViewSet, Money, Word
from painelml.web.period import PeriodForm

from . import queries
from .forms import ShipmentFilterForm
from .models import Shipment, ShipmentQuerySet
from .stats import shipment_stats


class ShipmentSerializer(MirrorSerializer):
    """A parcel that `queries.with_orders` filled in; `cost` is the seller's."""

    order_ids = serializers.ListField(child=serializers.CharField(), read_only=True)
    pack_id = Word(read_only=True)
    currency_id = Word(source="account.currency_id", read_only=True)

    class Meta:
        model = Shipment
        fields: tuple[str, ...] = (
            *MirrorSerializer.FIRST,
            "order_ids",
            "pack_id",
            "status",
            "substatus",
            "logistic_type",
            "tracking_number",
            "dispatch_by",
            "sla_status",
            "receiver_city",
            "receiver_state",
            "cost",
            "currency_id",
            "date_created",
            "date_shipped",
            "date_delivered",
        )


class EventSerializer(serializers.Serializer):
    """One step of a parcel's way."""

    status = Word()
    substatus = Word()
    date = Instant(allow_null=True)


class CostsSerializer(serializers.Serializer):
    """Who pays what for the parcel; null while unknown."""

    gross_amount = Money()
    receiver_cost = Money()
    sender_cost = Money()


class ShipmentDetailSerializer(ShipmentSerializer):
    history = EventSerializer(many=True, read_only=True)
    costs = CostsSerializer(read_only=True)

    class Meta(ShipmentSerializer.Meta):
        fields = (*ShipmentSerializer.Meta.fields, "history", "costs")

    def to_representation(self, shipment: Shipment) -> dict[str, Any]:
        shipment.costs = {
            "gross_amount": parse_money(inner(shipment.parts, "costs", "gross_amount")),
            "receiver_cost": shipment.receiver_cost,
            "sender_cost": shipment.cost,
        }
        shipment.history = queries.history_of(shipment)
        return super().to_representation(shipment)


class ShipmentStatsSerializer(serializers.Serializer):
    """Figures of the shipments created in the period; what waits for dispatch is of this moment."""

    total = serializers.IntegerField()
    by_status = serializers.DictField(child=serializers.IntegerField())
    to_dispatch_today = serializers.IntegerField()
    late = serializers.IntegerField()
    on_time_rate = serializers.FloatField(allow_null=True, min_value=0, max_value=1)
    average_delivery_hours = serializers.FloatField(allow_null=True)


class ShipmentViewSet(MirrorViewSet):
    """Parcels, newest first."""

    query_forms: ClassVar[dict[str, Any]] = {
        "list": ShipmentFilterForm,
        "retrieve": AccountForm,
        "stats": PeriodForm,
    }
    orderings: ClassVar = {
        "date_created": "date_created",
        "last_updated": "remote_updated_at",
        "dispatch_by": "dispatch_by",
    }

    def get_serializer_class(self) -> type[ShipmentSerializer]:
        return ShipmentDetailSerializer if self.action == "retrieve" else ShipmentSerializer

    def get_queryset(self) -> ShipmentQuerySet:
        shipments = queries.shipments_for_listing(self.request.organization, self.query)
        return shipments.defer(None) if self.action == "retrieve" else shipments

    def paginate_queryset(self, queryset: QuerySet[Shipment]) -> Any:
        return queries.with_orders(super().paginate_queryset(queryset) or [])

    def get_object(self) -> Shipment:
        return queries.with_orders([super().get_object()])[0]

    @extend_schema(responses=ShipmentStatsSerializer)
    @action(detail=False)
    def stats(self, request: Request) -> Response:
        """Return figures of a period; without one, of everything."""
        return Response(ShipmentStatsSerializer(shipment_stats(self.query, timezone.now())).data)
