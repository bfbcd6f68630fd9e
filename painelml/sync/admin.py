"""The administrator's view of runs, their steps and the reads still owed."""

from django.contrib import admin

from painelml.web.admin import ReadOnlyAdmin, ReadOnlyInline

from .models import PendingRead, SyncRun, SyncStep


class SyncStepInline(ReadOnlyInline):
    model = SyncStep
    fields = ("position", "name", "key", "state", "expected", "held", "pages", "attempts", "error")
    readonly_fields = fields


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    list_display = ("id", "account", "scope", "kind", "status", "done", "total", "failed", "started_at")
    list_filter = ("account", "scope", "kind", "status")
    list_select_related = ("account",)
    inlines = (SyncStepInline,)


@admin.register(PendingRead)
class PendingReadAdmin(ReadOnlyAdmin):
    list_display = ("meli_id", "resource", "account", "attempts", "next_try_at", "given_up", "error")
    list_filter = ("resource", "given_up")
    list_select_related = ("account",)
    search_fields = ("meli_id",)
