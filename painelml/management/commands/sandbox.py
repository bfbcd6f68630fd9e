"""`manage.py sandbox`: the stand-in for Mercado Livre, until Ctrl-C."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from painelml.sandbox import Application, Sandbox


class Command(BaseCommand):
    help = "Runs the bundled stand-in for Mercado Livre: two invented shops, deterministic by seed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        default = Application()
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8001)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--sellers", type=int, default=2)
        parser.add_argument(
            "--orders", type=int, default=1200, help="of the first seller; the others have a quarter each"
        )
        parser.add_argument("--items", type=int, default=160)
        parser.add_argument("--questions", type=int, default=240)
        parser.add_argument("--client-id", type=int, default=default.id)
        parser.add_argument("--client-secret", default=default.secret)
        parser.add_argument("--redirect-uri", default=default.redirect_uri)

    def handle(self, *args: Any, **options: Any) -> None:
        application = Application(options["client_id"], options["client_secret"], options["redirect_uri"])
        sizes = {name: options[name] for name in ("seed", "sellers", "orders", "items", "questions")}
        try:
            box = Sandbox(host=options["host"], port=options["port"], application=application, **sizes)
        except OSError as error:
            raise CommandError(
                f"Port {options['port']} is taken: choose another with --port ({error})"
            ) from error
        asked_to_stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: asked_to_stop.set())
        with box:
            self.stdout.write(f"Sandbox at {box.url}")
            asked_to_stop.wait()
