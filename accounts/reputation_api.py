"""`GET /api/ml-accounts/{id}/reputation`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from painelml.web.api import ApiViewSet, Instant, Word

from .models import Account
from .reputation import LIMITS, METRICS
from .reputation_queries import report


class Rate(serializers.DecimalField):
    """A share of the sales as a decimal string, 0 to 1; null while unknown."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{"max_digits": 9, "decimal_places": 8, "allow_null": True, "normalize_output": True, **kwargs}
        )


class ReportedMetricSerializer(serializers.Serializer):
    """One metric as Mercado Livre reports it; a protected seller's real numbers stand beside the zeros."""

    metric = serializers.ChoiceField(METRICS)
    rate = Rate()
    value = serializers.IntegerField(allow_null=True)
    period = Word()
    real_rate = Rate()
    real_value = serializers.IntegerField(allow_null=True)


class ReportedSerializer(serializers.Serializer):
    level_id = Word()
    power_seller_status = Word(source="medal")
    real_level = Word()
    protection_end_date = Instant(source="protected_until", allow_null=True)
    sales = serializers.IntegerField(allow_null=True)
    sales_period = Word()
    total = serializers.IntegerField(allow_null=True)
    completed = serializers.IntegerField(allow_null=True)
    canceled = serializers.IntegerField(allow_null=True)
    metrics = serializers.SerializerMethodField()

    @extend_schema_field(ReportedMetricSerializer(many=True))
    def get_metrics(self, reported: Any) -> Any:
        return ReportedMetricSerializer(reported.metrics.values(), many=True).data


class LimitsSerializer(serializers.Serializer):
    """The highest rate of each colour, in thousandths of the sales."""

    leader = serializers.IntegerField()
    green = serializers.IntegerField()
    yellow = serializers.IntegerField()
    orange = serializers.IntegerField()


class StandingSerializer(serializers.Serializer):
    """One metric by our count. `left` further cases lead to `next_level_id`; `sales_to_green` sales without
    a case lead back to green."""

    metric = serializers.ChoiceField(METRICS)
    count = serializers.IntegerField()
    total = serializers.IntegerField()
    rate = serializers.SerializerMethodField()
    level_id = serializers.CharField(source="colour", allow_null=True)
    next_level_id = serializers.CharField(source="next_colour", allow_null=True)
    left = serializers.IntegerField(allow_null=True)
    sales_to_green = serializers.IntegerField(source="to_recover", allow_null=True)
    limits = LimitsSerializer(allow_null=True)

    @extend_schema_field(Rate())
    def get_rate(self, standing: Any) -> str | None:
        return None if standing.rate is None else f"{standing.rate:.8f}".rstrip("0").rstrip(".")


class IncidentSerializer(serializers.Serializer):
    """What counts: an order's claim or cancellation, or a parcel's delay, once for each of its `orders`."""

    metric = serializers.ChoiceField(METRICS)
    order_id = serializers.SerializerMethodField()
    shipment_id = serializers.SerializerMethodField()
    date = serializers.DateField(source="day")
    leaves_on = serializers.DateField()
    orders = serializers.IntegerField()

    def get_order_id(self, incident: Any) -> str | None:
        return None if incident.is_shipment else incident.meli_id

    def get_shipment_id(self, incident: Any) -> str | None:
        return incident.meli_id if incident.is_shipment else None


class ProjectionSerializer(serializers.Serializer):
    """Our own count over the window that applies; an approximation of Mercado Livre's."""

    level_id = serializers.CharField(allow_null=True)
    since = serializers.DateField()
    days = serializers.IntegerField()
    sales = serializers.IntegerField()
    metrics = StandingSerializer(many=True, source="standings")
    undated_shipments = serializers.IntegerField(source="undated")
    is_filling = serializers.BooleanField()
    incidents = IncidentSerializer(many=True)


class ReputationDaySerializer(serializers.Serializer):
    """What Mercado Livre reported last on a day."""

    date = serializers.DateField(source="day")
    level_id = Word()
    sales = serializers.IntegerField(allow_null=True)
    claims_rate = Rate()
    cancellations_rate = Rate()
    delayed_handling_time_rate = Rate(source="delays_rate")


class ReputationSerializer(serializers.Serializer):
    account_id = serializers.IntegerField(source="account.pk")
    site_id = serializers.CharField(source="account.site_id")
    has_limits = serializers.SerializerMethodField()
    reported = ReportedSerializer(allow_null=True)
    projection = ProjectionSerializer()
    history = ReputationDaySerializer(many=True)

    def get_has_limits(self, told: Any) -> bool:
        return told.account.site_id in LIMITS


class ReputationViewSet(ApiViewSet):
    """How a seller stands."""

    request: Any
    serializer_class = ReputationSerializer
    query_forms: ClassVar[dict[str, Any]] = {}
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> Any:
        return Account.objects.of(self.request.organization)

    @extend_schema(responses=ReputationSerializer)
    def retrieve(self, request: Request, id: str) -> Response:
        """Return the reputation as Mercado Livre reports it, beside our own count, its limits, what counts
        and when that leaves, and the last 90 days."""
        return Response(ReputationSerializer(report(self.get_object(), timezone.now())).data)
