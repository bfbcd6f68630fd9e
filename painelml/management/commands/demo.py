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
            is_over = threading.Event()
            embedded.serve(bound, lambda: self.welcome(asked.pace, is_over), lambda: self.say("Stopping ..."))
            is_over.set()
        embedded.leave()

    def welcome(self, pace: float, is_over: threading.Event) -> None:
        self.say(
            f"\n  Painel ML     {settings.APP_BASE_URL}\n"
            f"  E-mail        {demo.EMAIL}\n"
            f"  Password      {demo.PASSWORD}\n"
            f"  Mercado Livre {settings.MELI_API_URL} (sandbox)\n\n"
            "Ctrl-C stops all of it; the next start goes on with the same data.\n"
        )
        threading.Thread(target=self.open_shops, args=(pace, is_over), name="open-shops", daemon=True).start()

    def open_shops(self, pace: float, is_over: threading.Event) -> None:
        try:
            demo.connect_sellers()
            if pace:
                demo.begin_busily(pace, is_over)
        except Exception:
            log.exception("the sellers of the sandbox could not be connected")

    def say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()
