"""The administrator's view of items."""

from django.contrib import admin

from painelml.web.admin import MirroredAdmin, ReadOnlyInline

from .models import Item, Variation


class VariationInline(ReadOnlyInline):
    model = Variation


@admin.register(Item)
class ItemAdmin(MirroredAdmin):
    list_display = ("meli_id", "title", "account", "status", "price", "currency_id", "available_quantity")
    search_fields = ("meli_id", "sku")
    inlines = (VariationInline,)
