"""The administrator's view of orders."""

from django.contrib import admin

from painelml.web.admin import MirroredAdmin, ReadOnlyInline

from .models import Order, OrderItem, Payment, Refund


class OrderItemInline(ReadOnlyInline):
    model = OrderItem


class PaymentInline(ReadOnlyInline):
    model = Payment


class RefundInline(ReadOnlyInline):
    model = Refund


@admin.register(Order)
class OrderAdmin(MirroredAdmin):
    list_display = ("meli_id", "account", "status", "date_created", "total_amount", "currency_id", "net")
    search_fields = ("meli_id", "pack_id")
    inlines = (OrderItemInline, PaymentInline, RefundInline)
