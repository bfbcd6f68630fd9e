"""The database itself keeps the log as it was written.

Rows cannot be changed, whoever asks. They can be deleted only once they are 30 days old, and only in a
transaction that opened the clean-up: on PostgreSQL by `SET LOCAL painelml.audit_cleanup = 'on'`, on SQLite,
which has no such settings, by a row in `audit_cleanup`. TRUNCATE is refused like DELETE. What happened in the
last month can therefore be removed by nobody who does not first take the triggers off, which needs the
table's owner and leaves its own traces in PostgreSQL's log.
"""

from django.db import migrations

from painelml.audit import append_only


def install(apps, schema_editor):
    append_only.install(schema_editor.connection)


def remove(apps, schema_editor):
    append_only.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunPython(install, remove)]
