from django.db import migrations

from painelml.trigrams import add_index


class Migration(migrations.Migration):
    dependencies = [("questions", "0005_find_similar_questions")]

    operations = [add_index("question_words", "questions_question")]
