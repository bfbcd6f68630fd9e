"""The engine: claims the steps of a run, reads their pages and saves them. Knows no particular resource.

Any number of workers may call `work` on one run. What a killed worker held is claimed again when its lease
ends, and at most the page it was reading is read twice.
"""

from __future__ import annotations

import os
import random
import socket
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, partial

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Count, F, Max, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from structlog.contextvars import bind_contextvars

from accounts import actions as account_actions
from accounts.client import client_for
from accounts.database import borrowed_connection
from accounts.models import Account
from painelml import live, metrics
from painelml.celery import stopping
from painelml.meli import AppRefused, Call, MeliError, Priority, Reconnect, TryLater

from .models import ACTIVE_STATUSES, PendingRead, RunKind, RunStatus, StepState, SyncRun, SyncStep
from .resource import PLAN, READS, RESOURCES, Page, Reading, Resource, Saved, StepPlan, Want
from .signals import rows_saved

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=90)
"""Longer than a call can take (about a minute), short enough to wait for after a crash. Calls renew it."""
RENEW_S = 25
STEP_TRIES = 12
READ_TRIES = 8
LONGEST_DELAY = timedelta(hours=6)
A_FEW = 3
LONGEST_ID = 32
READS_POSITION = 1_000_000
"""Reads come after every listing step, so that one worker alone shows the newest rows first."""
FED_PAUSE = timedelta(seconds=1)
"""How long reads wait for what still brings more of them."""
NEAR = timedelta(seconds=60)
"""A run waits for reads that may be tried again this soon; later ones are left to the next re-read."""


OWED_ONCE = ["account", "resource", "meli_id"]


class LeaseLost(Exception):
    """Another worker took the step over. What was saved stays; the step goes on there."""


class Stopped(Exception):
    """The run was cancelled or its account paused while a page was being read."""


@dataclass
class Applied:
    """What reading by id did: outcomes (`created`, `updated`, `unchanged`, `gone`) and errors, by id."""

    outcomes: dict[str, str] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)


def work(run_id: int, seconds: float) -> bool:
    """Work on a run until no step can be claimed or the time is up. Return whether it may have more to do
    now.
    """
    run = SyncRun.objects.active().select_related("account").filter(pk=run_id).first()
    if run is None or not run.account.sync_enabled:
        return False
    bind_contextvars(account=run.account_id, run=run.pk)
    try:
        worker = Worker(run)
    except MeliError as error:
        end_run(run, RunStatus.FAILED, str(error))
        return False
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stopping.is_set():
        step = worker.claim()
        if step is None:
            if not SyncStep.objects.open().filter(run=run).exists():
                worker.note_progress()  # whoever did the last step died before it could end the run
            return False
        worker.do(step, until)
    return True


def apply(
    account: Account, resource_name: str, ids: Sequence[str], priority: Priority = Priority.ORDERS
) -> Applied:
    """Read these resources now, save them and what they point to. What fails is in `errors`; nothing is
    raised but `Reconnect`, after the account was marked expired."""
    applied = Applied()
    reader = Reader(account, priority)
    resource = reader.resource(resource_name)
    read_at = timezone.now()
    fetched = resource.fetch(list(ids))
    fetched.readings += resource.without(fetched.gone)
    applied.errors = dict(fetched.errors)
    for error in fetched.errors.values():
        if isinstance(error, Reconnect):
            account_actions.mark_expired(account, error)
            raise error
    saved = reader.save(resource, fetched.readings, read_at)
    for reading in fetched.readings:
        meli_id = resource.meli_id(reading.payload)
        applied.outcomes[meli_id] = saved.outcome(meli_id)
    applied.outcomes.update(dict.fromkeys(fetched.gone, "gone"))
    applied.errors |= saved.broken
    reader.read_wanted([want for want in saved.wants if want.resource != resource.name])
    put_off_lacking(account, [want for want in saved.wants if want.resource == resource.name], resource)
    return applied


class Reader:
    """Opens resources of one account over one client, and saves what they read."""

    def __init__(self, account: Account, priority: Priority, run: SyncRun | None = None) -> None:
        self.account = account
        self.run = run
        self.calls = 0
        self.meli = client_for(account, priority, on_call=self.count)

    def count(self, call: Call) -> None:
        self.calls += 1

    @cached_property
    def followed_since(self) -> datetime | None:
        """Since when what a reading points to has to be read by now. In a re-read that is since its mark, so
        that a parcel is not read again every time its order is listed."""
        if self.run is None:
            return None
        mark = self.resource(self.run.scope).mark() if self.run.kind == RunKind.INCREMENTAL else None
        return mark or self.run.created_at

    def resource(self, name: str) -> Resource:
        return RESOURCES[name](self.account, self.meli)

    def save(self, resource: Resource, readings: Sequence[Reading], read_at: datetime) -> Saved:
        """Save readings, tell the apps, and owe what they point to. One that cannot be saved is set aside,
        with its reason, and does not keep the others from it.
        """
        try:
            return self._save(resource, readings, read_at)
        except (OperationalError, InterfaceError):
            raise  # the database is the trouble
        except Exception as error:
            if len(readings) == 1:
                return self.set_aside(resource, readings[0], error)
        saved = Saved()
        for reading in readings:
            saved.add(self.save(resource, [reading], read_at))
        return saved

    def set_aside(self, resource: Resource, reading: Reading, error: Exception) -> Saved:
        """Keep in words that a resource cannot be mirrored; an audit tries it again."""
        meli_id = resource.meli_id(reading.payload)
        log.exception("row_set_aside", resource=resource.name, meli_id=meli_id)
        PendingRead.objects.update_or_create(
            account=self.account,
            resource=resource.name,
            meli_id=meli_id[:LONGEST_ID],
            defaults={"given_up": True, "error": _("It could not be saved (%s)") % type(error).__name__},
        )
        return Saved(broken={meli_id: error})

    def _save(self, resource: Resource, readings: Sequence[Reading], read_at: datetime) -> Saved:
        saved = resource.save(readings, read_at, self.followed_since)
        ids = saved.created + saved.updated + saved.unchanged
        if ids:
            rows_saved.send(type(resource), resource=resource.name, account=self.account, ids=ids)
        lacking = {want.meli_id for want in saved.wants if want.resource == resource.name}
        no_longer = PendingRead.objects.filter(account=self.account, resource=resource.name, given_up=True)
        no_longer.filter(meli_id__in=set(ids) - lacking).delete()
        owe(self.account, saved.wants, again=self.run is not None and self.run.kind != RunKind.INCREMENTAL)
        if self.run and (news := saved.news_since(self.run.created_at)):
            SyncRun.objects.filter(pk=self.run.pk).update(changed=F("changed") + len(news))
        if saved.created or saved.updated:
            live.publish(self.account.organization_id, resource.name)
        return saved

    def read_owed(self, resource: Resource, owed: Sequence[PendingRead]) -> int:
        """Read what is owed, at most a batch; return how many are settled for good (mirrored, gone or given
        up).

        Raises the error when more than a few were read and all failed for a passing reason: then Mercado
        Livre is the trouble.
        """
        read_at = timezone.now()
        ids = [read.meli_id for read in owed]
        fetched = resource.complete(resource.unread(ids, self.run.created_at) if self.run else ids)
        fetched.readings += resource.without(fetched.gone)
        errors = fetched.errors
        for error in errors.values():
            if isinstance(error, Reconnect | AppRefused):
                raise error  # the account or the application is the trouble: the reads stay owed
        saved = self.save(resource, fetched.readings, read_at)
        lacking = {want.meli_id for want in saved.wants if want.resource == resource.name}
        unsettled = errors.keys() | lacking | saved.broken.keys()
        settled = [read.pk for read in owed if read.meli_id not in unsettled]
        PendingRead.objects.filter(pk__in=settled).delete()
        given_up = len(saved.broken)
        for read in owed:
            if read.meli_id in errors:
                error = errors[read.meli_id]
                given_up += postpone(read, str(error), for_good=not isinstance(error, TryLater))
            elif read.meli_id in lacking:
                given_up += postpone(read, _("Mercado Livre left a part out"), first=resource.lack_delay)
        if len(errors) == len(owed) > A_FEW and all(isinstance(e, TryLater) for e in errors.values()):
            raise next(iter(errors.values()))
        return len(settled) + given_up

    def read_wanted(self, wants: Sequence[Want]) -> None:
        """Read at once what a notification's resource points to; what fails stays owed."""
        by_resource = defaultdict(list)
        for want in wants:
            by_resource[want.resource].append(want.meli_id)
        now = timezone.now()
        for name, ids in by_resource.items():
            owed = PendingRead.objects.ready(now).filter(account=self.account, resource=name, meli_id__in=ids)
            try:
                self.read_owed(self.resource(name), list(owed))
            except MeliError as error:
                log.warning("wanted_reads_postponed", resource=name, error=str(error))


def owe(account: Account, wants: Iterable[Want], again: bool = False) -> None:
    """Remember what has to be read by id; with `again`, what was given up gets another chance."""
    reads = {
        (want.resource, want.meli_id): PendingRead(
            account=account, resource=want.resource, meli_id=want.meli_id, wanted_at=want.date
        )
        for want in wants
    }
    known = {"update_conflicts": True, "update_fields": ["given_up"], "unique_fields": OWED_ONCE}
    PendingRead.objects.bulk_create(
        [reads[key] for key in sorted(reads)], **(known if again else {"ignore_conflicts": True})
    )


def put_off_lacking(account: Account, wants: Sequence[Want], resource: Resource) -> None:
    """Ask later for what Mercado Livre left out of what was read just now."""
    just_owed = PendingRead.objects.filter(
        account=account,
        resource=resource.name,
        meli_id__in=[want.meli_id for want in wants],
        attempts=0,
    )
    just_owed.update(attempts=1, next_try_at=timezone.now() + resource.lack_delay)


def postpone(
    read: PendingRead, error: str, *, for_good: bool = False, first: timedelta = timedelta(seconds=5)
) -> bool:
    """Try a read again later, with growing delay; return whether it was given up instead."""
    attempts = min(read.attempts + 1, READ_TRIES)
    given_up = for_good or attempts >= READ_TRIES
    # Another worker may have read it meanwhile: then there is no row to change.
    PendingRead.objects.filter(pk=read.pk).update(
        attempts=attempts,
        given_up=given_up,
        error=error,
        next_try_at=timezone.now() + min(first * 4 ** min(attempts - 1, READ_TRIES), LONGEST_DELAY),
    )
    return given_up


class Worker(Reader):
    """One worker on one run: claims steps, reads their pages, moves their cursors."""

    def __init__(self, run: SyncRun) -> None:
        super().__init__(run.account, RESOURCES[run.scope].priority, run)
        self.run: SyncRun = run
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self.step: SyncStep | None = None
        self.renew_at = 0.0

    def count(self, call: Call) -> None:
        """Besides counting: a page that is slow but gets on keeps its lease."""
        super().count(call)
        if self.step is not None and time.monotonic() > self.renew_at:
            self.renew_at = time.monotonic() + RENEW_S
            mine = SyncStep.objects.filter(pk=self.step.pk, state=StepState.WORKING, lease_owner=self.name)
            with borrowed_connection():
                mine.update(lease_until=timezone.now() + LEASE)

    def claim(self) -> SyncStep | None:
        """Take the first step that is due or whose worker died; None when there is none."""
        while True:
            now = timezone.now()
            claimable = SyncStep.objects.filter(run=self.run).claimable(now).order_by("position", "pk")
            step = claimable.first()
            if step is None:
                return None
            # The same conditions again, so that of two workers only one update takes the row.
            taken = SyncStep.objects.filter(
                pk=step.pk, state=step.state, lease_owner=step.lease_owner
            ).filter(Q(lease_until=step.lease_until) if step.lease_until else Q(lease_until__isnull=True))
            if taken.update(state=StepState.WORKING, lease_owner=self.name, lease_until=now + LEASE):
                SyncRun.objects.filter(pk=self.run.pk, status=RunStatus.QUEUED).update(
                    status=RunStatus.RUNNING, started_at=now
                )
                step.refresh_from_db()
                self.step, self.renew_at = step, time.monotonic() + RENEW_S
                return step

    def do(self, step: SyncStep, until: float) -> None:
        """Work on a claimed step until it ends, fails, waits, or the time is up."""
        try:
            resource = self.resource(self.run.scope)
            if step.name == PLAN:
                self.plan(step, resource)
            elif step.name == READS:
                self.read_all_owed(step, resource, until)
            else:
                self.read_pages(step, resource, until)
        except LeaseLost:
            log.info("step_taken_over", step=step.key, run=self.run.pk)
        except Stopped:
            self.release(step)
        except TryLater as error:
            self.retry(step, error)
        except (Reconnect, AppRefused) as error:
            if isinstance(error, Reconnect):
                account_actions.mark_expired(self.account, error)
            end_run(self.run, RunStatus.FAILED, str(error))
        except MeliError as error:
            self.fail(step, str(error))
        except Exception as error:
            log.exception("step_failed", step=step.key, run=self.run.pk)
            self.retry(step, error)
        finally:
            self.step = None
            self.note_progress()
            self.wake_readers(step)

    def wake_readers(self, ended: SyncStep) -> None:
        """Let reads that wait for a step look again once it ended: nobody rings when their second is over."""
        if SyncStep.objects.open().filter(pk=ended.pk).exists():
            return
        now = timezone.now()
        waiting = SyncStep.objects.filter(
            name=READS, state=StepState.WAITING, attempts=0, next_try_at__gt=now
        )
        for run in active_runs_fed_by(self.run):
            if waiting.filter(run=run, next_try_at__lt=now + FED_PAUSE).update(next_try_at=now):
                ring(run)

    def plan(self, step: SyncStep, resource: Resource) -> None:
        total = None
        for position, planned in enumerate(resource.plan(self.run), start=1):
            total = planned.total if planned.total is not None else total
            self.add(planned, position)
            self.advance(step, state=StepState.WORKING, expected=total)
            ring(self.run)
        self.advance(step, state=StepState.DONE)

    def add(self, planned: StepPlan, position: int) -> None:
        SyncStep.objects.get_or_create(
            run=self.run,
            key=planned.key,
            defaults={
                "name": planned.name,
                "params": planned.params,
                "expected": planned.expected,
                "position": position,
            },
        )

    def read_pages(self, step: SyncStep, resource: Resource, until: float) -> None:
        read_at = timezone.now()
        for page in resource.read(step):
            self.save_page(step, resource, page, read_at)
            if page.cursor is None:
                return
            self.go_on_or_stop(step, until)
            read_at = timezone.now()
        self.advance(step, state=StepState.DONE)

    def save_page(self, step: SyncStep, resource: Resource, page: Page, read_at: datetime) -> None:
        saved = self.save(resource, page.readings, read_at)
        now = timezone.now()
        owe(self.account, [Want(resource.name, meli_id, now) for meli_id in page.ids])
        self.advance(
            step,
            state=StepState.WORKING if page.cursor is not None else StepState.DONE,
            cursor=page.cursor,
            held=F("held") + len(page.readings) + len(page.ids),
            expected=F("expected") if page.expected is None else page.expected,
        )
        self.note_progress()
        if saved.wants or page.ids:
            for fed in active_runs_fed_by(self.run):
                ring(fed)

    def read_all_owed(self, step: SyncStep, resource: Resource, until: float) -> None:
        while True:
            mine = PendingRead.objects.filter(account=self.account, resource=resource.name, given_up=False)
            # Asked first: what a feeder that ends meanwhile owes is then found below.
            is_fed = self.is_fed()
            now = timezone.now()
            owed = list(mine.ready(now).order_by("-wanted_at", "-pk")[: resource.batch])
            if not owed:
                self.end_or_await_reads(step, resource, is_fed, mine.order_by("next_try_at").first())
                return
            settled = self.read_owed(resource, owed)
            self.advance(
                step,
                state=StepState.WORKING,
                held=F("held") + settled,
                expected=F("held") + settled + mine.count(),
            )
            self.note_progress()
            self.go_on_or_stop(step, until)

    def is_fed(self) -> bool:
        """Whether steps are open that may still bring something to read by its id."""
        scopes = [self.run.scope, RESOURCES[self.run.scope].fed_by]
        running = SyncStep.objects.open().filter(
            run__account=self.account, run__scope__in=scopes, run__status__in=ACTIVE_STATUSES
        )
        return running.exclude(name=READS, run=self.run).exists()

    def end_or_await_reads(
        self, step: SyncStep, resource: Resource, is_fed: bool, next_read: PendingRead | None
    ) -> None:
        now = timezone.now()
        if is_fed:
            self.advance(step, state=StepState.WAITING, next_try_at=now + FED_PAUSE)
        elif next_read is not None and next_read.next_try_at < now + NEAR:
            self.advance(step, state=StepState.WAITING, next_try_at=next_read.next_try_at)
        elif step.cursor is None and (strays := resource.strays(self.run)):
            owe(self.account, [Want(resource.name, meli_id, now) for meli_id in strays])
            self.advance(step, state=StepState.WAITING, cursor={"strays": "owed"})
        else:
            self.advance(step, state=StepState.DONE)

    def advance(self, step: SyncStep, *, state: str, **values: object) -> None:
        """Move the step on, provided this worker still holds it."""
        now = timezone.now()
        values.setdefault("next_try_at", now)
        moved = SyncStep.objects.filter(pk=step.pk, state=StepState.WORKING, lease_owner=self.name).update(
            state=state,
            lease_until=now + LEASE if state == StepState.WORKING else None,
            pages=F("pages") + 1,
            attempts=0,
            error="",
            **values,
        )
        if not moved:
            raise LeaseLost
        step.attempts = 0
        self.renew_at = time.monotonic() + RENEW_S

    def go_on_or_stop(self, step: SyncStep, until: float) -> None:
        run = SyncRun.objects.select_related("account").get(pk=self.run.pk)
        is_time_up = stopping.is_set() or time.monotonic() > until
        if is_time_up or not run.is_active or not run.account.sync_enabled:
            raise Stopped

    def release(self, step: SyncStep) -> None:
        """Give a step back unharmed; the next worker goes on at its cursor."""
        SyncStep.objects.filter(pk=step.pk, state=StepState.WORKING, lease_owner=self.name).update(
            state=StepState.WAITING, lease_until=None, next_try_at=timezone.now()
        )

    def retry(self, step: SyncStep, error: Exception) -> None:
        """Let a step wait with growing delay; after the last try it fails in words."""
        if step.attempts + 1 >= STEP_TRIES:
            self.fail(step, str(error))
            return
        asked = getattr(error, "retry_after", None) or 0
        delay = max(asked, min(300, 2**step.attempts) * random.uniform(0.5, 1))  # noqa: S311
        SyncStep.objects.filter(pk=step.pk, lease_owner=self.name).update(
            state=StepState.WAITING,
            lease_until=None,
            attempts=F("attempts") + 1,
            next_try_at=timezone.now() + timedelta(seconds=delay),
            error=str(error),
        )
        account_actions.note_error(self.account, error)

    def fail(self, step: SyncStep, error: str) -> None:
        SyncStep.objects.filter(pk=step.pk, lease_owner=self.name).update(
            state=StepState.FAILED, lease_until=None, error=error
        )

    def note_progress(self) -> None:
        """Bring the run's counters up to date and end it when no step is left."""
        resource = RESOURCES[self.run.scope]
        steps = SyncStep.objects.filter(run=self.run).aggregate(
            total=Sum("expected", filter=Q(name=resource.total_from)),
            done=Sum("held", filter=Q(name=resource.done_from)),
            open=Count("pk", filter=Q(state__in=[StepState.WAITING, StepState.WORKING])),
            broken=Count("pk", filter=Q(state=StepState.FAILED)),
        )
        total, done = steps["total"], steps["done"] or 0
        calls, self.calls = self.calls, 0
        SyncRun.objects.active().filter(pk=self.run.pk).update(
            total=total,
            done=done if total is None else min(done, total),
            api_calls=F("api_calls") + calls,
        )
        live.publish(self.account.organization_id, "runs")
        if steps["open"] == 0:
            error = SyncStep.objects.filter(run=self.run, state=StepState.FAILED).values_list(
                "error", flat=True
            )
            end_run(self.run, RunStatus.FAILED if steps["broken"] else RunStatus.DONE, error.first() or "")
            for fed in active_runs_fed_by(self.run):
                ring(fed)


@transaction.atomic
def end_run(run: SyncRun, status: str, error: str = "") -> bool:
    """End a run once: its counters become what we hold, its account learns how it went. Return whether we
    ended it.
    """
    now = timezone.now()
    resource = RESOURCES[run.scope](run.account)
    ended = SyncRun.objects.active().filter(pk=run.pk).update(status=status, finished_at=now, error=error)
    if not ended:
        return False
    transaction.on_commit(partial(metrics.RUNS.count, run.scope, run.kind, status))
    told = {"run": run.pk, "account": run.account_id, "scope": run.scope, "kind": run.kind}
    log.info("run_ended", **told, status=str(status), error=error)
    SyncStep.objects.filter(run=run).open().update(
        state=StepState.DONE if status == RunStatus.DONE else StepState.FAILED, lease_until=None
    )
    given_up = PendingRead.objects.filter(account=run.account, resource=run.scope, given_up=True).count()
    values: dict[str, int] = {"failed": given_up}
    if status == RunStatus.DONE and run.kind != RunKind.INCREMENTAL:
        values["done"] = resource.held(run)
        expected = resource.expected(run)
        if expected is not None:
            values["total"] = expected
    SyncRun.objects.filter(pk=run.pk).update(**values)
    if status != RunStatus.CANCELLED:
        status, error = latest_outcome(run.account)
    account_actions.note_run_ended(run.account, status, error)
    live.publish(run.account.organization_id, "runs", "accounts")
    return True


def latest_outcome(account: Account) -> tuple[str, str]:
    """Return how an account's latest runs ended: `failed` with the reason as long as one scope's last did."""
    ended = SyncRun.objects.filter(account=account, status__in=[RunStatus.DONE, RunStatus.FAILED]).order_by()
    last = ended.values("scope").annotate(last=Max("id")).values("last")
    failed = SyncRun.objects.filter(pk__in=last, status=RunStatus.FAILED).order_by("-finished_at").first()
    return (failed.status, failed.error) if failed else (RunStatus.DONE, "")


def active_runs_fed_by(run: SyncRun) -> list[SyncRun]:
    """Return this run, and the running ones of the same account that wait for what it brings."""
    scopes = [name for name, resource in RESOURCES.items() if resource.fed_by == run.scope]
    return list(SyncRun.objects.active().filter(Q(pk=run.pk) | Q(account=run.account, scope__in=scopes)))


def ring(run: SyncRun) -> None:
    """Ask the workers to look at a run. Only a doorbell: a sweep finds what it misses."""
    from .tasks import ring_worker

    ring_worker(run.pk)
