"""How well a shop answers: in time or not, when, and what came of it."""

import statistics
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Account, Organization
from orders.models import OrderItem
from painelml.web.period import PeriodForm
from questions.models import Question
from questions.stats import PERCENTILES, Slot, ages, by_weekday_and_hour, service_level, service_levels
from questions.stats_ranks import Median, Percentiles
from tests.factories import NOON, make_account, make_order, make_question

pytestmark = pytest.mark.django_db

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def answered(account: Account, minutes: int, **fields: Any) -> Question:
    asked = fields.pop("date_created", NOON)
    return make_question(
        account,
        status="ANSWERED",
        date_created=asked,
        due_at=asked + HOUR,
        answered_at=asked + minutes * MINUTE,
        response_seconds=minutes * 60,
        response_open_seconds=minutes * 20,
        **fields,
    )


def period(organization: Organization, **given: Any) -> PeriodForm:
    return PeriodForm(given, organization=organization)


def test_the_period_beside_the_one_before(shop: Organization, account: Account) -> None:
    for minutes in (10, 20, 60, 61):
        answered(account, minutes)
    make_question(account, date_created=NOON)
    answered(account, 90, date_created=NOON - DAY)
    now, before = service_levels(period(shop, days=1), NOON + HOUR)
    assert (now.questions, now.answered, now.in_time, now.in_time_rate) == (5, 4, 3, 0.75)
    assert (now.median_seconds, now.p90_seconds) == (2400, 3660)
    assert (now.median_open_seconds, now.p90_open_seconds) == (800, 1220)
    assert before is not None
    assert (before.questions, before.in_time_rate, before.median_seconds) == (1, 0.0, 5400)


def test_nothing_asked_has_no_rates(shop: Organization, account: Account) -> None:
    now, before = service_levels(period(shop), NOON)
    assert (now.in_time_rate, now.sales_rate, now.median_seconds, now.p90_open_seconds) == (None,) * 4
    assert before is None


def test_a_stopped_clock_counts_neither_way(shop: Organization, account: Account) -> None:
    make_question(account, status="DELETED", due_at=None)
    level = service_level(Question.objects.all(), [account])
    assert (level.questions, level.answered, level.in_time_rate) == (1, 0, None)


def test_by_weekday_and_hour_of_each_accounts_clock(shop: Organization, account: Account) -> None:
    """15:00 UTC on a Friday: noon in São Paulo, nine in Mexico City."""
    answered(account, 10)
    answered(account, 90)
    make_question(make_account(shop, site_id="MLM"), date_created=NOON)
    assert by_weekday_and_hour(period(shop), NOON) == [Slot(5, 9, 1, 0, 0), Slot(5, 12, 2, 2, 1)]


def test_how_old_the_open_ones_are(account: Account, other_account: Account) -> None:
    for age in (MINUTE, HOUR, HOUR + MINUTE, 5 * HOUR, 2 * DAY, 5 * DAY, 30 * DAY):
        make_question(account, date_created=NOON - age)
    answered(account, 5, date_created=NOON - 40 * DAY)
    make_question(other_account, date_created=NOON)
    assert ages([account], NOON) == [
        (HOUR, 2), (4 * HOUR, 1), (DAY, 1), (3 * DAY, 1), (7 * DAY, 1), (None, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("bought", "is_one"),
    [
        ({}, True),
        ({"date_created": NOON + 7 * DAY}, True),
        ({"date_created": NOON + 7 * DAY + MINUTE}, False),
        ({"date_created": NOON - MINUTE}, False),
        ({"buyer_id": "555000999"}, False),
        ({"is_sale": False}, False),
        ({"item_id": "MLB4000000002"}, False),
    ],
)
def test_a_question_became_a_sale_when_its_asker_bought_within_a_week(
    account: Account, bought: dict[str, Any], is_one: bool
) -> None:
    item_id = bought.pop("item_id", "MLB4000000001")
    question = make_question(account, date_created=NOON)
    order = make_order(account, **{"date_created": NOON + HOUR, **bought})
    OrderItem.objects.filter(order=order).update(item_id=item_id)
    assert list(Question.objects.became_sales()) == ([question] if is_one else [])
    assert service_level(Question.objects.all(), [account]).became_sales == int(is_one)


def test_another_accounts_sale_and_an_unknown_asker_do_not_count(
    account: Account, other_account: Account
) -> None:
    for asker in ("555000111", ""):
        make_question(account, date_created=NOON, from_id=asker)
    for owner, buyer in ((other_account, "555000111"), (account, "")):
        order = make_order(owner, date_created=NOON + HOUR, buyer_id=buyer)
        OrderItem.objects.filter(order=order).update(item_id="MLB4000000001")
    assert not Question.objects.became_sales().exists()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 9, 10, 11, 20, 30, 100])
def test_median_and_percentiles_are_those_of_all_answers_put_in_order(account: Account, count: int) -> None:
    taken = [number * number * 7 % 101 for number in range(count)]  # some of them twice
    read = {"account": account, "date_created": NOON, "remote_updated_at": NOON, "read_at": NOON}
    Question.objects.bulk_create(
        Question(**read, meli_id=str(number), response_seconds=seconds)
        for number, seconds in enumerate([*taken, None])
    )

    found = Question.objects.aggregate(
        median=Median("response_seconds"),
        percentiles=Percentiles("response_seconds", PERCENTILES),
    )

    assert found["median"] == (round(statistics.median(taken)) if taken else None)
    assert (found["percentiles"] is None) == (not taken)
    for percent, value in (found["percentiles"] or {}).items():
        # The least value that at least so many percent of them do not exceed.
        enough = [one for one in taken if sum(other <= one for other in taken) * 100 >= count * percent]
        assert value == min(enough)
