from datetime import date, timedelta
from decimal import Decimal

import pytest

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
