from django.db import migrations, models

from painelml.migrating import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("questions", "0006_find_parts_of_words")]

    operations = [
        AddIndexOnline(
            model_name="question",
            index=models.Index(
                fields=["account", "date_created"],
                include=[
                    "id",
                    "status",
                    "answered_at",
                    "due_at",
                    "response_seconds",
                    "response_open_seconds",
                    "from_id",
                    "item_id",
                ],
                name="question_figures",
            ),
        ),
    ]
