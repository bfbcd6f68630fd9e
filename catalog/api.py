"""`/api/items` (contract section 3.5)."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from painelml.web.api import AccountForm, MirrorSerializer, MirrorViewSet, RowSerializer

from . import queries
from .forms import ItemFilterForm
from .models import Item, ItemQuerySet, Variation


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


class ItemViewSet(MirrorViewSet):
    """Listings, newest first."""

    serializer_class = ItemSerializer
    query_forms: ClassVar[dict[str, Any]] = {"list": ItemFilterForm, "retrieve": AccountForm}
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
