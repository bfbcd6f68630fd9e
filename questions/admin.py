"""The administrator's view of questions."""

from django.contrib import admin

from painelml.web.admin import MirroredAdmin

from .models import Question


@admin.register(Question)
class QuestionAdmin(MirroredAdmin):
    list_display = ("meli_id", "account", "item_id", "status", "date_created", "due_at", "response_seconds")
    search_fields = ("meli_id", "item_id")
