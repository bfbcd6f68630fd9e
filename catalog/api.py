"""`/api/items` (contract section 3.5)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from painelml.web.api import AccountForm, MirrorSerializer, MirrorViewSet, Money, RowSerializer, Word
from painelml.web.period import PeriodForm

from . import queries
from .forms import ItemFilterForm
from .models import Item, ItemQuerySet, Variation
from .stats import item_stats


class VariationSerializer(RowSerializer):
    id = serializers.CharField(source="meli_id", read_only=True)
    attributes = serializers.ListField(child=serializers.DictField(), read_only=True)

    class Meta:
        model = Variation
        fields = ("id", "sku", "available_quantity", "price", "attributes")


class ItemSerializer(MirrorSerializer):
    sub_status = serializers.ListField(child=serializers.CharField(), read_only=True)
    variations = VariationSerializer(many=True, read_only=True)

    class Meta:
        model = Item
        fields = (
            *MirrorSerializer.FIRST,
            "title",
            "status",
            "sub_status",
            "price",
            "currency_id",
            "available_quantity",
            "sold_quantity",
            "sku",
            "listing_type_id",
            "logistic_type",
            "permalink",
            "thumbnail",
            "variations",
            "date_created",
        )


class ItemStatsSerializer(serializers.Serializer):
    """Figures of the items created in the period; stock is what active and paused ones hold."""

    total = serializers.IntegerField()
    by_status = serializers.DictField(child=serializers.IntegerField())
    out_of_stock = serializers.IntegerField()
    low_stock = serializers.IntegerField()
    stock_units = serializers.IntegerField()
    stock_value = Money(max_digits=20)
    currency_id = Word()


class ItemViewSet(MirrorViewSet):
    """Listings, newest first."""

    serializer_class = ItemSerializer
    query_forms: ClassVar[dict[str, Any]] = {
        "list": ItemFilterForm,
        "retrieve": AccountForm,
        "stats": PeriodForm,
    }
    orderings: ClassVar = {
        "date_created": "date_created",
        "last_updated": "remote_updated_at",
        "title": "title",
        "price": "price",
        "available_quantity": "available_quantity",
        "sold_quantity": "sold_quantity",
    }

    def get_queryset(self) -> ItemQuerySet:
        return queries.items_for_listing(self.request.organization, self.query)

    @extend_schema(responses=ItemStatsSerializer)
    @action(detail=False)
    def stats(self, request: Request) -> Response:
        """Return figures of a period; without one, of everything."""
        return Response(ItemStatsSerializer(item_stats(self.query, timezone.now())).data)
