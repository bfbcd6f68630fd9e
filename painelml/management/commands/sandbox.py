"""`manage.py sandbox`: the stand-in for Mercado Livre, until Ctrl-C."""

import json
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from painelml.sandbox import Application, Drills, Sandbox


class Command(BaseCommand):
    help = "Runs the bundled stand-in for Mercado Livre: invented shops, deterministic by seed, alive."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        default = Application()
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8001)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--sellers", type=int, default=2)
        parser.add_argument(
            "--orders", type=int, default=1200, help="the first seller's; the others have a quarter each"
        )
        parser.add_argument("--items", type=int, default=160, help="likewise")
        parser.add_argument("--questions", type=int, default=240, help="likewise")
        parser.add_argument("--callback", default="", metavar="URL", help="where notifications go")
        parser.add_argument("--client-id", type=int, default=default.id)
        parser.add_argument("--client-secret", default=default.secret)
        parser.add_argument("--redirect-uri", default=default.redirect_uri)
        life = parser.add_mutually_exclusive_group()
        life.add_argument("--quiet-life", action="store_true", help="nothing happens unless asked for")
        life.add_argument(
            "--pace", type=float, default=1.0, help="1: a sale every six seconds or so; 10: ten times as many"
        )
        parser.add_argument("--state", metavar="FILE", help="keep the world here and go on from it next time")
        parser.add_argument(
            "--drills", default="{}", metavar="JSON", help='e.g. \'{"duplicates": 0.3, "error_rate": 0.05}\''
        )

    def handle(self, *args: Any, **options: Any) -> None:
        application = Application(
            id=options["client_id"],
            secret=options["client_secret"],
            redirect_uri=options["redirect_uri"],
            callback_url=options["callback"],
        )
        try:
            drills = Drills(**json.loads(options["drills"]))
        except (ValueError, TypeError) as error:
            raise CommandError(f"--drills is not a JSON object of drills: {error}") from error
        try:
            sandbox = Sandbox(
                host=options["host"],
                port=options["port"],
                application=application,
                drills=drills,
                pace=0 if options["quiet_life"] else options["pace"],
                state_file=options["state"],
                **{name: options[name] for name in ("seed", "sellers", "orders", "items", "questions")},
            )
        except OSError as error:
            raise CommandError(
                f"Port {options['port']} is taken; choose another with --port ({error})."
            ) from error
        asked_to_stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: asked_to_stop.set())
        with sandbox:
            self.stdout.write(f"Sandbox at {sandbox.url}")
            asked_to_stop.wait()
