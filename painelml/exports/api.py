"""`/api/exports`: long lists as files, made in the background."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import has_role, sees_people
from accounts.models import ApiKey, Role
from painelml.web.api import ApiViewSet, Conflict, Instant, StrictSerializer, Word, read_parameters
from painelml.web.exports import FORMATS, MACHINE, READERS, TYPES, Export, as_file
from painelml.web.once import acts_once
from painelml.web.schema import Error

from . import actions
from .listings import LISTINGS
from .models import ExportFile, ExportFileQuerySet, FileState
from .queries import files_for_listing

NAMES, KINDS, WHO = [*LISTINGS], [*FORMATS], [*dict(READERS)]


class Filters(serializers.DictField):
    """The list's own filters, as its address has them."""

    child = serializers.CharField(max_length=200, allow_blank=True)


class WantedFileSerializer(StrictSerializer):
    list = serializers.ChoiceField(NAMES)
    format = serializers.ChoiceField(KINDS, default="csv")
    reader = serializers.ChoiceField(WHO, default=MACHINE)
    filters = Filters(default=dict)


class ExportFileSerializer(serializers.ModelSerializer):
    """A file: once its status is `done`, `file` is where it is."""

    list = serializers.ChoiceField(NAMES, source="listing")
    format = serializers.ChoiceField(KINDS)
    reader = serializers.ChoiceField(WHO)
    filters = serializers.DictField(child=serializers.CharField())
    status = serializers.ChoiceField(FileState.values, source="state")
    percent = serializers.IntegerField(min_value=0, max_value=100)
    error = Word()
    created_at = Instant()
    started_at = Instant(allow_null=True)
    finished_at = Instant(allow_null=True)
    expires_at = Instant()
    file = serializers.SerializerMethodField()

    class Meta:
        model = ExportFile
        fields = (
            "id",
            "list",
            "format",
            "reader",
            "filters",
            "status",
            "total",
            "done",
            "percent",
            "size",
            "name",
            "error",
            "created_at",
            "started_at",
            "finished_at",
            "expires_at",
            "file",
        )

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_file(self, file: ExportFile) -> str | None:
        """Return where the file is, once it is whole."""
        if not file.is_ready:
            return None
        address: str = self.context["request"].build_absolute_uri(reverse("export-file", args=[file.pk]))
        return address


class ExportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Files of lists, newest first. They are kept for a week."""

    serializer_class = ExportFileSerializer
    roles: ClassVar[dict[str, str]] = dict.fromkeys(("create", "cancel", "destroy"), Role.VIEWER)
    lookup_field = "pk"
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> ExportFileQuerySet:
        request: Any = self.request
        return files_for_listing(request.organization, request.user, sees_people=sees_people(request))

    @extend_schema(request=WantedFileSerializer, responses={202: ExportFileSerializer})
    @acts_once
    def create(self, request: Request) -> Response:
        """Start making a file of a list, with the list's own filters. Poll the address in `Location`.

        The same file, while it is being made, is not made twice. 409 when as many as may be are under way.
        """
        given = WantedFileSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        listing = LISTINGS[wanted["list"]]
        filters = QueryDict(mutable=True)
        filters.update(wanted["filters"])
        organization = request.organization  # type: ignore[attr-defined]
        try:
            form = read_parameters(filters, listing.form, organization)
        except ValidationError as error:
            raise ValidationError({"filters": error.detail}) from error
        export = Export(listing, organization, form, wanted["format"], wanted["reader"])
        try:
            file = actions.start_file(export, request.user)  # type: ignore[arg-type]
        except actions.TooMany as error:
            raise Conflict(str(error)) from error
        address = request.build_absolute_uri(reverse("export-detail", args=[file.pk]))
        return Response(self.get_serializer(file).data, 202, headers={"Location": address})

    @extend_schema(request=None, responses=ExportFileSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, id: str) -> Response:
        """Stop making a file. Others' files are a manager's to stop."""
        file = self.own_file()
        if not actions.cancel_file(file):
            raise Conflict(_("This file is no longer being made."))
        file.refresh_from_db()
        return Response(self.get_serializer(file).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, id: str) -> Response:
        """Delete a file, or stop making it. Others' files are a manager's to delete."""
        actions.delete_file(self.own_file())
        return Response(status=204)

    @extend_schema(
        responses={
            **{(200, kind.partition(";")[0]): OpenApiTypes.BINARY for kind in TYPES.values()},
            409: OpenApiResponse(Error, description="The file is not whole yet."),
        }
    )
    @action(detail=True)
    def file(self, request: Request, id: str) -> HttpResponseBase:
        """Return the file. 409 while it is not whole."""
        file: ExportFile = self.get_object()
        if not file.is_ready:
            raise Conflict(_("This file is not ready."))
        if file.user_id == request.user.pk:
            actions.note_seen(file)
        response = StreamingHttpResponse(file.content(), content_type=file.content_type)
        response["Content-Length"] = str(file.size)
        return as_file(response, file.name)

    def own_file(self) -> ExportFile:
        """Return a file the caller may stop or delete: keys, which only read, none but their maker's."""
        file: ExportFile = self.get_object()
        may_all = has_role(self.request, Role.MANAGER) and not isinstance(self.request.auth, ApiKey)
        if file.user_id != self.request.user.pk and not may_all:
            raise PermissionDenied
        return file
