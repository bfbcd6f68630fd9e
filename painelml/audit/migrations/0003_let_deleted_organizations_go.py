"""What happened in an organization that was deleted may be removed before it is 30 days old: it names its
members. The rows of all others are kept as before."""

from django.db import migrations

from painelml.audit import append_only


def install_again(apps, schema_editor):
    append_only.remove(schema_editor.connection)
    append_only.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_refuse_changes"), ("accounts", "0006_delete_organizations")]

    operations = [migrations.RunPython(install_again, migrations.RunPython.noop)]
