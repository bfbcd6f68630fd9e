from django.urls import path

from . import views

app_name = "accounts"

urlpatterns = [
    path("", views.account_list, name="list"),
    path("connect-failed/<slug:reason>/", views.connect_failed, name="connect_failed"),
    path("<int:pk>/", views.card, name="card"),
    path("<int:pk>/sync/", views.sync, name="sync"),
    path("<int:pk>/pause/", views.pause, name="pause"),
    path("<int:pk>/resume/", views.resume, name="resume"),
    path("<int:pk>/primary/", views.make_primary, name="primary"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/disconnect/", views.disconnect, name="disconnect"),
]
