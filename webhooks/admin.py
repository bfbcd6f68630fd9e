"""The administrator's view of the inbox, strangers' events included. Read only, but for another try."""

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from . import actions
from .models import Notification, NotificationQuerySet


@admin.register(Notification)
class NotificationAdmin(admin.ModelAdmin):
    list_display = ("topic", "resource", "seller_id", "state", "outcome", "attempts", "repeats", "created_at")
    list_filter = ("state", "outcome", "source", "topic")
    search_fields = ("resource", "target", "seller_id")
    ordering = ("-id",)
    show_full_result_count = False
    actions = ("try_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Notification | None = None) -> bool:
        return False

    @admin.action(description=_("Try the failed ones again"), permissions=["view"])
    def try_again(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        count = actions.try_again(queryset)
        sentence = ngettext("%(count)d event is tried again.", "%(count)d events are tried again.", count)
        messages.success(request, sentence % {"count": count})
