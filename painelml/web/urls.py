from django.urls import path

from . import views

urlpatterns = [
    path("", views.overview, name="overview"),
    path("language/", views.choose_language, name="language"),
]
