"""`/api/items` (contract section 3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from painelml.web.api import (
    AccountForm,
    MirrorSerializer,
    MirrorViewSet,
    Money,
    RowSerializer,
    StrictSerializer,
    Whole,
    Word,
    answer_for,
    not_done,
)
from painelml.web.exports import Column, ExportMixin, Summary, export_form
from painelml.web.once import acts_once
from painelml.web.period import PeriodForm
from painelml.web.refusals import words_for_codes

from . import actions, queries
from .exports import COLUMNS, summarize_items
from .forms import STATUSES_TO_SET, UNITS_MAX, ItemFilterForm, price_problem
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


class StockOfVariationSerializer(StrictSerializer):
    id = serializers.CharField(max_length=32)
    available_quantity = Whole(min_value=0, max_value=UNITS_MAX)


@extend_schema_field(StockOfVariationSerializer(many=True))
class StockOfVariations(serializers.Field):
    """A list of `{"id", "available_quantity"}` as `{id: units}`; what is wrong is said as sentences."""

    def to_internal_value(self, data: Any) -> dict[str, int]:
        if not isinstance(data, list) or not data:
            raise ValidationError(_("Give a list of variations, each with its id and available_quantity."))
        units: dict[str, int] = {}
        wrong = []
        for place, one in enumerate(data, start=1):
            given = StockOfVariationSerializer(data=one)
            if given.is_valid():
                units[given.validated_data["id"]] = given.validated_data["available_quantity"]
            for name, messages in given.errors.items():
                wrong += [f"{place}. {name}: {message}" for message in messages]
        if wrong:
            raise ValidationError(wrong)
        if len(units) < len(data):
            raise ValidationError(_("Name each variation once."))
        return units


class ItemChangeSerializer(StrictSerializer):
    """What shall become of an item; what is left out stays. Needs the item in its context."""

    price = serializers.DecimalField(max_digits=14, decimal_places=4, required=False)
    available_quantity = Whole(min_value=0, max_value=UNITS_MAX, required=False)
    status = serializers.ChoiceField(STATUSES_TO_SET, required=False)
    variations = StockOfVariations(required=False)

    def validate_price(self, price: Decimal) -> Decimal:
        if problem := price_problem(price, self.context["item"].currency_id):
            raise ValidationError(problem)
        return price

    def validate(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if not given:
            raise ValidationError(_("Give at least one of: price, available_quantity, status, variations."))
        return given


class ItemStatsSerializer(serializers.Serializer):
    """Figures of the items created in the period; stock is what active and paused ones hold."""

    total = serializers.IntegerField()
    by_status = serializers.DictField(child=serializers.IntegerField())
    out_of_stock = serializers.IntegerField()
    low_stock = serializers.IntegerField()
    stock_units = serializers.IntegerField()
    stock_value = Money(max_digits=20)
    currency_id = Word()


class ItemViewSet(ExportMixin, MirrorViewSet):
    """Listings, newest first."""

    serializer_class = ItemSerializer
    export_title = gettext_lazy("Items")
    export_columns: ClassVar[list[Column]] = COLUMNS
    query_forms: ClassVar[dict[str, Any]] = {
        "list": ItemFilterForm,
        "export": export_form(ItemFilterForm),
        "retrieve": AccountForm,
        "partial_update": AccountForm,
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

    def summarize(self, rows: ItemQuerySet) -> Summary:
        return summarize_items(rows)

    def get_queryset(self) -> ItemQuerySet:
        return queries.items_for_listing(self.request.organization, self.query)

    @extend_schema(request=ItemChangeSerializer, responses=ItemSerializer)
    @acts_once
    def partial_update(self, request: Request, id: str) -> Response:
        """Change price, stock or status at Mercado Livre, and answer the item as it then is.

        409 names in `fields` what could not be changed, because the item is closed, its price is automated
        or its stock is not the seller's to set; 502 and 503 name in `applied` what was changed before.
        """
        item = self.get_object()
        given = ItemChangeSerializer(data=request.data, context={"item": item})
        given.is_valid(raise_exception=True)
        try:
            changed = actions.change_item(item, actions.Change(**given.validated_data))
        except actions.Closed as error:
            return not_done(str(error), fields=[error.field])
        except actions.NotPossible as error:
            raise ValidationError({error.field: [str(error)]}) from error
        except actions.Ignored as error:
            detail = words_for_codes(error.codes) or _("Mercado Livre left this as it was.")
            return not_done(detail, fields=error.fields, codes=error.codes)
        except actions.PartlyChanged as error:
            return partly(error)
        return Response(ItemSerializer(changed).data)

    @extend_schema(responses=ItemStatsSerializer)
    @action(detail=False)
    def stats(self, request: Request) -> Response:
        """Return figures of a period; without one, of everything."""
        return Response(ItemStatsSerializer(item_stats(self.query, timezone.now())).data)


def partly(error: actions.PartlyChanged) -> Response:
    """Return the answer for a change that stopped half-way: the failure, and what was `applied` before."""
    if isinstance(error.error, actions.NotPossible):
        response = not_done(str(error.error), fields=[error.error.field])
    else:
        response = answer_for(error.error)
    response.data["applied"] = error.fields
    return response
