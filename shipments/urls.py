from django.urls import path

from . import views

app_name = "shipments"

urlpatterns = [
    path("", views.board, name="board"),
    path("all/", views.shipment_list, name="list"),
    path("performance/", views.performance, name="performance"),
    path("labels/", views.labels, name="labels"),
    path("labels/<slug:token>/", views.label_file, name="label_file"),
    path("<str:meli_id>/", views.shipment_detail, name="detail"),
]
