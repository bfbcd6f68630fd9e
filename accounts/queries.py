"""What the accounts page and the API ask. Their number of queries does not depend on the number of
accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from painelml.sync.models import SyncRun
from painelml.sync.queries import RunProgress, latest_runs, overall_percent

from .models import Account


@dataclass(frozen=True)
class Mirror:
    """What we hold of an account. `issues` counts resources that could not be read, `is_running` says that a
    run is under way; `last_updated` is the end of the last one."""

    products: int
    orders: int
    issues: int
    last_updated: datetime | None
    is_running: bool


@dataclass(frozen=True)
class Card:
    """An account as the accounts page shows it; `percent` is None when nothing runs."""

    account: Account
    mirror: Mirror
    runs: list[RunProgress]
    percent: int | None


def mirrors(accounts: Sequence[Account]) -> dict[int, Mirror]:
    """Return what we hold of each of these accounts."""
    mine = Account.objects.filter(pk__in=[account.pk for account in accounts]).order_by()
    products = dict(mine.annotate(held=Count("items")).values_list("pk", "held"))
    orders = dict(mine.annotate(held=Count("orders")).values_list("pk", "held"))
    lost = Count("pending_reads", filter=Q(pending_reads__given_up=True))
    issues = dict(mine.annotate(held=lost).values_list("pk", "held"))
    running = set(SyncRun.objects.active().filter(account__in=accounts).values_list("account", flat=True))
    return {
        account.pk: Mirror(
            products.get(account.pk, 0),
            orders.get(account.pk, 0),
            issues.get(account.pk, 0),
            account.last_sync,
            account.pk in running,
        )
        for account in accounts
    }


def cards(accounts: Sequence[Account]) -> list[Card]:
    """Return what the accounts page shows of these accounts, in their order."""
    held = mirrors(accounts)
    runs: dict[int, list[RunProgress]] = {account.pk: [] for account in accounts}
    for progress in latest_runs(accounts):
        runs[progress.run.account_id].append(progress)
    return [
        Card(
            account,
            held[account.pk],
            runs[account.pk],
            overall_percent(runs[account.pk]) if held[account.pk].is_running else None,
        )
        for account in accounts
    ]
