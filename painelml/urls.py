"""Every address of the panel: pages by app, JSON under /api/, Mercado Livre's side under /meli/."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path
from rest_framework.routers import SimpleRouter

api = SimpleRouter(trailing_slash=False)

urlpatterns = [
    path("", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/", include(api.urls)),
]
for prefix, module in (
    ("", "painelml.web.urls"),
    ("accounts/", "accounts.urls"),
    ("catalog/", "catalog.urls"),
    ("orders/", "orders.urls"),
    ("shipments/", "shipments.urls"),
    ("questions/", "questions.urls"),
    ("webhooks/", "webhooks.urls"),
):
    if find_spec(module):
        urlpatterns.append(path(prefix, include(module)))
