"""`manage.py erase_buyer --account ID --buyer ID`: forget a buyer who asked for it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Account
from painelml.privacy.actions import erase_buyer


class Command(BaseCommand):
    help = (
        "Takes a buyer's personal data out of orders, shipments and questions of an account, payloads and "
        "exported files included. Figures stay as they are, and reading again brings nothing back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", type=int, required=True, help="our id of the account")
        parser.add_argument("--buyer", required=True, help="the buyer's id at Mercado Livre")

    def handle(self, *args: Any, account: int, buyer: str, **options: Any) -> None:
        seller = Account.objects.filter(pk=account).first()
        if seller is None:
            raise CommandError(f"There is no account {account}.")
        if not buyer.isdecimal():
            raise CommandError("--buyer is the number Mercado Livre knows the buyer by.")
        done = erase_buyer(seller, buyer)
        rows = ", ".join(f"{count} {name}" for name, count in done.items())
        self.stdout.write(f"Erased a buyer from {rows}; exported files were deleted.")
