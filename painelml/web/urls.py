from django.urls import path

from . import views

urlpatterns = [
    path("", views.overview, name="overview"),
    path("navigation/", views.navigation, name="navigation"),
    path("language/", views.choose_language, name="language"),
]
