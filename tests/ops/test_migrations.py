"""Migrations run while the version before them works (docs/operations.md, "Versions"): what would keep people
out of a table, or break that version, is refused here.

The rules are some lines of our own rather than a linter's: those read the SQL of one database, and know
neither `AddIndexOnline` nor what is released.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import NotSupportedError, connection, migrations, models
from django.db.migrations import operations as ops
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Q

from painelml.migrating import AddIndexOnline, RemoveIndexOnline
from tests import processes

RELEASED: dict[str, int] = {
    "accounts": 10,
    "audit": 10,
    "catalog": 10,
    "exports": 10,
    "orders": 10,
    "painelml": 10,
    "questions": 10,
    "shipments": 10,
    "sync": 10,
    "webhooks": 10,
}
"""By app, the number of the last migration of the first version: up to there no version before it ran.
Generous as long as there is none; on the day of the release it is what is there."""

ALLOWED: dict[tuple[str, str], str] = {}
"""Migrations that break a rule, by app and name, and why nobody is hurt."""


def ours() -> set[str]:
    return {
        config.label for config in apps.get_app_configs() if config.path.startswith(f"{processes.ROOT}/")
        and ".venv" not in config.path
    }  # fmt: skip


def refusals(
    operations: list[Operation], before: ProjectState, app: str, atomic: bool = True
) -> Iterator[str]:
    """Yield what is wrong with each operation, in words that say what to do instead."""
    state, new = before.clone(), set()
    for operation in operations:
        if isinstance(operation, ops.CreateModel):
            new.add(operation.name_lower)
        elif getattr(operation, "model_name_lower", None) not in new and (
            said := refusal(operation, state, app, atomic)
        ):
            yield f"{operation.describe()}: {said}"
        operation.state_forwards(app, state)


def refusal(operation: Operation, state: ProjectState, app: str, atomic: bool) -> str:
    match operation:
        case AddIndexOnline() | RemoveIndexOnline():
            return "write `atomic = False` into the migration." if atomic else ""
        case ops.RenameField() | ops.RenameModel() | ops.AlterModelTable():
            return "the version before knows the old name: add a new one, fill it, drop the old one later."
        case ops.RemoveField() | ops.DeleteModel():
            return "the version before still uses it: name it in ALLOWED once a version without it is out."
        case ops.AddIndex():
            return "it keeps writers out while it is built: AddIndexOnline."
        case ops.RemoveIndex():
            return "it waits for every reader, and writers wait for it: RemoveIndexOnline."
        case ops.AddConstraint() | ops.AlterUniqueTogether() | ops.AlterIndexTogether():
            return "it reads the whole table while writers wait: NOT VALID, or USING INDEX, by RunSQL."
        case ops.AddField(field=field):
            return refusal_of_new(field)
        case ops.AlterField(field=field):
            old = state.models[app, operation.model_name_lower].fields[operation.name]
            return refusal_of_changed(old, field)
        case ops.RunSQL():
            return "nobody can tell what it locks: say it in ALLOWED."
        case ops.RunPython():
            return "" if operation.reversible else "there is no way back: give it a reverse_code."
    return ""


def refusal_of_new(field: models.Field) -> str:
    if field.many_to_many:
        return ""
    if not field.null and field.db_default is models.NOT_PROVIDED:
        return "the version before does not fill it: null=True or db_default."
    return refusal_of_indexed(field)


def refusal_of_changed(old: models.Field, new: models.Field) -> str:
    if old.null and not new.null:
        return "rows of the version before may be NULL: loosen, fill, tighten, each in a version of its own."
    if is_indexed(new) and not is_indexed(old):
        return refusal_of_indexed(new)
    kinds = old.db_parameters(connection)["type"], new.db_parameters(connection)["type"]
    grows = (old.max_length or 0) <= (new.max_length or 10**9) and isinstance(old, models.CharField)
    if kinds[0] != kinds[1] and not (grows and isinstance(new, models.CharField | models.TextField)):
        return (
            "it writes the table anew while nobody may read: add a column, fill it, drop the old one later."
        )
    return ""


def is_indexed(field: models.Field) -> bool:
    return bool(field.db_index or field.unique)


def refusal_of_indexed(field: models.Field) -> str:
    return (
        "its index keeps writers out while it is built: db_index=False and AddIndexOnline."
        if is_indexed(field)
        else ""
    )


def test_every_migration_after_the_release_keeps_to_the_rules() -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    assert set(RELEASED) >= {app for app in ours() if app in loader.migrated_apps}
    wrong = []
    for key in loader.graph.nodes:
        app, name = key
        if app in ours() and int(name[:4]) > RELEASED[app] and key not in ALLOWED:
            migration = loader.graph.nodes[key]
            before = loader.project_state(key, at_end=False)
            for said in refusals(migration.operations, before, app, migration.atomic):
                wrong.append(f"{app} {name}: {said}")
    assert wrong == []
    assert ALLOWED.keys() <= loader.graph.nodes.keys()


@pytest.fixture(scope="module")
def state() -> ProjectState:
    """What all migrations lead to."""
    return MigrationLoader(None, ignore_no_migrations=True).project_state()


INDEX = models.Index(fields=["nickname"], name="by_nickname")
TEXT = models.CharField(max_length=10, default="")
UNIQUE = models.CharField(max_length=10, null=True, unique=True)
BOSS = models.ForeignKey("accounts.User", models.CASCADE, null=True)
POSITIVE = models.CheckConstraint(condition=Q(pk__gt=0), name="positive")


@pytest.mark.parametrize(
    ("operation", "mend"),
    [
        (ops.AddIndex("account", INDEX), "AddIndexOnline"),
        (ops.RenameField("account", "nickname", "name"), "the old name"),
        (ops.RenameModel("Account", "Seller"), "the old name"),
        (ops.RemoveField("account", "nickname"), "still uses it"),
        (ops.DeleteModel("Account"), "still uses it"),
        (ops.AddField("account", "colour", TEXT), "db_default"),
        (ops.AddField("account", "colour", UNIQUE), "db_index=False"),
        (ops.AddField("account", "boss", BOSS), "db_index=False"),
        (ops.AlterField("account", "token_expires_at", models.DateTimeField()), "loosen, fill, tighten"),
        (ops.AlterField("account", "nickname", models.IntegerField()), "add a column"),
        (ops.AlterField("account", "nickname", models.CharField(max_length=3)), "add a column"),
        (ops.AddConstraint("account", POSITIVE), "whole table"),
        (ops.RunSQL("SELECT 1"), "what it locks"),
        (ops.RunPython(lambda apps, editor: None), "reverse_code"),
        (AddIndexOnline("account", INDEX), "atomic = False"),
    ],
    ids=lambda value: "" if isinstance(value, str) else type(value).__name__,
)  # fmt: skip
def test_what_locks_or_breaks_is_refused(state: ProjectState, operation: Operation, mend: str) -> None:
    (said,) = refusals([operation], state, "accounts")
    assert mend in said


@pytest.mark.parametrize(
    "operations",
    [
        [ops.AddField("account", "colour", models.CharField(max_length=10, null=True))],
        [ops.AddField("account", "colour", models.CharField(max_length=10, db_default=""))],
        [ops.AlterField("account", "nickname", models.CharField("name", max_length=500))],
        [ops.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)],
        [
            ops.CreateModel("Colour", [("id", models.BigAutoField(primary_key=True)), ("name", TEXT)]),
            ops.AddIndex("colour", models.Index(fields=["name"], name="colour_by_name")),
        ],
    ],
)
def test_what_hurts_nobody_is_not_refused(state: ProjectState, operations: list[Operation]) -> None:
    assert list(refusals(operations, state, "accounts")) == []
    assert list(refusals([AddIndexOnline("account", INDEX)], state, "accounts", atomic=False)) == []


@pytest.mark.django_db(transaction=True)
def test_an_index_is_made_and_removed_online(state: ProjectState) -> None:
    before = state.clone()
    after = before.clone()
    operation = AddIndexOnline("account", INDEX)
    operation.state_forwards("accounts", after)

    def made() -> bool:
        with connection.cursor() as cursor:
            return "by_nickname" in connection.introspection.get_constraints(cursor, "accounts_account")

    with pytest.raises(NotSupportedError, match="atomic = False"), connection.schema_editor() as editor:
        operation.database_forwards("accounts", editor, before, after)
    assert not made()
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("accounts", editor, before, after)
    assert made()
    with connection.schema_editor(atomic=False) as editor:
        RemoveIndexOnline("account", "by_nickname").database_forwards("accounts", editor, after, before)
    assert not made()
