from django.urls import path

from painelml.audit import views as audit_views
from painelml.privacy import views as privacy_views

from . import key_views, team_views

app_name = "team"

urlpatterns = [
    path("", team_views.team_page, name="list"),
    path("invite/", team_views.invite, name="invite"),
    path("two-factor/", team_views.require_second_factor, name="two-factor"),
    path("keys/", key_views.key_page, name="keys"),
    path("keys/<int:pk>/revoke/", key_views.revoke, name="revoke-key"),
    path("audit/", audit_views.entry_list, name="audit"),
    path("audit/<int:pk>/", audit_views.entry_detail, name="audit-entry"),
    path("delete/", privacy_views.delete, name="delete"),
    path("rename/", team_views.rename, name="rename"),
    path("invitations/<int:pk>/withdraw/", team_views.withdraw, name="withdraw"),
    path("members/<int:pk>/role/", team_views.change_role, name="role"),
    path("members/<int:pk>/remove/", team_views.remove, name="remove"),
    path("switch/<int:pk>/", team_views.switch, name="switch"),
    path("join/<str:token>/", team_views.join, name="join"),
]
