from django.db import migrations, models

from painelml.trigrams import add_index


class Migration(migrations.Migration):
    dependencies = [("shipments", "0004_returns_are_not_dispatched")]

    operations = [
        add_index("shipment_words", "shipments_shipment"),
        migrations.AddIndex(
            model_name="shipment",
            index=models.Index(fields=["account", "tracking_number"], name="shipment_by_tracking"),
        ),
    ]
