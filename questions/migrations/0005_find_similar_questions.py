"""Finding past answers by words. Only PostgreSQL has the search and its index (questions/suggestions.py)."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import migrations
from django.db.models import Q

INDEXES = [
    GinIndex(
        SearchVector("search_text", config="portuguese"),
        condition=Q(status="ANSWERED", item_id__startswith="MLB"),
        name="question_words_pt",
    ),
    GinIndex(
        SearchVector("search_text", config="spanish"),
        condition=Q(status="ANSWERED") & ~Q(item_id__startswith="MLB"),
        name="question_words_es",
    ),
]


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for index in INDEXES:
            schema_editor.add_index(apps.get_model("questions", "Question"), index)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for index in INDEXES:
            schema_editor.remove_index(apps.get_model("questions", "Question"), index)


class Migration(migrations.Migration):
    dependencies = [("questions", "0004_answer_together")]

    operations = [migrations.RunPython(add, remove)]
