"""`/api/items` (contract section 3.5)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core import signing
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from accounts.models import Account
from painelml.web.api import (
    PAGE_SIZE,
    PAGE_SIZE_MAX,
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
from painelml.web.exports import ExportMixin, export_form
from painelml.web.once import acts_once
from painelml.web.period import PeriodForm
from painelml.web.refusals import words_for_codes
from painelml.web.schema import ASKING

from . import actions, queries
from .exports import LISTING
from .forms import STATUSES_TO_SET, UNITS_MAX, ItemFilterForm, price_problem
from .locations import locations_of
from .models import Item, ItemQuerySet, StockPart, Variation
from .stats import item_stats
from .stock import Cover, UnitCosts, Urgency, covers_of_item, described, sold_covers, unsold_covers, urgency


class StockForm(AccountForm):
    max_days = forms.IntegerField(
        label=gettext_lazy("Only what lasts at most so many days"),
        min_value=0,
        max_value=3650,
        required=False,
    )
    page_size = forms.IntegerField(
        label=gettext_lazy("Rows of a page"), min_value=1, max_value=PAGE_SIZE_MAX, required=False
    )
    cursor = forms.CharField(label=gettext_lazy("Where the page begins"), max_length=500, required=False)


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
        fields: tuple[str, ...] = (
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


class ListingSerializer(serializers.Serializer):
    item_id = serializers.CharField()
    variation_id = serializers.CharField(allow_null=True)


class StockSerializer(serializers.Serializer):
    """Units that one or several listings sell from, and how long they last at the pace of the last 30 days.

    `listings` share the units. Days in which nothing was left are not counted as days without sales:
    `days_in_stock` are the others. `days_of_cover` is null while nothing sells; `out_on` is the day on which
    the stock then ends. `lost_per_day` is what each day without stock costs in sales at the present price.
    `unit_cost` is today's of `/api/costs`; `value` and `value_at_cost` are null while price or cost is
    unknown.
    """

    account_id = serializers.IntegerField(source="pool.account_id")
    id = serializers.CharField(source="pool.key")
    listings = serializers.SerializerMethodField()
    title = Word(source="pool.title")
    sku = Word(source="pool.sku")
    currency_id = Word(source="pool.currency_id")
    available_quantity = serializers.IntegerField(source="pool.available")
    sold_30_days = serializers.IntegerField(source="sold")
    days_in_stock = Money(decimal_places=1)
    sold_per_day = Money(source="per_day")
    days_of_cover = Money(source="days", decimal_places=1)
    out_on = serializers.DateField(allow_null=True)
    lost_per_day = Money(max_digits=20)
    price = Money(source="pool.price")
    unit_cost = serializers.SerializerMethodField()
    value = Money(max_digits=20, source="pool.value")
    value_at_cost = serializers.SerializerMethodField()

    @extend_schema_field(ListingSerializer(many=True))
    def get_listings(self, cover: Cover) -> list[dict[str, Any]]:
        return [{"item_id": item, "variation_id": part or None} for item, part in cover.pool.sellers]

    @extend_schema_field(Money())
    def get_unit_cost(self, cover: Cover) -> str | None:
        return Money().to_representation(cost) if (cost := self.cost(cover)) is not None else None

    @extend_schema_field(Money())
    def get_value_at_cost(self, cover: Cover) -> str | None:
        cost = self.cost(cover)
        return None if cost is None else Money(max_digits=20).to_representation(cost * cover.pool.available)

    def cost(self, cover: Cover) -> Decimal | None:
        costs: UnitCosts = self.context["costs"]
        return costs.of(cover.pool)


class StockPageSerializer(serializers.Serializer):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = StockSerializer(many=True)


class ItemDetailSerializer(ItemSerializer):
    stock = serializers.SerializerMethodField()

    class Meta(ItemSerializer.Meta):
        fields = (*ItemSerializer.Meta.fields, "stock")

    @extend_schema_field(StockSerializer(many=True))
    def get_stock(self, item: Item) -> Any:
        """Return the stock the item sells from, one for each of its variations; none of a closed item."""
        now = timezone.now()
        covers = covers_of_item(item, now)
        costs = UnitCosts([item.account], [one.pool for one in covers], now)
        return StockSerializer(covers, many=True, context={"costs": costs}).data


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


class LocationSerializer(serializers.Serializer):
    """Units in one place: `seller_warehouse` is a deposit of the seller's, `selling_address` where they sell
    from, `meli_facility` Full. Variations of one product share them; `variation_ids` is empty where the item
    has no stock for each of its variations.
    """

    variation_ids = serializers.ListField(child=serializers.CharField())
    type = serializers.CharField()
    store_id = Word()
    network_node_id = Word()
    available_quantity = serializers.IntegerField(source="units")


class LocationsSerializer(serializers.Serializer):
    """Where the units lie, for the first 20 products of an item; `left_out` counts the others."""

    left_out = serializers.IntegerField()
    locations = LocationSerializer(many=True)


class StockValueSerializer(serializers.Serializer):
    """What stock is worth at its price and at today's cost; units without a known one are left out of it, and
    how many stocks that are is said.
    """

    currency_id = serializers.CharField()
    units = serializers.IntegerField()
    at_price = Money(max_digits=20)
    at_cost = Money(max_digits=20)
    without_price = serializers.IntegerField()
    without_cost = serializers.IntegerField()


class ItemStatsSerializer(serializers.Serializer):
    """Figures of the items created in the period; stock is what active and paused ones hold.

    `running_out` counts stocks that last a week at most, `lost_per_day` is what stock that ran out costs in
    sales, by currency.
    """

    total = serializers.IntegerField()
    by_status = serializers.DictField(child=serializers.IntegerField())
    out_of_stock = serializers.IntegerField()
    low_stock = serializers.IntegerField()
    stock_units = serializers.IntegerField()
    stock_value = Money(max_digits=20)
    currency_id = Word()
    running_out = serializers.IntegerField()
    lost_per_day = serializers.DictField(child=Money(max_digits=20))
    stock_by_currency = StockValueSerializer(many=True)


class ItemViewSet(ExportMixin, MirrorViewSet):
    """Listings, newest first."""

    listing = LISTING
    query_forms: ClassVar[dict[str, Any]] = {
        "list": ItemFilterForm,
        "export": export_form(ItemFilterForm),
        "retrieve": AccountForm,
        "partial_update": AccountForm,
        "locations": AccountForm,
        "stats": PeriodForm,
        "stock": StockForm,
    }
    orderings: ClassVar = {
        "date_created": "date_created",
        "last_updated": "remote_updated_at",
        "title": "title",
        "price": "price",
        "available_quantity": "available_quantity",
        "sold_quantity": "sold_quantity",
    }

    def get_serializer_class(self) -> type[ItemSerializer]:
        return ItemDetailSerializer if self.action == "retrieve" else ItemSerializer

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

    @extend_schema(responses={200: LocationsSerializer, **ASKING})
    @action(detail=True)
    def locations(self, request: Request, id: str) -> Response:
        """Read at Mercado Livre where the units of an item lie now, deposit by deposit.

        What was read within the last minute is not read again.
        """
        return Response(LocationsSerializer(locations_of(self.get_object())).data)

    @extend_schema(responses=ItemStatsSerializer)
    @action(detail=False)
    def stats(self, request: Request) -> Response:
        """Return figures of a period; without one, of everything."""
        return Response(ItemStatsSerializer(item_stats(self.query, timezone.now())).data)

    @extend_schema(responses=StockPageSerializer)
    @action(detail=False)
    def stock(self, request: Request) -> Response:
        """List stocks with how long they last: what loses most sales first, then what runs out first.

        Listings of one product share a stock, so that it counts once.
        """
        now, form = timezone.now(), self.query
        page, cursor = page_of_stock(
            form.accounts,
            now,
            form.value("page_size") or PAGE_SIZE,
            after=read_cursor(form.value("cursor")),
            most=form.value("max_days"),
        )
        address = request.build_absolute_uri()
        context = {"costs": UnitCosts(form.accounts, [one.pool for one in page], now)}
        answer = {
            "next": replace_query_param(address, "cursor", cursor) if cursor else None,
            "previous": None,
            "results": StockSerializer(page, many=True, context=context).data,
        }
        return Response(answer)


def read_cursor(cursor: str | None) -> Urgency | None:
    """Raises ValidationError for one that was not made here."""
    if not cursor:
        return None
    try:
        lost, days, account_id, key = signing.loads(cursor, salt=__name__)
    except (signing.BadSignature, ValueError) as error:
        raise ValidationError({"cursor": [_("This cursor was not made for this list.")]}) from error
    return Decimal(lost), Decimal(days), account_id, key


def page_of_stock(
    accounts: list[Account], now: datetime, size: int, *, after: Urgency | None, most: int | None
) -> tuple[list[Cover], str | None]:
    """Return the stocks that follow a place in the list, the most urgent without one, and the next cursor.

    What sells comes first, and is a small part of a large catalog; of the rest only what is shown is read.
    """
    parts = StockPart.objects.filter(account__in=accounts)
    sold = sorted(sold_covers(accounts, parts, now, within=most), key=urgency)
    found = sold[bisect_right(sold, after, key=urgency) :] if after else sold[:]
    if most is None and len(found) <= size:
        beyond = after if after and not after[1].is_finite() else None
        found += unsold_covers(accounts, now, sold, size + 1 - len(found), beyond and beyond[2:])
    page = found[:size]
    # What did not sell comes last, and comes described.
    rows = described((one for one in page if one.sold), parts) + [one for one in page if not one.sold]
    if len(found) <= size:
        return rows, None
    lost, days, account_id, key = urgency(page[-1])
    return rows, signing.dumps([str(lost), str(days), account_id, key], salt=__name__)


def partly(error: actions.PartlyChanged) -> Response:
    """Return the answer for a change that stopped half-way: the failure, and what was `applied` before."""
    if isinstance(error.error, actions.NotPossible):
        response = not_done(str(error.error), fields=[error.error.field])
    else:
        response = answer_for(error.error)
    response.data["applied"] = error.fields
    return response
