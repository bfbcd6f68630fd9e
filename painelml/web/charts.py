"""Charts drawn on the server as SVG: attributes and classes only, so the strictest CSP lets them through.

The drawing stretches to its place (`preserveAspectRatio="none"`); words stand beside it as HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .show import day_and_month, full_day

STEP = 10
"""Width of one column in drawing units."""

HEIGHT = 100


@dataclass(frozen=True)
class Bar:
    """A day, or more of a long period: where its column stands, and what it says when pointed at."""

    x: str
    y: str
    height: str
    slot: str
    title: str


@dataclass(frozen=True)
class DayChart:
    """Columns over a line, as of the days before. Coordinates are text, safe from number formats."""

    width: int
    bars: list[Bar]
    line: str
    ticks: list[str]
    days: list[str]


@dataclass(frozen=True)
class LineChart:
    """A line of some days under a limit. Coordinates are text, safe from number formats."""

    width: int
    line: str
    limit: str
    first: date
    last: date


def line_chart(days: Sequence[tuple[date, Decimal]], limit: Decimal | None) -> LineChart | None:
    """Return the drawing of at least two days, `limit` as a straight line; None for fewer."""
    if len(days) < 2:
        return None
    top = max([value for _, value in days] + [limit or Decimal(0)]) * Decimal("1.1") or Decimal(1)
    first, last = days[0][0], days[-1][0]

    def y(value: Decimal) -> str:
        return f"{HEIGHT - HEIGHT * value / top:.2f}"

    return LineChart(
        width=(last - first).days * STEP,
        line=" ".join(f"{(day - first).days * STEP},{y(value)}" for day, value in days),
        limit="" if limit is None else y(limit),
        first=first,
        last=last,
    )


def round_top(highest: Decimal) -> Decimal:
    """Return the least of 1, 2, 2.5, 5, 10 times a power of ten that is not below `highest`; at least 1."""
    if highest <= 1:
        return Decimal(1)
    power = Decimal(10) ** (highest.adjusted())
    return next(
        power * step for step in map(Decimal, ("1", "2", "2.5", "5", "10")) if power * step >= highest
    )


def day_chart(
    days: Sequence[tuple[date, Decimal]],
    behind: Sequence[Decimal | None],
    *,
    title: Callable[[int], str],
    tick: Callable[[Decimal], str],
    last: date | None = None,
    is_whole: bool = False,
) -> DayChart:
    """Return the drawing of `days`, each the first of what its column stands for, and of `behind` as a line
    that leaves out what is unknown and may run below zero. `title(index)` says what a column means, `last`
    the day on which the last one ends, `is_whole` that they count things that come in whole numbers.
    """
    known = [value for value in behind if value is not None]
    top = round_top(max([value for _, value in days] + known))
    if is_whole and top % 2:
        top += 1  # or half of it would stand beside the chart
    lowest = min(known, default=Decimal(0))
    bottom = -round_top(-lowest) if lowest < 0 else Decimal(0)

    def y(value: Decimal) -> str:
        return f"{HEIGHT - HEIGHT * (value - bottom) / (top - bottom):.2f}"

    bars = [
        Bar(
            x=f"{index * STEP + 1.5:.1f}",
            y=y(value),
            height=f"{HEIGHT * value / (top - bottom):.2f}",
            slot=str(index * STEP),
            title=title(index),
        )
        for index, (_, value) in enumerate(days)
    ]
    line = " ".join(
        f"{index * STEP + STEP / 2:.1f},{y(value)}" for index, value in enumerate(behind) if value is not None
    )
    return DayChart(
        width=len(days) * STEP,
        bars=bars,
        line=line,
        ticks=[tick(top), tick((top + bottom) / 2), tick(bottom)],
        days=days_below(days[0][0], days[len(days) // 2][0], last or days[-1][0]),
    )


def days_below(*days: date) -> list[str]:
    """Return what stands below a chart, each day once; with the year where it is not the same."""
    written = day_and_month if days[0].year == days[-1].year else full_day
    return list(dict.fromkeys(written(day) for day in days))


LEVELS = 5
"""Shades of a heat map, beside the empty one."""


@dataclass(frozen=True)
class Cell:
    """One square of a heat map: its place in drawing units, its shade (0 is none) and what it says."""

    x: int
    y: int
    level: int
    title: str


def heat_map(values: Sequence[Sequence[int]], *, title: Callable[[int, int], str]) -> list[Cell]:
    """Return the squares of `values[row][column]`, `STEP` wide and high; `title(row, column)` says what one
    means. The fullest square has the deepest shade.
    """
    top = max((value for row in values for value in row), default=0)
    return [
        Cell(column * STEP, row * STEP, -(-value * LEVELS // top) if top else 0, title(row, column))
        for row, cells in enumerate(values)
        for column, value in enumerate(cells)
    ]


def shares(values: Sequence[int]) -> list[str]:
    """Return each value as a length out of `HEIGHT`, the greatest being all of it; text, as in `DayChart`."""
    top = max(values, default=0)
    return [f"{HEIGHT * value / top:.2f}" if top else "0" for value in values]
