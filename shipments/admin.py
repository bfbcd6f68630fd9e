"""The administrator's view of shipments."""

from django.contrib import admin

from painelml.web.admin import MirroredAdmin

from .models import Shipment


@admin.register(Shipment)
class ShipmentAdmin(MirroredAdmin):
    list_display = ("meli_id", "account", "status", "substatus", "logistic_type", "dispatch_by")
    search_fields = ("meli_id", "tracking_number")
