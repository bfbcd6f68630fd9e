"""What screens and the API ask about runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import Count, Max, Q, QuerySet, Sum
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

    @property
    def surplus(self) -> int:
        """How many more we hold than were listed: they came meanwhile, or are listed no longer. Negative:
        that many are missing. 0 until the run is over."""
        return 0 if self.run.is_active or self.run.total is None else self.run.done - self.run.total

    @property
    def missing(self) -> int:
        return max(0, -self.surplus)


def latest_runs(accounts: Iterable[Account]) -> list[RunProgress]:
    """Return the latest run of each scope of each account, in one query."""
    return _latest(SyncRun.objects.filter(account__in=accounts))


def ledger(accounts: Iterable[Account]) -> list[RunProgress]:
    """Return each scope's latest comparison of all we hold with all Mercado Livre lists: `total` is what
    there is, `done` what we hold. One query."""
    return _latest(SyncRun.objects.listings().filter(account__in=accounts))


def unread_scopes(accounts: Iterable[Account]) -> set[str]:
    """Return the scopes whose first run has not ended well yet for each of these accounts: what we hold of
    them is not all there is. One query."""
    runs = SyncRun.objects.filter(account__in=accounts).order_by().values("account", "scope")
    ended_well = Count("pk", filter=Q(status=RunStatus.DONE))
    return set(runs.annotate(ended_well=ended_well).filter(ended_well=0).values_list("scope", flat=True))


def found_by_rereads(accounts: Iterable[Account]) -> int:
    """Count the changes that re-reads and audits saw before any notification told of them. Of the runs that
    are kept."""
    found = SyncRun.objects.rereads().filter(account__in=accounts).aggregate(found=Sum("changed"))["found"]
    return found or 0


def _latest(runs: QuerySet[SyncRun]) -> list[RunProgress]:
    newest = runs.order_by().values("account", "scope").annotate(newest=Max("id")).values("newest")
    shown = SyncRun.objects.filter(pk__in=newest).select_related("account").order_by("account_id", "id")
    return [_progress(run) for run in shown]


def _progress(run: SyncRun) -> RunProgress:
    """Tell how far a run is, by the figures people see beside it. Details still to be read keep it below
    100."""
    if run.status == RunStatus.DONE:
        return RunProgress(run, 100, 0)
    share = min(run.done, run.total) / run.total if run.total else 0.0
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
