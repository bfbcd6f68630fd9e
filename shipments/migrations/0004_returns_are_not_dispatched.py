from django.db import migrations


def let_returns_go(apps, schema_editor):
    """Take what comes back from buyers off the seller's dispatch, where it waited or was judged."""
    returns = apps.get_model("shipments", "Shipment").objects.filter(
        direction__in=("return", "return_to_buyer")
    )
    returns.update(is_open=False, dispatch_by=None, date_handed_over=None)


class Migration(migrations.Migration):
    dependencies = [("shipments", "0003_know_the_hand_over")]

    operations = [migrations.RunPython(let_returns_go, migrations.RunPython.noop, elidable=True)]
