"""What runs regularly: known to the scheduler, harmless when asked for twice, and tidy."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from accounts.models import Account, Organization
from painelml.celery import app
from painelml.once import once_in
from painelml.sync import tasks
from painelml.sync.models import RunKind, RunStatus, SyncRun, SyncStep
from painelml.sync.resource import RESOURCES
from painelml.sync.schedule import JOBS, apply_schedule
from painelml.sync.upkeep import delete_old_runs
from tests.sync.conftest import OpenBox, connect

pytestmark = pytest.mark.django_db(transaction=True)


def migrate() -> None:
    apply_schedule(apps.get_app_config("django_celery_beat"), using="default")


class TestRows:
    def test_every_job_is_in_the_schedule_and_names_a_task_that_exists(self) -> None:
        app.loader.import_default_modules()
        rows = dict(PeriodicTask.objects.values_list("name", "task"))
        assert {job.name: job.task for job in JOBS}.items() <= rows.items()
        assert {job.task for job in JOBS} <= app.tasks.keys()

    def test_what_people_changed_stays(self) -> None:
        daily, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.DAYS)
        changed = PeriodicTask.objects.get(task="webhooks.missed_feeds")
        changed.interval, changed.enabled = daily, False
        changed.save()
        own = PeriodicTask.objects.create(name="Ana's own", task="webhooks.sweep", interval=daily)
        migrate()
        changed.refresh_from_db()
        assert (changed.interval, changed.enabled) == (daily, False)
        assert PeriodicTask.objects.filter(pk=own.pk).exists()
        assert PeriodicTask.objects.count() == len(JOBS) + 1


class TestTwoSchedulers:
    def test_asking_for_every_job_twice_starts_nothing_twice(
        self, shop: Organization, open_box: OpenBox
    ) -> None:
        box = open_box(orders=10, items=5, questions=5)
        account = connect(shop, box)
        app.loader.import_default_modules()
        for job in JOBS * 2:
            app.tasks[job.task].apply(throw=True)
        assert Counter(SyncRun.objects.values_list("scope", flat=True)) == dict.fromkeys(RESOURCES, 1)
        assert box.calls["GET /users/me"] == 1
        assert box.calls["GET /missed_feeds"] == 1
        assert box.calls["POST /oauth/token"] == 0
        account.refresh_from_db()
        assert (account.status, account.error_count) == ("active", 0)

    def test_once_is_once_until_its_time_is_over(self) -> None:
        assert [once_in("walk", minutes=10), once_in("walk", minutes=10)] == [True, False]
        cache.clear()
        assert once_in("walk", minutes=10)

    def test_without_the_cache_everybody_may(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object, **__: object) -> bool:
            raise ConnectionError

        monkeypatch.setattr(cache, "add", refuse)
        assert once_in("walk", minutes=10)


class TestCleanup:
    @pytest.fixture
    def run_of(self, account: Account):
        def make(days: float, **fields: object) -> SyncRun:
            ended = timezone.now() - timedelta(days=days)
            defaults = {"scope": "orders", "kind": RunKind.INCREMENTAL, "status": RunStatus.DONE}
            run = SyncRun.objects.create(
                account=account, started_at=ended, finished_at=ended, **{**defaults, **fields}
            )
            SyncStep.objects.create(run=run, name="window", key="changed")
            return run

        return make

    def test_rereads_that_found_nothing_go_after_a_day(self, run_of) -> None:
        old, telling, fresh = run_of(1.5), run_of(1.5, changed=3), run_of(0.5)
        assert delete_old_runs() == 1
        assert set(SyncRun.objects.all()) == {telling, fresh}
        assert not SyncStep.objects.filter(run=old).exists()

    def test_all_others_go_after_the_days_of_the_settings(self, run_of) -> None:
        days = settings.HISTORY_DAYS
        for kind in (RunKind.BACKFILL, RunKind.AUDIT, RunKind.MANUAL):
            run_of(days + 1, kind=kind)
        kept = [run_of(days - 1, kind=kind) for kind in (RunKind.BACKFILL, RunKind.AUDIT, RunKind.MANUAL)]
        assert delete_old_runs() == 3
        assert set(SyncRun.objects.all()) == set(kept)

    def test_the_newest_of_each_kind_stays_so_that_mark_and_ledger_do(self, account: Account, run_of) -> None:
        newest = [run_of(500, kind=RunKind.AUDIT), run_of(2)]
        mark = RESOURCES["orders"](account).mark()
        delete_old_runs()
        assert set(SyncRun.objects.all()) == set(newest)
        assert mark is not None
        assert RESOURCES["orders"](account).mark() == mark

    def test_what_is_under_way_is_never_deleted(self, run_of) -> None:
        run_of(400, status=RunStatus.RUNNING)
        run_of(0)
        assert delete_old_runs() == 0

    def test_steps_of_a_good_end_go_sooner_than_their_run(self, run_of) -> None:
        good, bad = run_of(3, changed=1), run_of(3, status=RunStatus.FAILED)
        delete_old_runs()
        assert set(SyncRun.objects.all()) == {good, bad}
        assert [step.run for step in SyncStep.objects.all()] == [bad]


def test_a_sweep_rings_for_runs_whose_worker_died(account: Account, rung: list[int]) -> None:
    run = SyncRun.objects.create(account=account, scope="orders", status=RunStatus.RUNNING)
    past = timezone.now() - timedelta(seconds=1)
    SyncStep.objects.create(run=run, name="window", key="w", state="working", lease_until=past)
    tasks.resume_runs()
    assert rung == [run.pk]
    Account.objects.update(status="paused")
    tasks.resume_runs()
    assert rung == [run.pk]


def test_a_sweep_rings_for_a_run_whose_worker_died_after_the_last_step(
    account: Account, rung: list[int]
) -> None:
    run = SyncRun.objects.create(account=account, scope="orders", status=RunStatus.RUNNING)
    SyncStep.objects.create(run=run, name="window", key="w", state="done")
    tasks.resume_runs()
    assert rung == [run.pk]
    SyncRun.objects.update(status=RunStatus.DONE)
    tasks.resume_runs()
    assert rung == [run.pk]
