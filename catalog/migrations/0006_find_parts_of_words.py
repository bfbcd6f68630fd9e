from django.db import migrations

from painelml.trigrams import add_index


class Migration(migrations.Migration):
    dependencies = [("catalog", "0005_change_many_items")]

    operations = [add_index("item_words", "catalog_item")]
