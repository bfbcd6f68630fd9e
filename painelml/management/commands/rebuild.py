"""`manage.py rebuild`: derive every column again from the stored payloads, without a call."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.models import Account
from painelml.sync.actions import SCOPES
from painelml.sync.resource import RESOURCES
from painelml.sync.signals import rows_saved


class Command(BaseCommand):
    help = "Derive every column of the mirror again from the stored payloads, without calling Mercado Livre."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", type=int, help="our id of one account; all without it")
        parser.add_argument("--scope", default="all", choices=["all", *SCOPES])

    def handle(self, *args: Any, account: int | None, scope: str, **options: Any) -> None:
        accounts = Account.objects.filter(pk=account) if account else Account.objects.all()
        for seller in accounts:
            for name in SCOPES if scope == "all" else [scope]:
                resource = RESOURCES[name](seller)
                done = 0
                for ids in resource.rebuild():
                    rows_saved.send(type(resource), resource=name, account=seller, ids=ids)
                    done += len(ids)
                self.stdout.write(f"{seller}: {done} {name}")
