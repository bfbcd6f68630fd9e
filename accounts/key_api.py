"""`/api/keys`: which API keys an organization has. Only people make and revoke them, on the page."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import mixins, serializers

from painelml.web.api import ApiViewSet, Instant, RowSerializer

from .models import ApiKey, Role, Scope


class KeySerializer(RowSerializer):
    """An API key; of its text only the beginning is known."""

    id = serializers.IntegerField(read_only=True)
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.values), read_only=True)
    created_by = serializers.CharField(source="created_by.email", read_only=True)
    expires_at = Instant(allow_null=True, read_only=True)

    class Meta:
        model = ApiKey
        fields: ClassVar = [
            "id", "name", "prefix", "scopes", "created_by", "created_at", "expires_at", "last_used_at",
            "revoked_at",
        ]  # fmt: skip


class KeyViewSet(mixins.ListModelMixin, ApiViewSet):
    """The organization's API keys, newest first, for owners; a key needs the scope `read:audit`."""

    serializer_class = KeySerializer
    orderings: ClassVar = {"id": "id"}
    roles: ClassVar[dict[str, Any]] = {"list": Role.OWNER}

    def get_queryset(self) -> QuerySet[ApiKey]:
        organization = self.request.organization  # type: ignore[attr-defined]
        return ApiKey.objects.filter(organization=organization).select_related("created_by")
