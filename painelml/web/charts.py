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
    """A column per day over a line of the days before. All coordinates are text, safe from number formats."""

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
    before: Sequence[Decimal],
    *,
    title: Callable[[int], str],
    tick: Callable[[Decimal], str],
) -> DayChart:
    """Return the drawing of `days`, `before` as a line behind; `title(index)` says what a column means."""
    top = round_top(max([value for _, value in days] + list(before)))

    def y(value: Decimal) -> str:
        return f"{HEIGHT - HEIGHT * value / top:.2f}"

    bars = [
        Bar(
            x=f"{index * STEP + 1.5:.1f}",
            y=y(value),
            height=f"{HEIGHT * value / top:.2f}",
            slot=str(index * STEP),
            title=title(index),
        )
        for index, (_, value) in enumerate(days)
    ]
    line = " ".join(f"{index * STEP + STEP / 2:.1f},{y(value)}" for index, value in enumerate(before))
    return DayChart(
        width=len(days) * STEP,
        bars=bars,
        line=line,
        ticks=[tick(top), tick(top / 2), tick(Decimal(0))],
        first=days[0][0],
        middle=days[len(days) // 2][0],
        last=days[-1][0],
    )
