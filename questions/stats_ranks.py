"""Medians and percentiles, which PostgreSQL finds while it counts."""

from __future__ import annotations

import json
from statistics import median
from typing import Any

from django.db.models import Aggregate, IntegerField


class Ranked(Aggregate):
    """A whole number that depends on the order of all values of a column, unknown ones left out; None without
    any. SQLite cannot tell it: there the values are handed over, and put in order here.
    """

    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="JSON_GROUP_ARRAY(%(expressions)s)", **extra)

    def convert_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        if value is not None and connection.vendor == "sqlite":
            known = sorted(one for one in json.loads(value) if one is not None)
            value = self.pick(known) if known else None
        return None if value is None else round(value)

    def pick(self, values: list[int]) -> float:
        raise NotImplementedError


class Median(Ranked):
    """The median; of an even number of values the middle between two, rounded."""

    template = "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY (%(expressions)s)::double precision)"

    def pick(self, values: list[int]) -> float:
        return median(values)


class Percentile(Ranked):
    """The least value that at least so many percent of all do not exceed (nearest rank).

    The values are put in order as the median's are, so that PostgreSQL does so once for all of a query.
    """

    template = "PERCENTILE_DISC(%(share)s) WITHIN GROUP (ORDER BY (%(expressions)s)::double precision)"

    def __init__(self, column: str, percent: int) -> None:
        super().__init__(column, percent=percent, share=percent / 100)

    def pick(self, values: list[int]) -> float:
        place = -(-len(values) * self.extra["percent"] // 100)
        return values[place - 1]
