from django.urls import path

from . import cost_views

app_name = "costs"

urlpatterns = [
    path("", cost_views.costs, name="costs"),
    path("sale/", cost_views.sale_cost, name="sale"),
    path("file/", cost_views.read_file, name="file"),
    path("confirm/", cost_views.confirm, name="confirm"),
]
