"""Charts drawn on the server as SVG: attributes and classes only, so the strictest CSP lets them through.

The drawing stretches to its place (`preserveAspectRatio="none"`); words stand beside it as HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

STEP = 10
"""Width of one day in drawing units."""

HEIGHT = 100


@dataclass(frozen=True)
class Bar:
    """One day: where its column stands, and what it says when pointed at."""

    x: str
    y: str
    height: str
    slot: str
    title: str


@dataclass(frozen=True)
class DayChart:
    """A column per day over a line, as of the days before. Coordinates are text, safe from number formats."""

    width: int
    bars: list[Bar]
    line: str
    ticks: list[str]
    first: date
    middle: date
    last: date


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
) -> DayChart:
    """Return the drawing of `days`, `behind` as a line that leaves unknown days out and may run below zero;
    `title(index)` says what a column means.
    """
    known = [value for value in behind if value is not None]
    top = round_top(max([value for _, value in days] + known))
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
        first=days[0][0],
        middle=days[len(days) // 2][0],
        last=days[-1][0],
    )
