"""`manage.py heartbeat worker`: the health check of a process that listens to nobody."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from painelml.health import FRESH_S, heartbeat_age, this_host


class Command(BaseCommand):
    help = (
        "Says whether this host's worker or scheduler was heard of in the last minute; the exit status too."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("part", choices=["worker", "scheduler"])

    def handle(self, *args: Any, part: str, **options: Any) -> None:
        age = heartbeat_age(this_host(part))
        if age is None or age > FRESH_S:
            heard = "never" if age is None else f"{age:.0f} s ago"
            raise CommandError(f"The {part} of this host was heard of {heard}; {FRESH_S} s is too long.")
        self.stdout.write(f"The {part} of this host was heard of {age:.0f} s ago.")
