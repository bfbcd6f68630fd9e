"""Clocks are kept as questions are saved, answered and removed, and when the target or the hours change."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Account
from painelml.sync.resource import Reading
from painelml.sync.signals import rows_saved
from questions import clocks
from questions.actions import change_calendar, change_target
from questions.models import BusinessCalendar, OpenHours, Question
from questions.sync import QuestionResource
from questions.tasks import check_clocks
from tests.factories import make_question

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tasks_run_at_once")]

MONDAY = datetime(2026, 11, 16, 13, 0, tzinfo=UTC)
"""Ten o'clock in São Paulo."""
HOUR = timedelta(hours=1)
OFFICE = [(weekday, time(9), time(18)) for weekday in range(5)]

Committed = Callable[..., Any]


def read(account: Account, minute: int = 0, **payload: Any) -> Question:
    """Save a question asked at 17:30 on Monday, as the engine does."""
    asked = {
        "id": 13500000001,
        "item_id": "MLB4000000001",
        "status": "UNANSWERED",
        "text": "Tem pronta entrega?",
        "date_created": "2026-11-16T16:30:00.000-04:00",
        "last_updated": f"2026-11-17T12:{minute:02}:00.000-04:00",
        "from": {"id": 555000222},
    }
    resource = QuestionResource(account)
    saved = resource.save([Reading({**asked, **payload})], MONDAY + timedelta(days=2, minutes=minute))
    ids = saved.created + saved.updated + saved.unchanged
    rows_saved.send(QuestionResource, resource="questions", account=account, ids=ids)
    return Question.objects.get(account=account)


@pytest.fixture
def open_from_nine_to_six(account: Account) -> BusinessCalendar:
    return change_calendar(account, OFFICE, {date(2026, 11, 17): "Feriado municipal"})


def test_without_a_calendar_the_shop_is_always_open(account: Account) -> None:
    assert read(account).due_at == MONDAY + 8.5 * HOUR


@pytest.mark.usefixtures("open_from_nine_to_six")
def test_only_open_hours_count(account: Account) -> None:
    answer = {"text": "Sim", "status": "ACTIVE", "date_created": "2026-11-18T08:45:00.000-04:00"}
    question = read(account, status="ANSWERED", answer=answer)
    assert question.due_at == MONDAY + timedelta(days=2) - HOUR / 2  # Wednesday, 9:30
    assert (question.response_seconds, question.response_open_seconds) == (144_900, 4500)
    assert question.sla == "breached"


@pytest.mark.parametrize("status", ["DELETED", "BANNED", "CLOSED_UNANSWERED"])
def test_removing_a_question_stops_its_clock(account: Account, status: str) -> None:
    assert read(account).due_at is not None
    question = read(account, minute=1, status=status)
    assert (question.due_at, question.sla) == (None, None)
    assert not Question.objects.with_sla("breached", MONDAY + timedelta(days=9)).exists()


def test_a_question_that_comes_back_runs_again(account: Account) -> None:
    due_at = read(account).due_at
    read(account, minute=1, status="UNDER_REVIEW")
    assert read(account, minute=2).due_at == due_at


def test_reading_again_keeps_the_clock(account: Account) -> None:
    before = read(account)
    after = read(account, minute=5, text="Tem pronta entrega hoje?")
    assert (after.text, after.due_at) == ("Tem pronta entrega hoje?", before.due_at)


def test_a_new_target_measures_every_question_anew(
    account: Account,
    other_account: Account,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Committed,
) -> None:
    monkeypatch.setattr(clocks, "CHUNK", 2)
    questions = [make_question(account) for _ in range(5)]
    foreign = make_question(other_account)
    with django_capture_on_commit_callbacks(execute=True):
        change_target(account, 240)
    for question in questions:
        assert Question.objects.get(pk=question.pk).due_at == question.date_created + 4 * HOUR
    assert Question.objects.get(pk=foreign.pk).due_at == foreign.due_at


def test_new_hours_measure_every_question_anew(
    account: Account, django_capture_on_commit_callbacks: Committed
) -> None:
    question = read(account)
    with django_capture_on_commit_callbacks(execute=True):
        change_calendar(account, OFFICE, {})
    question.refresh_from_db()
    assert question.due_at == MONDAY + timedelta(days=1) - HOUR / 2
    with django_capture_on_commit_callbacks(execute=True):
        change_calendar(account, OFFICE, {}, zone_name="America/Manaus")
    question.refresh_from_db()
    assert question.due_at == MONDAY + 8.5 * HOUR  # 16:30 there, so still today
    with django_capture_on_commit_callbacks(execute=True):
        change_calendar(account, [], {})
    question.refresh_from_db()
    assert question.due_at == MONDAY + 8.5 * HOUR


def test_what_a_dead_broker_swallowed_is_made_good_within_a_day(account: Account) -> None:
    question = read(account)
    change_calendar(account, OFFICE, {})  # nothing commits here, so nothing rings
    check_clocks()
    question.refresh_from_db()
    assert question.due_at == MONDAY + timedelta(days=1) - HOUR / 2


def test_a_second_pass_changes_nothing(account: Account) -> None:
    for _ in range(3):
        make_question(account)
    clocks.set_all_clocks(account)
    assert clocks.set_all_clocks(account) == 0


def test_hours_that_end_before_they_begin_are_refused(open_from_nine_to_six: BusinessCalendar) -> None:
    backwards = OpenHours(calendar=open_from_nine_to_six, weekday=6, opens=time(18), closes=time(9))
    with pytest.raises(ValidationError):
        backwards.full_clean()
    OpenHours(calendar=open_from_nine_to_six, weekday=6, opens=time(18), closes=time(0)).full_clean()


def test_a_zone_nobody_knows_is_refused(account: Account) -> None:
    with pytest.raises(ValidationError) as refusal:
        BusinessCalendar(account=account, zone_name="America/Nowhere").full_clean()
    assert list(refusal.value.message_dict) == ["zone_name"]
