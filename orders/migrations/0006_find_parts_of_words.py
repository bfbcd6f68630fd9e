from django.db import migrations

from painelml.trigrams import add_index


class Migration(migrations.Migration):
    dependencies = [("orders", "0005_know_claims")]

    operations = [add_index("order_words", "orders_order")]
