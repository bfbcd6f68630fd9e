from django.db import migrations, models, transaction
from django.db.models import Case, F, Max, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from painelml.migrating import AddIndexOnline, RemoveIndexOnline

CHUNK = 1_000
CURRENCIES = {
    "ARS": ["MLA"],
    "BOB": ["MBO"],
    "BRL": ["MLB"],
    "CLP": ["MLC"],
    "COP": ["MCO"],
    "CRC": ["MCR"],
    "DOP": ["MRD"],
    "GTQ": ["MGT"],
    "HNL": ["MHN"],
    "MXN": ["MLM"],
    "NIO": ["MNI"],
    "PAB": ["MPA"],
    "PEN": ["MPE"],
    "PYG": ["MPY"],
    "USD": ["MEC", "MLV", "MSV"],
    "UYU": ["MLU"],
}


def name_what_sold(apps, schema_editor):
    """Write the item of each order, and which product lacks a cost: only of sales in the currency of their
    account are costs known. Of several lines it may be another one: the daily check of profits finds those."""
    orders = apps.get_model("orders", "Order").objects
    lines = apps.get_model("orders", "OrderItem").objects.filter(order=OuterRef("pk"), position=0)
    key = Case(When(sku="", then=F("item_id")), default=F("sku"))
    own = Q()
    for currency_id, sites in CURRENCIES.items():
        own |= Q(account__site_id__in=sites, currency_id=currency_id)
    last = orders.aggregate(last=Max("pk"))["last"] or 0
    for start in range(0, last, CHUNK):
        some = orders.filter(pk__gt=start, pk__lte=start + CHUNK)
        with transaction.atomic():
            # In the order in which workers lock orders, or one of both would be refused.
            list(some.select_for_update().order_by("meli_id").values_list("pk"))
            some.update(item_id=Coalesce(Subquery(lines.values("item_id")[:1]), Value("")))
            some.filter(own, is_sale=True, goods_cost=None).update(
                missing_cost=Coalesce(Subquery(lines.values(key=key)[:1]), Value(""))
            )


def vacuum_early(apps, schema_editor):
    """Sums come from indexes alone only where vacuum has been: a fiftieth of changed rows, not a fifth."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE orders_order SET (autovacuum_vacuum_scale_factor = 0.02)")


def vacuum_as_usual(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE orders_order RESET (autovacuum_vacuum_scale_factor)")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0008_know_what_sold")]

    operations = [
        migrations.RunPython(name_what_sold, migrations.RunPython.noop, elidable=True),
        AddIndexOnline(
            model_name="order",
            index=models.Index(
                condition=models.Q(("is_sale", True)),
                fields=["account", "date_created"],
                include=(
                    "id",
                    "currency_id",
                    "item_id",
                    "units",
                    "gross",
                    "sale_fee",
                    "shipping_cost",
                    "discounts",
                    "net",
                    "profit",
                ),
                name="order_sales",
            ),
        ),
        AddIndexOnline(
            model_name="order",
            index=models.Index(
                condition=models.Q(("is_sale", True), ("missing_cost__gt", "")),
                fields=["account", "date_created"],
                include=("id", "missing_cost", "units"),
                name="order_missing_cost",
            ),
        ),
        RemoveIndexOnline(model_name="order", name="order_sales_by_day"),
        migrations.RunPython(vacuum_early, vacuum_as_usual),
    ]
