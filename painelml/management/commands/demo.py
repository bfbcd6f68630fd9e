"""`manage.py demo`: the panel beside a sandbox of Mercado Livre, with two connected sellers."""

import threading
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand

from painelml import demo, embedded

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "See it run: the panel beside a stand-in for Mercado Livre, with data of its own in var/demo."

    def add_arguments(self, parser: ArgumentParser) -> None:
        demo.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        asked = Namespace(**options)
        embedded.claim_database("choose another folder with --folder, and other ports")
        bound = embedded.listen(demo.HOST, asked.port)
        embedded.listen(demo.HOST, asked.sandbox_port, option="--sandbox-port").close()
        self.say("Painel ML is getting ready ...")
        with suppress(KeyboardInterrupt), demo.running_sandbox(asked):
            embedded.prepare()
            demo.settle_people()
            demo.follow_sandbox()
            embedded.serve(bound, self.welcome)
        embedded.leave()

    def welcome(self) -> None:
        self.say(
            f"\n  Painel ML     {settings.APP_BASE_URL}\n"
            f"  E-mail        {demo.EMAIL}\n"
            f"  Password      {demo.PASSWORD}\n"
            f"  Mercado Livre {settings.MELI_API_URL} (sandbox)\n\n"
            "Ctrl-C stops all of it; the next start goes on with the same data.\n"
        )
        threading.Thread(target=self.connect, name="connect-sellers", daemon=True).start()

    def connect(self) -> None:
        try:
            demo.connect_sellers()
        except Exception:
            log.exception("the sellers of the sandbox could not be connected")

    def say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()
