"""What the accounts page and the API ask. Their number of queries does not depend on the number of
accounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from painelml.sync.models import SyncRun
from painelml.sync.queries import RunProgress, latest_runs, overall_percent

from .models import Account

SCOPES = ("items", "orders", "shipments", "questions")
"""What is mirrored of an account, by the names of its rows and of the runs that read them."""
Held = Counter[tuple[int, str]]


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
    """An account as the accounts page shows it; `percent` is None when nothing runs. `runs` are the latest of
    each scope, each with how many of its rows we hold."""

    account: Account
    mirror: Mirror
    runs: list[tuple[RunProgress, int]]
    percent: int | None


def mirrors(accounts: Sequence[Account], rows: Held | None = None) -> dict[int, Mirror]:
    """Return what we hold of each of these accounts; `rows` if they were counted before."""
    rows = held_rows(accounts, ("items", "orders")) if rows is None else rows
    mine = Account.objects.filter(pk__in=[account.pk for account in accounts]).order_by()
    lost = Count("pending_reads", filter=Q(pending_reads__given_up=True))
    issues = dict(mine.annotate(held=lost).values_list("pk", "held"))
    running = set(SyncRun.objects.active().filter(account__in=accounts).values_list("account", flat=True))
    return {
        account.pk: Mirror(
            rows[account.pk, "items"],
            rows[account.pk, "orders"],
            issues.get(account.pk, 0),
            account.last_sync,
            account.pk in running,
        )
        for account in accounts
    }


def cards(accounts: Sequence[Account]) -> list[Card]:
    """Return what the accounts page shows of these accounts, in their order."""
    rows = held_rows(accounts)
    held = mirrors(accounts, rows)
    runs: dict[int, list[RunProgress]] = {account.pk: [] for account in accounts}
    for progress in latest_runs(accounts):
        runs[progress.run.account_id].append(progress)
    return [
        Card(
            account,
            held[account.pk],
            [(one, rows[account.pk, one.run.scope]) for one in runs[account.pk]],
            overall_percent(runs[account.pk]) if held[account.pk].is_running else None,
        )
        for account in accounts
    ]


def held_rows(accounts: Sequence[Account], scopes: Sequence[str] = SCOPES) -> Held:
    """Return how many rows of each scope we hold, by account and scope; none is zero. A query a scope."""
    mine = Account.objects.filter(pk__in=[account.pk for account in accounts]).order_by()
    return Counter(
        {
            (pk, scope): held
            for scope in scopes
            for pk, held in mine.annotate(held=Count(scope)).values_list("pk", "held")
        }
    )
