from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils.translation import override

from painelml.web.charts import day_chart, round_top


@pytest.mark.parametrize(
    ("highest", "top"),
    [
        ("0", "1"),
        ("1", "1"),
        ("130", "200"),
        ("230.5", "250"),
        ("251", "500"),
        ("999", "1000"),
        ("10000", "10000"),
    ],
)
def test_the_scale_ends_at_a_round_number(highest: str, top: str) -> None:
    assert round_top(Decimal(highest)) == Decimal(top)


def test_columns_are_as_high_as_their_share_of_the_scale() -> None:
    days = [(date(2026, 11, 20) + timedelta(days=n), Decimal(value)) for n, value in enumerate((0, 50, 100))]

    chart = day_chart(days, [Decimal(100)] * 3, title=str, tick=str)

    assert [(bar.y, bar.height) for bar in chart.bars] == [
        ("100.00", "0.00"),
        ("50.00", "50.00"),
        ("0.00", "100.00"),
    ]
    assert chart.line == "5.0,0.00 15.0,0.00 25.0,0.00"
    assert chart.ticks == ["100", "50", "0"]


def days_of(*days: str, last: str = "") -> list[str]:
    values = [(date.fromisoformat(day), Decimal(1)) for day in days]
    end = date.fromisoformat(last) if last else None
    with override("pt-br"):
        return day_chart(values, [], title=str, tick=str, last=end).days


def test_below_a_chart_stand_its_days_with_the_year_where_it_changes() -> None:
    assert days_of("2026-11-19", "2026-11-20", "2026-11-21") == ["19/11", "20/11", "21/11"]
    assert days_of("2025-11-23", "2026-05-18", "2026-11-16", last="2026-11-22") == [
        "23/11/2025",
        "18/05/2026",
        "22/11/2026",
    ]
    assert days_of("2026-11-20") == ["20/11"]
