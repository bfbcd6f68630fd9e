"""Medians and percentiles, which PostgreSQL finds while it counts."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from statistics import median
from typing import Any

from django.db.models import Aggregate, IntegerField


class Ranked(Aggregate):
    """What depends on the order of all values of a column of whole numbers, unknown ones left out; None
    without any. SQLite cannot tell it: there the values are handed over, and put in order here.

    All put the same in order, so that PostgreSQL does it once for all of a query.
    """

    ordered = "WITHIN GROUP (ORDER BY (%(expressions)s)::double precision)"
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="JSON_GROUP_ARRAY(%(expressions)s)", **extra)

    def convert_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value is not None and connection.vendor == "sqlite":
            known = sorted(one for one in json.loads(value) if one is not None)
            value = self.pick(known) if known else None
        return None if value is None else self.told(value)

    @abstractmethod
    def pick(self, values: list[int]) -> Any:
        """Return what PostgreSQL would, of values in order."""

    @abstractmethod
    def told(self, value: Any) -> Any:
        """Return what PostgreSQL says as those who ask want it."""


class Median(Ranked):
    """The median, an `int`; of an even number of values the middle between two, rounded."""

    template = f"PERCENTILE_CONT(0.5) {Ranked.ordered}"

    def pick(self, values: list[int]) -> float:
        return median(values)

    def told(self, value: float) -> int:
        return round(value)


class Percentiles(Ranked):
    """The least values that at least so many percent of all do not exceed (nearest rank): `{90: 3600}`."""

    template = f"PERCENTILE_DISC(ARRAY[%(shares)s]) {Ranked.ordered}"

    def __init__(self, column: str, percents: Sequence[int]) -> None:
        super().__init__(column, shares=", ".join(str(percent / 100) for percent in percents))
        self.percents = percents

    def pick(self, values: list[int]) -> list[int]:
        return [values[-(-len(values) * percent // 100) - 1] for percent in self.percents]

    def told(self, value: list[float]) -> dict[int, int]:
        return {percent: int(one) for percent, one in zip(self.percents, value, strict=True)}
