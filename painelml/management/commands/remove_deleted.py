"""`manage.py remove_deleted`: finish removing disconnected accounts and deleted organizations, and say how
far it is. Workers do the same every minute; this is for whoever wants to see it done."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.removal import remove_deleted, what_is_left

TURN_S = 5.0


class Command(BaseCommand):
    help = "Removes what disconnected accounts and deleted organizations left, and says how much there is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only-show", action="store_true", help="remove nothing")

    def handle(self, *args: Any, only_show: bool, **options: Any) -> None:
        self.show()
        while not only_show and not remove_deleted(TURN_S):
            self.show()
        if not only_show:
            self.stdout.write("Nothing is left.")

    def show(self) -> None:
        left = ", ".join(f"{number} {what}" for what, number in what_is_left().items())
        self.stdout.write(f"Being removed: {left}")
