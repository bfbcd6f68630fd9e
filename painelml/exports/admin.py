"""The administrator's view of files made in the background."""

from django.contrib import admin

from painelml.web.admin import ReadOnlyAdmin

from .models import ExportFile


@admin.register(ExportFile)
class ExportFileAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "organization",
        "user",
        "state",
        "done",
        "total",
        "size",
        "created_at",
        "expires_at",
    )
    list_filter = ("state", "listing", "format")
    list_select_related = ("organization", "user")
