"""`/api/shipments` (contract section 3.5)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import MethodNotAllowed, NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Role
from painelml.meli import parse_money
from painelml.sync.api import BackfillForm
from painelml.sync.backfill import BackfillMixin
from painelml.sync.values import inner
from painelml.web.api import AccountForm, Instant, MirrorSerializer, MirrorViewSet, Money, Word
from painelml.web.exports import ExportMixin, export_form
from painelml.web.once import acts_once
from painelml.web.period import PeriodForm
from painelml.web.refusals import words_for_codes
from painelml.web.schema import ASKING

from . import actions, queries
from .exports import LISTING
from .forms import LabelsForm, ShipmentFilterForm
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


class RateSerializer(serializers.Serializer):
    """How many were handed over of those whose deadline is known, and the share of them that went in time."""

    handed_over = serializers.IntegerField()
    on_time_rate = serializers.FloatField(allow_null=True, min_value=0, max_value=1)


class PerformanceSerializer(RateSerializer):
    shipments = serializers.IntegerField()
    average_delivery_hours = serializers.FloatField(allow_null=True)


class StatePerformanceSerializer(PerformanceSerializer):
    state = Word()


class TypePerformanceSerializer(PerformanceSerializer):
    logistic_type = Word()


class DayPerformanceSerializer(RateSerializer):
    date = serializers.DateField()


class ShipmentStatsSerializer(RateSerializer):
    """Figures of the shipments created in the period; what waits for dispatch is of this moment.

    Returns count in `total` and `by_status` alone.
    """

    total = serializers.IntegerField()
    by_status = serializers.DictField(child=serializers.IntegerField())
    to_dispatch_today = serializers.IntegerField()
    late = serializers.IntegerField()
    upcoming = serializers.IntegerField()
    average_delivery_hours = serializers.FloatField(allow_null=True)
    by_state = StatePerformanceSerializer(many=True)
    by_logistic_type = TypePerformanceSerializer(many=True)
    per_day = DayPerformanceSerializer(many=True)


DETAILED = ("retrieve", "sync")
"""Actions that answer a shipment with its history and costs."""


class RefusalSerializer(serializers.Serializer):
    """Why a shipment has no label: Mercado Livre's code (`buyers_return` is ours), and our words."""

    id = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class NothingToPrintSerializer(serializers.Serializer):
    detail = serializers.CharField()
    refused = RefusalSerializer(many=True)


class ShipmentViewSet(BackfillMixin, ExportMixin, MirrorViewSet):
    """Parcels, newest first."""

    scope = "shipments"
    roles: ClassVar[dict[str, str]] = {"labels": Role.OPERATOR}
    listing = LISTING
    query_forms: ClassVar[dict[str, Any]] = {
        "list": ShipmentFilterForm,
        "export": export_form(ShipmentFilterForm),
        "retrieve": AccountForm,
        "stats": PeriodForm,
        "labels": LabelsForm,
        "sync": AccountForm,
        "backfill": BackfillForm,
    }
    orderings: ClassVar = {
        "date_created": "date_created",
        "last_updated": "remote_updated_at",
        "dispatch_by": "dispatch_by",
    }

    def get_serializer_class(self) -> type[ShipmentSerializer]:
        return ShipmentDetailSerializer if self.action in DETAILED else ShipmentSerializer

    def get_queryset(self) -> ShipmentQuerySet:
        shipments = queries.shipments_for_listing(self.request.organization, self.query)
        return shipments.defer(None) if self.action in DETAILED else shipments

    def paginate_queryset(self, queryset: QuerySet[Shipment]) -> Any:
        return queries.with_orders(super().paginate_queryset(queryset) or [])

    def get_object(self) -> Shipment:
        return queries.with_orders([super().get_object()])[0]

    @extend_schema(responses=ShipmentStatsSerializer)
    @action(detail=False)
    def stats(self, request: Request) -> Response:
        """Return figures of a period; without one, of everything."""
        return Response(ShipmentStatsSerializer(shipment_stats(self.query, timezone.now())).data)

    @extend_schema(
        responses={
            (200, "application/pdf"): OpenApiTypes.BINARY,
            (200, "application/zip"): OpenApiTypes.BINARY,
            (200, "text/plain"): OpenApiTypes.STR,
            409: NothingToPrintSerializer,
            **ASKING,
        }
    )
    @action(detail=False)
    def labels(self, request: Request) -> HttpResponse:
        """Print the labels of up to 50 shipments; Mercado Livre then calls them printed.

        A file (PDF, or ZPL in a ZIP; of several accounts a ZIP with a file for each) with `X-Printed` (ids)
        and `X-Refused` (`id=code`), separated by commas; 409 with `refused` when there is no label at all.
        """
        refuse_by_the_way(request)
        shipments = self.shipments_named(self.query.value("ids"))
        try:
            labels = actions.print_labels_of_all(shipments, self.query.value("format") or "pdf")
        except actions.NothingToPrint as error:
            return Response(NothingToPrintSerializer(nothing_to_print(error)).data, 409)
        response = HttpResponse(labels.content, content_type=labels.content_type)
        response["Content-Disposition"] = f'attachment; filename="labels.{labels.suffix}"'
        response["X-Printed"] = ",".join(labels.printed)
        response["X-Refused"] = ",".join(f"{id}={code}" for id, code in labels.refused.items())
        response["Cache-Control"] = "no-store"
        return response

    @extend_schema(request=None, responses=ShipmentDetailSerializer)
    @action(detail=False, methods=["post"], url_path=r"sync/(?P<id>[\w-]+)")
    @acts_once
    def sync(self, request: Request, id: str) -> Response:
        """Read one shipment from Mercado Livre now."""
        actions.read_now(self.get_object())
        return Response(ShipmentDetailSerializer(self.get_object()).data)

    def shipments_named(self, ids: list[str]) -> list[Shipment]:
        """Return these shipments in their order. Raises NotFound for one that is not ours to see."""
        rows = self.get_queryset().filter(meli_id__in=ids).order_by("account_id")
        found = {row.meli_id: row for row in reversed(rows)}
        if missing := [one for one in ids if one not in found]:
            raise NotFound(_("There is no shipment %(ids)s.") % {"ids": ", ".join(missing)})
        return [found[one] for one in ids]


def refuse_by_the_way(request: Request) -> None:
    """Refuse what must not print although its method is a safe one: HEAD, a link on another site."""
    if request.method == "HEAD":
        raise MethodNotAllowed("HEAD")
    by_session = request.auth is None
    if by_session and request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise PermissionDenied(_("Labels are printed from this panel's own pages, or with a token."))


def nothing_to_print(error: actions.NothingToPrint) -> dict[str, Any]:
    refused = [
        {"id": id, "code": code, "detail": words_for_codes([code]) or code}
        for id, code in error.refused.items()
    ]
    return {"detail": _("No label could be printed."), "refused": refused}
