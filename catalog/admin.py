"""The administrator's view of items."""

from django.contrib import admin

from painelml.web.admin import MirroredAdmin, ReadOnlyAdmin, ReadOnlyInline

from .models import BulkChange, Item, ProductCost, SaleCost, Variation


class VariationInline(ReadOnlyInline):
    model = Variation


@admin.register(Item)
class ItemAdmin(MirroredAdmin):
    list_display = ("meli_id", "title", "account", "status", "price", "currency_id", "available_quantity")
    search_fields = ("meli_id", "sku")
    inlines = (VariationInline,)


@admin.register(ProductCost)
class ProductCostAdmin(ReadOnlyAdmin):
    list_display = ("sku", "account", "starts_on", "amount")
    list_filter = ("account",)
    search_fields = ("sku",)


@admin.register(SaleCost)
class SaleCostAdmin(ReadOnlyAdmin):
    list_display = ("account", "starts_on", "tax_percent", "per_order")
    list_filter = ("account",)


@admin.register(BulkChange)
class BulkChangeAdmin(ReadOnlyAdmin):
    list_display = ("action", "organization", "requested_by", "status", "created_at", "finished_at")
    list_filter = ("status", "action")
    list_select_related = ("organization", "requested_by")
