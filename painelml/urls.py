"""Every address of the panel: pages by app, JSON under /api/, Mercado Livre's side under /meli/."""

from django.contrib import admin
from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from accounts import alert_views, login_views, reputation_views, team_views
from accounts import views as account_views
from accounts.api import AccountViewSet, TokenRefreshView, TokenView
from accounts.key_api import KeyViewSet
from accounts.reputation_api import ReputationViewSet
from catalog.api import ItemViewSet
from orders import views as order_views
from orders.api import OrderViewSet
from orders.cost_api import ProductCostViewSet, SaleCostViewSet
from orders.report_api import BreakdownViewSet, ReportViewSet
from questions import views as question_views
from questions.api import QuestionViewSet
from questions.report_api import ServiceLevelReportViewSet
from questions.service_api import ServiceLevelViewSet
from shipments.api import ShipmentViewSet
from shipments.report_api import DispatchReportViewSet
from webhooks.api import InboxViewSet
from webhooks.views import receive

from . import health
from .audit.api import AuditViewSet
from .exports.api import ExportViewSet
from .privacy.views import privacy
from .sync.api import SyncViewSet
from .web import docs

api = SimpleRouter(trailing_slash=False)
api.register("ml-accounts", AccountViewSet, "account")
api.register("items", ItemViewSet, "item")
api.register("orders", OrderViewSet, "order")
api.register("shipments", ShipmentViewSet, "shipment")
api.register("questions", QuestionViewSet, "question")
api.register("costs", ProductCostViewSet, "cost")
api.register("sale-costs", SaleCostViewSet, "sale-cost")
api.register("reports", ReportViewSet, "report")
api.register("report-breakdowns", BreakdownViewSet, "breakdown")
api.register("report-dispatch", DispatchReportViewSet, "dispatch")
api.register("report-service-level", ServiceLevelReportViewSet, "service-level")
api.register("exports", ExportViewSet, "export")
api.register("sync", SyncViewSet, "sync")
api.register("audit", AuditViewSet, "audit")
api.register("keys", KeyViewSet, "key")

urlpatterns = [
    path("sessions/", login_views.session_list, name="sessions"),
    path("sessions/<int:pk>/end/", login_views.end_session, name="sessions-end"),
    path("sessions/end-others/", login_views.end_others, name="sessions-end-others"),
    path("sessions/log-out-everywhere/", login_views.log_out_everywhere, name="sessions-log-out"),
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
    re_path(
        r"^api/ml-accounts/(?P<id>\d{1,18})/service-level$",
        ServiceLevelViewSet.as_view({"get": "retrieve", "put": "update"}),
        name="api-service-level",
    ),
    re_path(
        r"^api/ml-accounts/(?P<id>\d{1,18})/reputation$",
        ReputationViewSet.as_view({"get": "retrieve"}),
        name="api-reputation",
    ),
    path("meli/oauth/start", account_views.oauth_start, name="oauth-start"),
    path("meli/oauth/callback", account_views.oauth_callback, name="oauth-callback"),
    path("team/", include("accounts.team_urls")),
    path("profile/", team_views.profile, name="profile"),
    path("profile/alerts/", alert_views.alerts, name="alerts"),
    path("alerts/stop/<str:token>/", alert_views.stop, name="alerts-stop"),
    path("privacy/", privacy, name="privacy"),
    path("", include("painelml.web.urls")),
    path("accounts/", include("accounts.urls")),
    path("accounts/<int:pk>/costs/", include("orders.cost_urls")),
    path("accounts/<int:pk>/service-level/", question_views.service_level, name="service-level"),
    path("catalog/", include("catalog.urls")),
    path("orders/", include("orders.urls")),
    path("shipments/", include("shipments.urls")),
    path("questions/", include("questions.urls")),
    path("reports/reputation/", reputation_views.reputation, name="reputation"),
    path("reports/breakdown/", order_views.breakdown, name="breakdown"),
    path("reports/", order_views.report, name="reports"),
    path("exports/", include("painelml.exports.urls")),
    path("webhooks/", include("webhooks.urls")),
    re_path(r"^api(?:/|$)", docs.not_found),
]

handler500 = "painelml.web.errors.broken"
