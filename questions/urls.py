from django.urls import path

from . import reply_views, views

app_name = "questions"

urlpatterns = [
    path("", views.question_list, name="list"),
    path("performance/", views.performance, name="performance"),
    path("replies/", reply_views.reply_list, name="replies"),
    path("replies/new/", reply_views.add_reply, name="reply-new"),
    path("replies/preview/", reply_views.preview_reply, name="reply-preview"),
    path("replies/<int:pk>/", reply_views.edit_reply, name="reply"),
    path("replies/<int:pk>/delete/", reply_views.delete_reply, name="reply-delete"),
    path("<str:meli_id>/answer/", views.answer, name="answer"),
    path("<str:meli_id>/beat/", views.beat, name="beat"),
    path("<str:meli_id>/replies/", views.replies, name="fill-replies"),
]
