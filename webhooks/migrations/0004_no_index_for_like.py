from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0003_count_from_the_index"),
    ]

    operations = [
        # In this order a repeat is known as one at every moment.
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.UniqueConstraint(fields=("dedupe_key",), name="notification_once"),
        ),
        migrations.AlterField(
            model_name="notification",
            name="dedupe_key",
            field=models.CharField(editable=False, max_length=80),
        ),
    ]
