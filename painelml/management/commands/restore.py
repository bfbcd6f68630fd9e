"""`manage.py restore FILE`: a backup in the place of the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from painelml import backups


class Command(BaseCommand):
    help = (
        "Puts what `backup` wrote in the place of the database and brings it up to this version. Stop web, "
        "workers and scheduler first. Checks the file, the version and the key before anything is touched."
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--force", action="store_true", help="replace a database that is not empty")
        parser.add_argument(
            "--without-key", action="store_true", help="its key is lost: accounts have to be connected again"
        )

    def handle(self, *args: Any, file: Path, force: bool, without_key: bool, **options: Any) -> None:
        try:
            manifest = backups.restore(file, overwrite=force, without_key=without_key)
        except (backups.BackupError, OSError) as error:
            raise CommandError(str(error)) from None
        call_command("migrate", interactive=False, verbosity=0)
        self.stdout.write(f"Restored what was there at {manifest.made_at}.")
