"""The page on which managers say when questions are to be answered."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, User
from questions.actions import change_calendar
from questions.models import BusinessCalendar, Holiday, OpenHours
from tests.factories import make_question
from tests.web.conftest import Login
from tests.web.pages import text_of

TYPED = {
    "target": "120",
    "day_0": "9:00-12:00, 13:30–18:00",
    "day_5": "20:00-24:00",
    "holidays": "25/12/2026 Natal\n2027-01-01",
    "zone_name": "America/Manaus",
}
"""Two hours; Monday with a break, Saturday until midnight."""


def path(account: Account) -> str:
    return f"/accounts/{account.pk}/service-level/"


def test_the_target_and_the_hours_are_kept(account: Account, page: Client) -> None:
    response = page.post(path(account), TYPED, follow=True)

    account.refresh_from_db()
    assert account.sla_target_minutes == 120
    assert list(OpenHours.objects.values_list("weekday", "opens", "closes")) == [
        (0, time(9), time(12)),
        (0, time(13, 30), time(18)),
        (5, time(20), time(0)),
    ]
    assert list(Holiday.objects.values_list("day", "name")) == [
        (date(2026, 12, 25), "Natal"),
        (date(2027, 1, 1), ""),
    ]
    assert BusinessCalendar.objects.get().zone_name == "America/Manaus"
    assert "Every question is measured again" in text_of(response)


def test_the_page_shows_what_is_kept_and_saves_it_unchanged(account: Account, page: Client) -> None:
    page.post(path(account), TYPED)

    form = page.get(path(account)).context["form"]
    page.post(path(account), form.initial)

    assert form.initial["day_0"] == "09:00-12:00, 13:30-18:00"
    assert page.get(path(account)).context["form"].initial == form.initial


def test_questions_are_due_by_what_was_said(
    account: Account, page: Client, tasks_run_at_once: None, django_capture_on_commit_callbacks: Any
) -> None:
    question = make_question(account, date_created=datetime(2026, 11, 20, 23, tzinfo=UTC))  # a Friday night

    with django_capture_on_commit_callbacks(execute=True):
        page.post(path(account), {"target": "30", "day_0": "09:00-18:00"})

    question.refresh_from_db()
    assert question.due_at == datetime(2026, 11, 23, 12, 30, tzinfo=UTC)  # Monday, 9:30 in São Paulo


def test_without_hours_the_shop_is_always_open(account: Account, page: Client) -> None:
    page.post(path(account), TYPED)
    page.post(path(account), {"target": "60"})

    assert BusinessCalendar.objects.get().calendar() is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": "0"},
        {"target": ""},
        {"day_1": "nine to five"},
        {"day_1": "18:00-09:00"},
        {"day_1": "25:00-26:00"},
        {"day_1": "09:00-12:00, 11:00-13:00"},
        {"day_1": "20:00-00:00, 21:00-22:00"},
        {"day_1": "09:00-24:30"},
        {"holidays": "Natal"},
        {"zone_name": "Mars/Olympus"},
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    account: Account, page: Client, wrong: dict[str, str]
) -> None:
    response = page.post(path(account), TYPED | wrong)

    assert response.status_code == 422
    assert 'class="errorlist"' in response.content.decode()
    assert not BusinessCalendar.objects.exists()


def test_below_a_manager_nobody_changes_it(account: Account, bruno: User, mara: User, login: Login) -> None:
    assert login(bruno).get(path(account)).status_code == 403
    assert login(bruno).post(path(account), TYPED).status_code == 403
    assert login(mara).post(path(account), TYPED).status_code == 302


def test_another_organizations_account_does_not_exist(other_account: Account, page: Client) -> None:
    assert page.get(path(other_account)).status_code == 404
    assert page.post(path(other_account), TYPED).status_code == 404


def test_queries_are_the_same_for_one_hour_and_for_many(account: Account, page: Client) -> None:
    def queries(days: int) -> int:
        hours = [(day, time(hour), time(hour + 1)) for day in range(days) for hour in (9, 14)]
        change_calendar(account, hours, {date(2026, 12, day + 1): "" for day in range(days)})
        with CaptureQueriesContext(connection) as asked:
            page.get(path(account))
        return len(asked)

    assert queries(1) == queries(7)
