from django.urls import path

from . import views

app_name = "webhooks"

urlpatterns = [
    path("", views.inbox_page, name="inbox"),
    path("figures/", views.figures, name="figures"),
    path("try-again/", views.try_all_again, name="try-all-again"),
    path("<int:pk>/try-again/", views.try_one_again, name="try-again"),
]
