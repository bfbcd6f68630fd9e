from django.db import migrations

from painelml.trigrams import know_common_words


class Migration(migrations.Migration):
    dependencies = [("shipments", "0005_find_parts_of_words")]

    operations = [know_common_words("shipments_shipment")]
