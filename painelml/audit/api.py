"""`/api/audit`: what people and API keys did, for owners."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import mixins, serializers

from accounts.models import Role
from painelml.web.api import ApiViewSet, RowSerializer
from painelml.web.exports import ExportMixin, export_form

from . import queries
from .exports import LISTING
from .forms import EntryFilterForm
from .models import Entry, EntryQuerySet
from .words import ActorKind, Outcome


class EntrySerializer(RowSerializer):
    """One thing somebody did; `before` and `after` hold what changed, by name."""

    id = serializers.CharField(read_only=True)
    actor_kind = serializers.ChoiceField(ActorKind.values, read_only=True)
    outcome = serializers.ChoiceField(Outcome.values, read_only=True)
    before = serializers.DictField(allow_null=True, read_only=True)
    after = serializers.DictField(allow_null=True, read_only=True)

    class Meta:
        model = Entry
        fields: ClassVar = [
            "id", "at", "actor_kind", "person_id", "key_id", "actor", "action", "outcome", "reason",
            "account_id", "account_name", "object_kind", "object_id", "object_name", "before", "after", "way",
            "address", "client", "request_id",
        ]  # fmt: skip


class AuditViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ExportMixin, ApiViewSet):
    """The audit log, newest first. An API key needs the scope `read:audit`."""

    serializer_class = EntrySerializer
    listing = LISTING
    lookup_value_regex = r"\d{1,18}"
    query_forms: ClassVar[dict[str, Any]] = {"list": EntryFilterForm, "export": export_form(EntryFilterForm)}
    orderings: ClassVar = {"at": "at"}
    roles: ClassVar[dict[str, str]] = dict.fromkeys(("list", "retrieve", "export"), Role.OWNER)

    def get_queryset(self) -> EntryQuerySet:
        organization = self.request.organization  # type: ignore[attr-defined]
        if self.action == "retrieve":
            return Entry.objects.of(organization)
        return queries.entries_for_listing(organization, self.query)
