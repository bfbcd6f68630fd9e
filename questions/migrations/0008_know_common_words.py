from django.db import migrations

from painelml.trigrams import know_common_words


class Migration(migrations.Migration):
    dependencies = [("questions", "0007_count_without_rows")]

    operations = [know_common_words("questions_question")]
