"""Every address of the panel: pages by app, JSON under /api/, Mercado Livre's side under /meli/."""

from django.contrib import admin
from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from accounts import team_views
from accounts import views as account_views
from accounts.api import AccountViewSet, TokenRefreshView, TokenView
from catalog.api import ItemViewSet
from orders import views as order_views
from orders.api import OrderViewSet
from questions import views as question_views
from questions.api import QuestionViewSet
from shipments.api import ShipmentViewSet
from webhooks.api import InboxViewSet
from webhooks.views import receive

from . import health
from .sync.api import SyncViewSet
from .web import docs

api = SimpleRouter(trailing_slash=False)
api.register("ml-accounts", AccountViewSet, "account")
api.register("items", ItemViewSet, "item")
api.register("orders", OrderViewSet, "order")
api.register("shipments", ShipmentViewSet, "shipment")
api.register("questions", QuestionViewSet, "question")
api.register("sync", SyncViewSet, "sync")

urlpatterns = [
    path("", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("meli/webhooks", receive, name="meli-webhooks"),
    path("meli/webhooks/stats", InboxViewSet.as_view({"get": "stats"}), name="meli-webhooks-stats"),
    path("meli/webhooks/pending", InboxViewSet.as_view({"get": "list"}), name="meli-webhooks-pending"),
    path("api/schema", docs.schema, name="api-schema"),
    path("api/docs", docs.docs, name="api-docs"),
    path("api/auth/token", TokenView.as_view(), name="api-token"),
    path("api/auth/token/refresh", TokenRefreshView.as_view(), name="api-token-refresh"),
    path("api/", include(api.urls)),
    path("meli/oauth/start", account_views.oauth_start, name="oauth-start"),
    path("meli/oauth/callback", account_views.oauth_callback, name="oauth-callback"),
    path("team/", include("accounts.team_urls")),
    path("profile/", team_views.profile, name="profile"),
    path("", include("painelml.web.urls")),
    path("accounts/", include("accounts.urls")),
    path("accounts/<int:pk>/costs/", include("orders.cost_urls")),
    path("accounts/<int:pk>/service-level/", question_views.service_level, name="service-level"),
    path("catalog/", include("catalog.urls")),
    path("orders/", include("orders.urls")),
    path("shipments/", include("shipments.urls")),
    path("questions/", include("questions.urls")),
    path("reports/", order_views.report, name="reports"),
    path("webhooks/", include("webhooks.urls")),
    re_path(r"^api(?:/|$)", docs.not_found),
]
