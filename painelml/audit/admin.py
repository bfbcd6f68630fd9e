"""The administrator's view of the audit log, over all organizations."""

from django.contrib import admin

from painelml.web.admin import ReadOnlyAdmin

from .models import Entry


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "action", "outcome", "object_id", "account_name", "address")
    list_filter = ("outcome", "way", "action")
    search_fields = ("actor", "object_id", "address", "request_id")
    date_hierarchy = None
