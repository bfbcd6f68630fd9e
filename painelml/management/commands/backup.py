"""`manage.py backup FILE`: the whole database as one file, while the panel goes on working."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from painelml import backups


class Command(BaseCommand):
    help = (
        "Writes the whole database into one file, as it is at this moment; the panel goes on working. "
        "Keep ENCRYPTION_KEY somewhere else: without it the stored tokens cannot be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--force", action="store_true", help="replace the file when it is there")

    def handle(self, *args: Any, file: Path, force: bool, **options: Any) -> None:
        if file.exists() and not force:
            raise CommandError(f"{file} is there already. Choose another name, or add --force.")
        try:
            manifest = backups.make(file)
        except (backups.BackupError, OSError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{file}: {file.stat().st_size} bytes of {manifest.vendor}, key {manifest.keys[0]}, "
            f"{manifest.made_at}"
        )
