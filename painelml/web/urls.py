from django.urls import path

from . import app_views, saved_views, search_views, views

urlpatterns = [
    path("", views.overview, name="overview"),
    path("manifest.webmanifest", app_views.manifest, name="manifest"),
    path("service-worker.js", app_views.service_worker, name="service-worker"),
    path("offline/", app_views.offline, name="offline"),
    path("search/", search_views.search_page, name="search"),
    path("attention/", views.attention, name="attention"),
    path("navigation/", views.navigation, name="navigation"),
    path("filters/<slug:name>/", saved_views.kept, name="saved-filters"),
    path("filters/<slug:name>/keep/", saved_views.keep, name="saved-filter-keep"),
    path("filters/<slug:name>/<int:pk>/rename/", saved_views.rename, name="saved-filter-rename"),
    path("filters/<slug:name>/<int:pk>/remove/", saved_views.remove, name="saved-filter-remove"),
    path("language/", views.choose_language, name="language"),
]
