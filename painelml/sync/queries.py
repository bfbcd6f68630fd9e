"""What screens and the API ask about runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import Max, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import Account

from .models import RunStatus, SyncRun


@dataclass(frozen=True)
class RunProgress:
    """A run with how far it is: `percent` 0 to 100, `eta_seconds` None while it cannot be told."""

    run: SyncRun
    percent: int
    eta_seconds: int | None

    @property
    def is_at_details(self) -> bool:
        """Whether all of it is listed and only details are still being read, which cannot be timed."""
        return bool(self.run.is_active and self.run.total and self.run.done >= self.run.total)


def latest_runs(accounts: Iterable[Account]) -> list[RunProgress]:
    """Return the latest run of each scope of each account, in one query."""
    return _latest(SyncRun.objects.filter(account__in=accounts))


def ledger(accounts: Iterable[Account]) -> list[RunProgress]:
    """Return each scope's latest comparison of all we hold with all Mercado Livre lists: `total` is what
    there is, `done` what we hold. One query."""
    return _latest(SyncRun.objects.listings().filter(account__in=accounts))


def found_by_rereads(accounts: Iterable[Account]) -> int:
    """Count the changes that re-reads and audits saw before any notification told of them. Of the runs that
    are kept."""
    found = SyncRun.objects.rereads().filter(account__in=accounts).aggregate(found=Sum("changed"))["found"]
    return found or 0


def _latest(runs: QuerySet[SyncRun]) -> list[RunProgress]:
    newest = runs.order_by().values("account", "scope").annotate(newest=Max("id")).values("newest")
    shown = (
        SyncRun.objects.filter(pk__in=newest)
        .select_related("account")
        .annotate(
            steps_expected=Sum("steps__expected", filter=~Q(steps__name="plan")),
            steps_held=Sum("steps__held", filter=~Q(steps__name="plan")),
        )
        .order_by("account_id", "id")
    )
    return [_progress(run, run.steps_expected or 0, run.steps_held or 0) for run in shown]


def _progress(run: SyncRun, expected: int, held: int) -> RunProgress:
    """Tell how far a run is. All its steps count, so that details still to be read keep it below 100."""
    if run.status == RunStatus.DONE:
        return RunProgress(run, 100, 0)
    share = min(held, expected) / expected if expected else 0.0
    progress = RunProgress(run, min(99, int(100 * share)), None)
    if run.status != RunStatus.RUNNING or run.started_at is None or progress.is_at_details:
        return progress
    if not run.done or share <= 0.01:
        return progress
    elapsed = (timezone.now() - run.started_at).total_seconds()
    return replace(progress, eta_seconds=round(elapsed * (1 - share) / share))


def overall_percent(runs: Iterable[RunProgress]) -> int:
    """Return one number for several runs: the mean, so that a long one is not hidden by short ones.

    While some work, those are counted that were started with them, so that it does not fall when one ends.
    """
    percents = [one.percent for one in of_one_start(runs)]
    return sum(percents) // len(percents) if percents else 100


def of_one_start(runs: Iterable[RunProgress]) -> list[RunProgress]:
    """Return the runs that work and those that ended since the first of them was asked for; all when none
    works."""
    runs = list(runs)
    asked = min((one.run.created_at for one in runs if one.run.is_active), default=None)
    if asked is None:
        return runs
    return [one for one in runs if one.run.finished_at is None or one.run.finished_at >= asked]
