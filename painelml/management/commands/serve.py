"""`manage.py serve`: web, worker and scheduler in one process."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from painelml import embedded


class Command(BaseCommand):
    help = "Run the whole panel in one process: web, worker and scheduler."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="the address to listen on (default: only this machine)"
        )
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        embedded.claim_database("give this one a DATABASE_URL of its own")
        bound = embedded.listen(host, port)
        embedded.prepare()
        embedded.serve(
            bound,
            lambda: self.say(f"Painel ML: {settings.APP_BASE_URL} (stop with Ctrl-C)"),
            lambda: self.say("Stopping ..."),
        )
        embedded.leave()

    def say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()
