"""The administrator's view of questions, and when an account's people answer."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from painelml.web.admin import MirroredAdmin

from .actions import measure_again
from .models import BusinessCalendar, Holiday, OpenHours, Question


@admin.register(Question)
class QuestionAdmin(MirroredAdmin):
    list_display = ("meli_id", "account", "item_id", "status", "date_created", "due_at", "response_seconds")
    search_fields = ("meli_id", "item_id")


class OpenHoursInline(admin.TabularInline):
    model = OpenHours
    extra = 0


class HolidayInline(admin.TabularInline):
    model = Holiday
    extra = 0


@admin.register(BusinessCalendar)
class BusinessCalendarAdmin(admin.ModelAdmin):
    list_display = ("account", "zone_name")
    list_select_related = ("account",)
    inlines = (OpenHoursInline, HolidayInline)

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        measure_again(form.instance.account)

    def delete_model(self, request: HttpRequest, obj: BusinessCalendar) -> None:
        super().delete_model(request, obj)
        measure_again(obj.account)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[BusinessCalendar]) -> None:
        accounts = [calendar.account for calendar in queryset.select_related("account")]
        super().delete_queryset(request, queryset)
        for account in accounts:
            measure_again(account)
