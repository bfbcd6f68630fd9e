from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_newest_of_a_pack")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="item_id",
            field=models.CharField(blank=True, db_default="", default="", max_length=32, verbose_name="item"),
        ),
        migrations.AddField(
            model_name="order",
            name="missing_cost",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=120,
                verbose_name="product without a cost",
            ),
        ),
    ]
