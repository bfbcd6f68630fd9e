from django.urls import path

from . import views

app_name = "questions"

urlpatterns = [
    path("", views.question_list, name="list"),
    path("<str:meli_id>/answer/", views.answer, name="answer"),
]
