"""`GET /meli/webhooks/stats` and `/pending` (contract section 3.1)."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from painelml.web.api import AccountForm, ApiViewSet, RowSerializer

from . import queries
from .forms import InboxFilterForm
from .models import Notification, NotificationQuerySet


class PercentilesSerializer(serializers.Serializer):
    p50 = serializers.FloatField(allow_null=True)
    p95 = serializers.FloatField(allow_null=True)
    p99 = serializers.FloatField(allow_null=True)


class StatsSerializer(serializers.Serializer):
    """The figures of the inbox (`queries.InboxFigures`)."""

    total = serializers.IntegerField()
    repeats = serializers.IntegerField()
    by_state = serializers.DictField(child=serializers.IntegerField())
    by_topic = serializers.DictField(child=serializers.DictField(child=serializers.IntegerField()))
    oldest_pending_seconds = serializers.IntegerField(source="oldest_open_s", allow_null=True)
    found_by_missed_feeds = serializers.IntegerField()
    processing_seconds = PercentilesSerializer(source="processing_s")
    ack_ms = PercentilesSerializer()
    answers = serializers.DictField(child=serializers.IntegerField())


class NotificationSerializer(RowSerializer):
    id = serializers.CharField(read_only=True)

    class Meta:
        model = Notification
        fields: ClassVar = [
            "id",
            "topic",
            "resource",
            "seller_id",
            "source",
            "state",
            "attempts",
            "repeats",
            "received",
            "created_at",
            "next_try_at",
            "error",
        ]


class InboxViewSet(mixins.ListModelMixin, ApiViewSet):
    """What is in the inbox: figures, and the events that are not applied."""

    query_forms: ClassVar[dict[str, Any]] = {"stats": AccountForm, "list": InboxFilterForm}
    orderings: ClassVar[dict[str, str]] = {"id": "id"}
    serializer_class = NotificationSerializer

    def get_queryset(self) -> NotificationQuerySet:
        """Return the pending, working and failed events that pass the filters."""
        return queries.unsettled(self.query.accounts) & queries.events_for_listing(self.query)

    @extend_schema(responses=StatsSerializer)
    def stats(self, request: Request) -> Response:
        return Response(StatsSerializer(queries.inbox_figures(self.query.accounts)).data)
