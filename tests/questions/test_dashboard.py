"""The performance page: percentiles, hours, ages, and who answered."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from accounts.models import Account, Organization, User
from orders.forms import ReportForm
from painelml.web.charts import heat_map, shares
from questions.dashboard import Hour, measure, performance
from questions.models import PanelAnswer, Question
from tests.factories import NOON, make_account, make_question

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


def answered(account: Account, minutes: int, by: User | None = None, **fields: Any) -> Question:
    asked = fields.pop("date_created", NOON)
    question = make_question(
        account,
        status="ANSWERED",
        date_created=asked,
        due_at=asked + HOUR,
        answer_text="Sim.",
        answered_at=asked + minutes * MINUTE,
        response_seconds=minutes * 60,
        **fields,
    )
    if by:
        PanelAnswer.objects.create(question=question, person=by, name=str(by))
    return question


def form(shop: Organization, **given: Any) -> ReportForm:
    return ReportForm(given, organization=shop)


def test_answers_count_for_who_gave_them_and_others_as_outside(
    shop: Organization, account: Account, ana: User
) -> None:
    answered(account, 10, by=ana)
    answered(account, 90, by=ana)
    answered(account, 30)
    make_question(account, date_created=NOON)
    groups = performance(form(shop), NOON + HOUR).by_person
    assert [
        (one.name, one.questions, one.in_time, one.in_time_rate, one.median_seconds) for one in groups
    ] == [
        ("Ana", 2, 1, 0.5, 3000),
        ("Outside the panel", 1, 1, 1.0, 1800),
    ]


def test_each_account_has_its_line(shop: Organization, account: Account) -> None:
    second = make_account(shop, account_name="Aurora")
    answered(account, 10)
    answered(account, 30)
    make_question(second, date_created=NOON)
    groups = performance(form(shop), NOON + HOUR).by_account
    assert [(one.name, one.questions, one.in_time_rate, one.median_seconds) for one in groups] == [
        (str(account), 2, 1.0, 1200),
        ("Aurora", 1, None, None),
    ]


def test_hours_are_the_accounts_and_tell_the_median(shop: Organization, account: Account) -> None:
    for minutes in (10, 20, 90):
        answered(account, minutes)
    make_question(make_account(shop, site_id="MLM"), date_created=NOON)
    found = performance(form(shop), NOON + HOUR)
    assert found.hours == [Hour("Friday", 9, 1, None), Hour("Friday", 12, 3, 1200)]
    assert len(found.week) == 7 * 24
    assert [cell.title for cell in found.week if cell.level] == [
        "Friday 09:00: 1 question, no answer yet",
        "Friday 12:00: 3 questions, median answer after 20 min",
    ]


def test_percentiles_are_by_nearest_rank(shop: Organization, account: Account) -> None:
    for minutes in range(1, 101):
        answered(account, minutes)
    found = performance(form(shop), NOON + HOUR).percentiles
    assert [(one.name, one.value // 60) for one in found] == [
        ("25 %", 25), ("50 %", 50), ("75 %", 75), ("90 %", 90), ("95 %", 95), ("99 %", 99),
    ]  # fmt: skip
    assert found[-1].length == "100.00"


def test_the_open_ones_are_counted_by_age_whatever_the_period(shop: Organization, account: Account) -> None:
    for age in (MINUTE, 2 * HOUR, 60 * DAY):
        make_question(account, date_created=NOON - age)
    found = performance(form(shop, days=7), NOON).ageing
    assert [(one.name, one.value) for one in found if one.value] == [
        ("up to 1 h", 1),
        ("up to 4 h", 1),
        ("over 7 days", 1),
    ]


def test_another_organizations_questions_count_nowhere(
    shop: Organization, account: Account, other_account: Account
) -> None:
    answered(other_account, 10)
    found = performance(form(shop), NOON + HOUR)
    assert (found.level.questions, found.hours, found.by_account, found.by_person) == (0, [], [], [])


@pytest.mark.parametrize(
    ("now", "before", "more_is_better", "change", "is_better"),
    [
        (0.9, 0.6, True, 50, True),
        (1200, 600, False, 100, False),
        (600, 1200, False, -50, True),
        (5, 5, True, 0, None),
        (5, 2, None, 150, None),
        (None, 5, True, None, None),
        (5, None, True, None, None),
        (5, 0, True, None, None),
    ],
)
def test_a_figure_beside_the_period_before(
    now: float | None, before: float | None, more_is_better: bool | None, change: int | None, is_better: Any
) -> None:
    found = measure(now, before, more_is_better=more_is_better)
    assert (found.change, found.is_better) == (change, is_better)


def test_the_fullest_square_is_the_deepest_and_a_little_is_never_none() -> None:
    cells = heat_map([[0, 1], [50, 100]], title=lambda row, column: f"{row} {column}")
    assert [(cell.x, cell.y, cell.level, cell.title) for cell in cells] == [
        (0, 0, 0, "0 0"), (10, 0, 1, "0 1"), (0, 10, 3, "1 0"), (10, 10, 5, "1 1"),
    ]  # fmt: skip
    assert [cell.level for cell in heat_map([[0, 0]], title=lambda *_: "")] == [0, 0]


def test_lengths_are_shares_of_the_longest() -> None:
    assert shares([0, 1, 4]) == ["0.00", "25.00", "100.00"]
    assert shares([0, 0]) == ["0", "0"]
