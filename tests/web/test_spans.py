"""Long periods in weeks and months: in calendar units, cut to the period, and with nothing left out."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.utils.translation import override

from painelml.web.spans import DAY, MONTH, WEEK, Unit, put_together, unit_of


@dataclass(frozen=True)
class Day:
    date: date


def days_from(first: date, number: int) -> list[Day]:
    return [Day(first + timedelta(days=n)) for n in range(number)]


@pytest.mark.parametrize(("number", "unit"), [(0, DAY), (92, DAY), (93, WEEK), (742, WEEK), (743, MONTH)])
def test_what_is_longer_is_read_in_greater_units(number: int, unit: Unit) -> None:
    assert unit_of(days_from(date(2024, 1, 1), number)) is unit


@pytest.mark.parametrize("number", [0, 1, 92, 93, 366, 743, 3660])
def test_every_day_is_in_one_of_them(number: int) -> None:
    days = days_from(date(2016, 2, 27), number)

    groups = put_together(days)

    assert [day for _span, group in groups for day in group] == days
    assert all((group[0].date, group[-1].date) == (span.first, span.last) for span, group in groups)
    assert len(groups) <= 122


def test_weeks_begin_on_monday_and_end_with_the_period() -> None:
    spans = [span for span, _days in put_together(days_from(date(2026, 8, 1), 100))]  # a Saturday

    assert [(str(span.first), str(span.last)) for span in (spans[0], spans[1], spans[-1])] == [
        ("2026-08-01", "2026-08-02"),
        ("2026-08-03", "2026-08-09"),
        ("2026-11-02", "2026-11-08"),
    ]
    assert all(span.first.isoweekday() == 1 for span in spans[1:])


@pytest.mark.parametrize(
    ("first", "number", "begin", "end"),
    [
        (date(2026, 11, 20), 2, ["20/11/2026"], "21/11/2026"),
        (date(2026, 8, 1), 93, ["01/08/2026\u00a0– 02/08/2026"], "26/10/2026\u00a0– 01/11/2026"),
        (date(2024, 1, 31), 800, ["31/01/2024", "Fevereiro de 2024"], "01/04/2026\u00a0– 09/04/2026"),
        (date(2023, 12, 1), 762, ["Dezembro de 2023", "Janeiro de 2024"], "Dezembro de 2025"),
    ],
)
def test_they_are_called_by_the_days_they_hold(first: date, number: int, begin: list[str], end: str) -> None:
    with override("pt-br"):
        names = [span.name for span, _days in put_together(days_from(first, number))]

    assert names[: len(begin)] == begin
    assert names[-1] == end
