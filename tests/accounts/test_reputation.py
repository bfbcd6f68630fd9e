"""Reputation: the published limits, and how far they are, by hand (API facts, part A section 4.3)."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Account, ReputationDay
from accounts.reputation import (
    CANCELLATIONS,
    CLAIMS,
    DELAYS,
    LIMITS,
    METRICS,
    WINDOWS,
    Standing,
    days_of,
    first_day,
    leaves_on,
    near_limits,
    read_reputation,
    worst,
)

GREEN, YELLOW, ORANGE, RED = "5_green", "3_yellow", "2_orange", "1_red"

CASES = [
    # site, metric, incidents, total, colour, next colour, incidents until it
    # Brazil, claims 2 / 4.5 / 8 %: 2 % of 412 is 8.24, so the ninth is over
    ("MLB", CLAIMS, 4, 412, GREEN, YELLOW, 5),
    ("MLB", CLAIMS, 0, 412, GREEN, YELLOW, 9),
    ("MLB", CLAIMS, 8, 412, GREEN, YELLOW, 1),
    ("MLB", CLAIMS, 9, 412, YELLOW, ORANGE, 10),  # 4.5 % is 18.54
    ("MLB", CLAIMS, 18, 412, YELLOW, ORANGE, 1),
    ("MLB", CLAIMS, 19, 412, ORANGE, RED, 14),  # 8 % is 32.96
    ("MLB", CLAIMS, 33, 412, RED, None, None),
    # a rate of exactly the limit is still within it
    ("MLB", CLAIMS, 2, 100, GREEN, YELLOW, 1),
    ("MLB", CLAIMS, 9, 200, YELLOW, ORANGE, 1),
    ("MLB", CLAIMS, 8, 100, ORANGE, RED, 1),
    # Brazil, cancellations 1.5 / 3.5 / 4 %
    ("MLB", CANCELLATIONS, 1, 412, GREEN, YELLOW, 6),  # 6.18
    ("MLB", CANCELLATIONS, 3, 200, GREEN, YELLOW, 1),  # 3 exactly
    ("MLB", CANCELLATIONS, 4, 200, YELLOW, ORANGE, 4),  # 7 exactly
    ("MLB", CANCELLATIONS, 8, 200, ORANGE, RED, 1),  # 8 exactly
    ("MLB", CANCELLATIONS, 9, 200, RED, None, None),
    # Brazil, late dispatches 10 / 18 / 22 %; one more is a dispatch more, too
    ("MLB", DELAYS, 16, 388, GREEN, YELLOW, 26),  # 41/413 = 9.93 %, 42/414 = 10.1 %
    ("MLB", DELAYS, 10, 100, GREEN, YELLOW, 1),  # 11/101 = 10.9 %
    ("MLB", DELAYS, 9, 100, GREEN, YELLOW, 2),  # 10/101 = 9.9 %, 11/102 = 10.8 %
    ("MLB", DELAYS, 11, 100, YELLOW, ORANGE, 9),  # 19/108 = 17.6 %, 20/109 = 18.3 %
    ("MLB", DELAYS, 20, 100, ORANGE, RED, 3),  # 22/102 = 21.6 %, 23/103 = 22.3 %
    ("MLB", DELAYS, 23, 100, RED, None, None),
    ("MLB", DELAYS, 0, 1, GREEN, YELLOW, 1),  # 1/2 is half of them
    # Argentina and Mexico
    ("MLA", CLAIMS, 3, 200, GREEN, YELLOW, 1),  # 1.5 %
    ("MLM", CLAIMS, 4, 200, YELLOW, ORANGE, 3),  # 3 %
    ("MLM", CANCELLATIONS, 3, 200, YELLOW, ORANGE, 3),  # 1 and 2.5 %
    ("MLA", DELAYS, 12, 100, YELLOW, ORANGE, 4),  # 15/103 = 14.6 %, 16/104 = 15.4 %
    # Colombia, Uruguay, Chile
    ("MCO", CLAIMS, 7, 200, GREEN, YELLOW, 1),  # 3.5 %
    ("MLU", CANCELLATIONS, 6, 200, YELLOW, ORANGE, 9),  # 2.5 and 7 %
    ("MLC", DELAYS, 26, 100, ORANGE, RED, 1),  # 27/101 = 26.7 %
    # Ecuador, Peru
    ("MEC", CLAIMS, 17, 400, YELLOW, ORANGE, 8),  # 4 and 6 %
    ("MEC", DELAYS, 31, 100, RED, None, None),
    ("MPE", CANCELLATIONS, 10, 400, GREEN, YELLOW, 1),  # 2.5 %
    ("MPE", DELAYS, 12, 100, GREEN, YELLOW, 1),
    # without a sale nothing is known
    ("MLB", CLAIMS, 0, 0, None, None, None),
    # a site that publishes no limits
    ("MGT", CLAIMS, 5, 100, None, None, None),
]


@pytest.mark.parametrize(("site", "metric", "count", "total", "colour", "behind", "left"), CASES)
def test_the_colour_of_a_metric_and_how_many_incidents_lead_to_the_next(
    site: str, metric: str, count: int, total: int, colour: str | None, behind: str | None, left: int | None
) -> None:
    standing = Standing(metric, count, total, LIMITS.get(site, {}).get(metric))

    assert (standing.colour, standing.next_colour, standing.left) == (colour, behind, left)


@pytest.mark.parametrize("site", LIMITS)
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("count", "total"), [(0, 60), (1, 61), (3, 97), (7, 412), (40, 5000)])
def test_one_incident_less_than_that_many_does_not_lead_there(
    site: str, metric: str, count: int, total: int
) -> None:
    standing = Standing(metric, count, total, LIMITS[site][metric])
    if standing.left is None:
        return

    def after(more: int) -> str | None:
        grown = total + more if metric == DELAYS else total
        return Standing(metric, count + more, grown, standing.limits).colour

    assert after(standing.left - 1) == standing.colour
    assert after(standing.left) != standing.colour


@pytest.mark.parametrize(
    ("metric", "count", "total", "sales"),
    [
        (CLAIMS, 9, 412, 38),  # 9/450 = 2 %
        (CLAIMS, 3, 100, 50),  # 3/150 = 2 %
        (CANCELLATIONS, 4, 200, 67),  # 4/267 = 1.498 %, 4/266 = 1.504 %
        (DELAYS, 23, 100, 130),  # 23/230 = 10 %
        (CLAIMS, 8, 412, None),  # green has nothing to recover
        (CLAIMS, 0, 0, None),
    ],
)
def test_how_many_sales_without_an_incident_lead_back_to_green(
    metric: str, count: int, total: int, sales: int | None
) -> None:
    assert Standing(metric, count, total, LIMITS["MLB"][metric]).to_recover == sales


@pytest.mark.parametrize(
    ("count", "is_near", "is_leader"),
    [(10, False, True), (11, False, False), (15, False, False), (16, True, False), (30, True, False)],
)
def test_from_four_fifths_of_what_green_allows_a_limit_is_near(
    count: int, is_near: bool, is_leader: bool
) -> None:
    standing = Standing(CLAIMS, count, 1000, LIMITS["MLB"][CLAIMS])

    assert (standing.is_near, standing.is_leader) == (is_near, is_leader)


def test_the_worst_metric_decides_the_colour() -> None:
    assert worst([GREEN, ORANGE, YELLOW]) == ORANGE
    assert worst([None, GREEN, None]) == GREEN
    assert worst([None, None]) is None


def test_what_happened_leaves_after_as_many_days_as_the_window_has() -> None:
    today = date(2026, 11, 21)
    begin = first_day(today, 60)

    assert begin == date(2026, 9, 23)
    assert leaves_on(begin, 60) == date(2026, 11, 22)  # tomorrow the first day of today's window is out
    assert leaves_on(today, 60) == date(2027, 1, 20)


def test_the_limits_of_every_site_rise_from_colour_to_colour() -> None:
    assert LIMITS.keys() == WINDOWS.keys()
    for site in LIMITS.values():
        assert site.keys() == set(METRICS)
        for limits in site.values():
            assert limits.leader <= limits.green < limits.yellow < limits.orange


# What Mercado Livre reports

REPORTED: dict[str, Any] = {
    "level_id": "5_green",
    "power_seller_status": "gold",
    "transactions": {
        "period": "historic",
        "total": 5230,
        "completed": 5011,
        "canceled": 219,
        "ratings": {"positive": "0.93", "negative": "0.04", "neutral": "0.03"},
    },
    "metrics": {
        "sales": {"period": "60 days", "completed": 412},
        "claims": {"period": "60 days", "rate": "0.0096", "value": 4},
        "delayed_handling_time": {"period": "60 days", "rate": "0.0812", "value": 33},
        "cancellations": {"period": "60 days", "rate": "0.0024", "value": 1},
    },
}


def test_a_reputation_is_read_as_mercado_livre_sends_it() -> None:
    told = read_reputation(REPORTED)

    assert told is not None
    assert (told.level_id, told.medal, told.sales, told.sales_days) == (GREEN, "gold", 412, 60)
    assert (told.total, told.completed, told.canceled) == (5230, 5011, 219)
    assert told.ratings["positive"] == Decimal("0.93")
    assert told.metrics[CLAIMS].rate == Decimal("0.0096")
    assert told.metrics[DELAYS].value == 33
    assert not told.is_protected


def test_a_protected_seller_has_the_real_numbers_beside_the_zeros() -> None:
    told = read_reputation(
        {
            "level_id": "5_green",
            "real_level": "red",
            "protection_end_date": "2026-12-24T00:00:00.000-04:00",
            "metrics": {
                "claims": {
                    "period": "60 days",
                    "rate": 0,
                    "value": 0,
                    "excluded": {"real_value": 50, "real_rate": Decimal("0.12")},
                }
            },
        }
    )

    assert told is not None
    assert told.is_protected
    assert told.protected_until == datetime(2026, 12, 24, 4, tzinfo=UTC)
    assert (told.metrics[CLAIMS].rate, told.metrics[CLAIMS].true_rate) == (0, Decimal("0.12"))
    assert told.metrics[CLAIMS].true_value == 50
    assert near_limits("MLB", told) == [CLAIMS]


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"level_id": None, "power_seller_status": None, "transactions": {}},
        {"level_id": 7, "metrics": [], "transactions": "none"},
        {"level_id": "6_violet", "metrics": {"claims": {"rate": "NaN", "value": "many"}, "sales": 3}},
        {"metrics": {"claims": {"rate": 12, "value": True, "period": None, "excluded": 1}}},
        {"protection_end_date": "soon", "metrics": {"claims": None}},
    ],
)
def test_words_and_shapes_nobody_knows_are_no_trouble(odd: dict[str, Any]) -> None:
    told = read_reputation(odd)

    assert told is not None
    assert near_limits("MLB", told) == []
    assert near_limits("MXX", told) == []
    assert all(metric.rate is None for metric in told.metrics.values())


@pytest.mark.parametrize("nothing", [None, "green", 5, []])
def test_no_reputation_is_none(nothing: Any) -> None:
    assert read_reputation(nothing) is None
    assert near_limits("MLB", None) == []


def test_near_a_limit_is_what_mercado_livre_reports_near_it() -> None:
    assert near_limits("MLB", read_reputation(REPORTED)) == [DELAYS]  # 8.12 of 10 %
    assert near_limits("MGT", read_reputation(REPORTED)) == []


@pytest.mark.parametrize(
    ("period", "days"),
    [("60 days", 60), ("365 days", 365), ("120 days", 120), ("3 months", 90), ("historic", None), ("", None)],
)
def test_a_period_in_words_is_some_days(period: str, days: int | None) -> None:
    assert days_of(period) == days


# The history


@pytest.mark.django_db
def test_the_last_word_of_a_local_day_stays(account: Account) -> None:
    evening = datetime(2026, 11, 21, 2, 50, tzinfo=UTC)  # still the 20th in São Paulo
    ReputationDay.objects.keep(account, {**REPORTED, "level_id": "3_yellow"}, evening)
    ReputationDay.objects.keep(account, REPORTED, evening.replace(minute=59))
    ReputationDay.objects.keep(account, REPORTED, evening.replace(hour=3))

    days = account.reputation_days.order_by("day")

    assert [(one.day.day, one.level_id) for one in days] == [(20, "5_green"), (21, "5_green")]
    assert (days[0].sales, days[0].claims_rate) == (412, Decimal("0.0096"))
    assert (days[0].cancellations_rate, days[0].delays_rate) == (Decimal("0.0024"), Decimal("0.0812"))


@pytest.mark.django_db
def test_a_partial_answer_keeps_nothing(account: Account) -> None:
    ReputationDay.objects.keep(account, None, datetime(2026, 11, 21, tzinfo=UTC))

    assert not account.reputation_days.exists()
