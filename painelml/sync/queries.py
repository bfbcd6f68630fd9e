"""What screens and the API ask about runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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
    eta = None
    if run.status == RunStatus.RUNNING and run.started_at and share > 0.01:
        elapsed = (timezone.now() - run.started_at).total_seconds()
        eta = round(elapsed * (1 - share) / share)
    return RunProgress(run, min(99, int(100 * share)), eta)


def overall_percent(runs: Iterable[RunProgress]) -> int:
    """Return one number for several runs: the mean, so that a long one is not hidden by short ones."""
    percents = [one.percent for one in runs]
    return sum(percents) // len(percents) if percents else 100
