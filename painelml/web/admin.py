"""What mirrored rows share in the administration: to be looked at. Only Mercado Livre changes them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that can be searched and read, never changed."""

    show_full_result_count = False  # counting a hundred thousand rows for every page helps nobody

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MirroredAdmin(ReadOnlyAdmin):
    """Lists leave out the payloads: a page of them weighs megabytes."""

    list_select_related = ("account",)
    list_filter = ("account", "status")
    search_fields = ("meli_id",)
    exclude = ("search_text",)
    readonly_fields = ("payload", "parts")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("payload", "parts", "search_text")


class ReadOnlyInline(admin.TabularInline):
    """Rows that belong to a row that can only be read."""

    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
