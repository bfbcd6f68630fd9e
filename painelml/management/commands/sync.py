"""`manage.py sync --account ID --scope all --days 30`: a backfill in the foreground."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.models import Q

from accounts.models import Account
from painelml.sync.actions import SCOPES, start_sync
from painelml.sync.engine import work
from painelml.sync.models import RunKind, RunStatus, SyncRun
from painelml.sync.queries import RunProgress, latest_runs, overall_percent

HELPERS_PER_RUN = 2
GLANCE_S = 0.3
TURN_S = 2.0


class Command(BaseCommand):
    help = "Mirror an account in the foreground, with a progress bar. The exit status is 1 when a run failed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", required=True, help="our id of the account, or the seller's id")
        parser.add_argument("--scope", default="all", choices=["all", *SCOPES])
        parser.add_argument("--days", type=int, help="only orders and questions of the last days")

    def handle(self, *args: Any, account: str, scope: str, days: int | None, **options: Any) -> None:
        if days is not None and days < 1:
            raise CommandError("--days must be at least 1.")
        seller = find_account(account)
        if not seller.sync_enabled:
            raise CommandError(f"{seller} is {seller.get_status_display().lower()}: nothing can be read now.")
        runs = start_sync(seller, scope, kind=RunKind.BACKFILL, days=days)
        ids = [run.pk for run in runs]
        stop = Event()
        with ThreadPoolExecutor(len(ids) * HELPERS_PER_RUN) as pool:
            helpers = [pool.submit(work_until_done, run_id, stop) for run_id in ids * HELPERS_PER_RUN]
            try:
                while not all(helper.done() for helper in helpers):
                    self.show(seller, ids)
                    time.sleep(GLANCE_S)
            except KeyboardInterrupt:
                stop.set()
                raise CommandError(
                    "Stopped. What was read stays; the same command goes on where it stopped."
                ) from None
            for helper in helpers:
                helper.result()
        self.finish(seller, ids)

    def show(self, seller: Account, ids: list[int]) -> None:
        progress = [one for one in latest_runs([seller]) if one.run.pk in ids]
        percent = overall_percent(progress)
        parts = [f"{one.run.scope} {count(one)}" for one in progress]
        if not self.stderr.isatty():
            return
        width = shutil.get_terminal_size().columns
        bar = "█" * (percent // 5) + "░" * (20 - percent // 5)
        self.stderr.write(f"\r{bar} {percent:3d} %  {' · '.join(parts)}"[:width].ljust(width - 1), ending="")

    def finish(self, seller: Account, ids: list[int]) -> None:
        runs = list(SyncRun.objects.filter(pk__in=ids).order_by("id"))
        if self.stderr.isatty():
            self.stderr.write("")
        for run in runs:
            words = f"{run.scope}: {run.done} of {run.total or 0}, {run.api_calls} calls, {run.status}"
            self.stdout.write(f"{words}: {run.error}" if run.error else words)
        if any(run.status != RunStatus.DONE or run.failed for run in runs):
            raise CommandError("Not everything could be mirrored.", returncode=1)


def find_account(name: str) -> Account:
    """Return the account by our id or the seller's. Raises CommandError that lists what there is."""
    by_id = Q(meli_user_id=name) | (Q(pk=name) if name.isdecimal() and len(name) < 10 else Q())
    found = Account.objects.filter(by_id).first()
    if found is None:
        known = ", ".join(f"{account.pk} ({account})" for account in Account.objects.all()[:20])
        raise CommandError(f"There is no account {name}. Connected are: {known or 'none'}.")
    return found


def work_until_done(run_id: int, stop: Event) -> None:
    try:
        while not stop.is_set() and is_workable(run_id):
            if not work(run_id, seconds=TURN_S):
                time.sleep(GLANCE_S)
    finally:
        connection.close()


def is_workable(run_id: int) -> bool:
    """Whether a run goes on: it is not over, and its account was neither paused nor lost."""
    return SyncRun.objects.active().filter(pk=run_id, account__in=Account.objects.working()).exists()


def count(progress: RunProgress) -> str:
    total = progress.run.total
    return f"{progress.run.done}/{'?' if total is None else total}"
