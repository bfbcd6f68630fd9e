"""Operations for migrations that run while people work: `docs/operations.md`, "Versions"."""

from __future__ import annotations

from typing import Any

from django.db import NotSupportedError
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddIndex, RemoveIndex


class AddIndexOnline(AddIndex):
    """Adds an index without keeping writers out. On PostgreSQL that takes `CONCURRENTLY`, and so a migration
    with `atomic = False`; SQLite has one writer anyway."""

    atomic = False

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.add_index(model, self.index, **online(schema_editor))

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.remove_index(model, self.index, **online(schema_editor))


class RemoveIndexOnline(RemoveIndex):
    """Removes an index without keeping writers out."""

    atomic = False

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.remove_index(model, index, **online(schema_editor))

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.add_index(model, index, **online(schema_editor))


def online(schema_editor: BaseDatabaseSchemaEditor) -> dict[str, bool]:
    """Return what PostgreSQL's editor is told. Raises NotSupportedError inside a transaction, where
    `CONCURRENTLY` cannot be."""
    if schema_editor.connection.vendor != "postgresql":
        return {}
    if schema_editor.connection.in_atomic_block:
        raise NotSupportedError("Write `atomic = False` into the migration: its index is made online.")
    return {"concurrently": True}
