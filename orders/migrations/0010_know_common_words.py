from django.db import migrations

from painelml.trigrams import know_common_words


class Migration(migrations.Migration):
    dependencies = [("orders", "0009_sum_from_indexes")]

    operations = [know_common_words("orders_order")]
