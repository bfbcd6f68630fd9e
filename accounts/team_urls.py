from django.urls import path

from . import team_views

app_name = "team"

urlpatterns = [
    path("", team_views.team_page, name="list"),
    path("invite/", team_views.invite, name="invite"),
    path("rename/", team_views.rename, name="rename"),
    path("invitations/<int:pk>/withdraw/", team_views.withdraw, name="withdraw"),
    path("members/<int:pk>/role/", team_views.change_role, name="role"),
    path("members/<int:pk>/remove/", team_views.remove, name="remove"),
    path("switch/<int:pk>/", team_views.switch, name="switch"),
    path("join/<str:token>/", team_views.join, name="join"),
]
