from django.urls import path

from . import views

app_name = "catalog"

urlpatterns = [
    path("", views.item_list, name="list"),
    path("<str:meli_id>/", views.item_row, name="row"),
    path("<str:meli_id>/edit/", views.item_edit, name="edit"),
]
