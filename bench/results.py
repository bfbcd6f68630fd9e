"""What benchmarks say: lines of a table, kept as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles


@dataclass(frozen=True)
class Line:
    """One figure, what it is compared with, and whether it is as it has to be (None: it only informs).

    `figures` are the numbers behind the words, with units in their names: for `sizing`, and in the JSON.
    """

    name: str
    value: str
    reference: str = ""
    ratio: float | None = None
    bar: str = ""
    is_met: bool | None = None
    figures: dict[str, float] = field(default_factory=dict)


def p95(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=20, method="inclusive")[-1]


def p99(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=100, method="inclusive")[-1]


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def middle(values: Sequence[float]) -> float:
    return median(values)


def machine() -> dict[str, str]:
    """Return what the figures were taken on; the load tells whether it did something else, too."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "processors": str(os.cpu_count()),
        "load before": " ".join(f"{load:.1f}" for load in os.getloadavg()),
    }


def table(lines: Sequence[Line]) -> str:
    """Return the lines as a Markdown table with columns of one width."""
    head = ("what", "measured", "reference", "ratio", "bar", "")
    rows = [
        (
            line.name,
            line.value,
            line.reference,
            "" if line.ratio is None else f"{line.ratio:.2f}",
            line.bar,
            {True: "met", False: "**not met**", None: ""}[line.is_met],
        )
        for line in lines
    ]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in [head, rule, *rows]
    )


def keep(folder: Path, name: str, told: dict[str, str], lines: Sequence[Line]) -> Path:
    """Write the result as JSON and return where."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**told, "lines": [asdict(line) for line in lines]}, indent=1) + "\n")
    return path


def figures(folder: Path, name: str) -> dict[str, float]:
    """Return the numbers that benchmark left last; none when it never ran."""
    path = folder / f"{name}.json"
    lines = json.loads(path.read_text())["lines"] if path.exists() else []
    return {key: value for line in lines for key, value in line["figures"].items()}
