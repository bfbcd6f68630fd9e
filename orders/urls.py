from django.urls import path

from painelml.privacy import views as privacy_views

from . import views

app_name = "orders"

urlpatterns = [
    path("", views.order_list, name="list"),
    path("<str:meli_id>/", views.order_detail, name="detail"),
    path("<str:meli_id>/erase-buyer/", privacy_views.erase, name="erase-buyer"),
]
