"""A seller's reputation: what Mercado Livre reports, the limits it publishes, and the reckoning with both.

Plain arithmetic in whole numbers; nothing here knows a database. The limits and windows are those of the page
"Reputación de vendedores" (11/08/2025; API facts, part A section 4.3). A site without published limits has
none here: its numbers are shown, and nothing is concluded from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from painelml.meli import parse_instant

CLAIMS, CANCELLATIONS, DELAYS = METRICS = ("claims", "cancellations", "delayed_handling_time")
"""In Mercado Livre's words."""

LEVELS = ("1_red", "2_orange", "3_yellow", "4_light_green", "5_green")
"""From worst to best. The rule for `4_light_green` is not published, so it is shown and never reckoned."""

SALES_FOR_A_LEVEL = 11
LONG_WINDOW = 365


class Limits(NamedTuple):
    """The highest rates of a metric for each colour, in thousandths; above `orange` is red. `leader` is asked
    of MercadoLíderes."""

    leader: int
    green: int
    yellow: int
    orange: int

    @property
    def by_level(self) -> dict[str, int]:
        """The limits by the level they bound, from best to worst."""
        return {"5_green": self.green, "3_yellow": self.yellow, "2_orange": self.orange}


class Window(NamedTuple):
    """The last `days` count where they hold at least `sales`, else the last 365."""

    days: int
    sales: int


AS_IN_ARGENTINA = {
    CLAIMS: Limits(10, 15, 30, 60),
    CANCELLATIONS: Limits(5, 10, 25, 30),
    DELAYS: Limits(80, 100, 150, 220),
}
AS_IN_COLOMBIA = {
    CLAIMS: Limits(25, 35, 55, 70),
    CANCELLATIONS: Limits(15, 25, 70, 90),
    DELAYS: Limits(100, 120, 180, 260),
}

LIMITS: dict[str, dict[str, Limits]] = {
    "MLB": {
        CLAIMS: Limits(10, 20, 45, 80),
        CANCELLATIONS: Limits(5, 15, 35, 40),
        DELAYS: Limits(60, 100, 180, 220),
    },
    "MLA": AS_IN_ARGENTINA,
    "MLM": AS_IN_ARGENTINA,
    "MCO": AS_IN_COLOMBIA,
    "MLU": AS_IN_COLOMBIA,
    "MLC": AS_IN_COLOMBIA,
    "MEC": {
        CLAIMS: Limits(40, 40, 60, 80),
        CANCELLATIONS: Limits(30, 30, 80, 110),
        DELAYS: Limits(120, 120, 200, 300),
    },
    "MPE": {
        CLAIMS: Limits(20, 20, 45, 80),
        CANCELLATIONS: Limits(25, 25, 70, 90),
        DELAYS: Limits(120, 120, 180, 260),
    },
}

WINDOWS = {
    "MLB": Window(60, 60),
    "MLM": Window(60, 40),
    "MLA": Window(60, 50),
    "MCO": Window(60, 60),
    "MLC": Window(60, 40),
    "MLU": Window(120, 25),
    "MEC": Window(120, 20),
    "MPE": Window(120, 20),
}
DEFAULT_WINDOW = Window(60, 60)
"""For sites that publish none."""

NEAR = Decimal("0.8")
"""From this share of a limit on, it is called near."""


# Reckoning


def colour_of(count: int, total: int, limits: Limits) -> str | None:
    """Return the level that `count` incidents in `total` sales mean; None without a sale."""
    if total <= 0:
        return None
    bounded = limits.by_level.items()
    return next((level for level, limit in bounded if 1000 * count <= limit * total), "1_red")


def worst(levels: Iterable[str | None]) -> str | None:
    """Return the worst of the levels, which is the seller's; None when none is known."""
    return min((level for level in levels if level in LEVELS), key=LEVELS.index, default=None)


def until_over(count: int, total: int, limit: int, *, adds_to_total: bool = False) -> int:
    """Return the smallest number of further incidents that takes the rate over `limit` thousandths; 0 when it
    is over already.

    A claim or a cancellation befalls a sale that counts already: (count + k) / total. A late dispatch is a
    dispatch more: (count + k) / (total + k) (`adds_to_total`).
    """
    room = limit * total - 1000 * count
    if room < 0:
        return 0
    return room // (1000 - limit if adds_to_total else 1000) + 1


def sales_to_recover(count: int, total: int, limit: int) -> int:
    """Return the smallest number of sales without an incident that brings the rate down to `limit`
    thousandths."""
    return max(0, -(-1000 * count // limit) - total)


def leaves_on(day: date, window_days: int) -> date:
    """Return the first day on which what happened on `day` no longer counts."""
    return day + timedelta(days=window_days)


def first_day(today: date, window_days: int) -> date:
    """Return the first day that counts today."""
    return today - timedelta(days=window_days - 1)


@dataclass(frozen=True)
class Standing:
    """How one metric stands. `limits` is None for a site that publishes none."""

    metric: str
    count: int
    total: int
    limits: Limits | None

    @property
    def rate(self) -> Decimal | None:
        return Decimal(self.count) / self.total if self.total else None

    @property
    def colour(self) -> str | None:
        return colour_of(self.count, self.total, self.limits) if self.limits else None

    @property
    def is_leader(self) -> bool:
        """Whether the rate is good enough for a MercadoLíder."""
        return bool(self.limits and self.total and 1000 * self.count <= self.limits.leader * self.total)

    @property
    def limit(self) -> int | None:
        """The limit of the present colour, in thousandths; None for red, which has none."""
        return self.limits.by_level.get(self.colour or "") if self.limits else None

    @property
    def next_colour(self) -> str | None:
        """The colour behind that limit; None for red."""
        if self.limits is None or self.limit is None:
            return None
        return next((level for level, limit in self.limits.by_level.items() if limit > self.limit), "1_red")

    @property
    def left(self) -> int | None:
        """How many further incidents lead to the next colour; None when there is none."""
        if self.limit is None:
            return None
        return until_over(self.count, self.total, self.limit, adds_to_total=self.metric == DELAYS)

    @property
    def to_recover(self) -> int | None:
        """How many sales without an incident lead back to green; None when it is green or unknown."""
        if self.limits is None or self.colour in (None, "5_green"):
            return None
        return sales_to_recover(self.count, self.total, self.limits.green)

    @property
    def is_near(self) -> bool:
        """Whether the limit of the colour is near, or green is lost already."""
        return is_near(self.rate, self.limits)


def is_near(rate: Decimal | None, limits: Limits | None) -> bool:
    """Whether a rate (a fraction) has left little of what green allows, or more than all of it."""
    return bool(rate and limits and 1000 * rate >= NEAR * limits.green)


# What Mercado Livre reports


@dataclass(frozen=True)
class Reported:
    """One metric as Mercado Livre reports it. While a seller is protected, `rate` and `value` read 0 and the
    real ones stand beside them."""

    metric: str
    rate: Decimal | None
    value: int | None
    period: str
    real_rate: Decimal | None
    real_value: int | None

    @property
    def true_rate(self) -> Decimal | None:
        return self.rate if self.real_rate is None else self.real_rate

    @property
    def true_value(self) -> int | None:
        return self.value if self.real_value is None else self.real_value

    @property
    def days(self) -> int | None:
        return days_of(self.period)


@dataclass(frozen=True)
class Reputation:
    """`seller_reputation` of a user. Words are as Mercado Livre sent them; what it left out is None or
    empty."""

    level_id: str
    medal: str
    real_level: str
    protected_until: datetime | None
    total: int | None
    completed: int | None
    canceled: int | None
    ratings: dict[str, Decimal]
    sales: int | None
    sales_period: str
    metrics: dict[str, Reported]

    @property
    def is_protected(self) -> bool:
        return bool(self.real_level or self.protected_until)

    @property
    def sales_days(self) -> int | None:
        return days_of(self.sales_period)


def read_reputation(payload: Any) -> Reputation | None:
    """Return what a `seller_reputation` says, however little that is; None when there is none."""
    if not isinstance(payload, Mapping):
        return None
    transactions, metrics = inside(payload, "transactions"), inside(payload, "metrics")
    ratings = inside(transactions, "ratings")
    known = {name: fraction(ratings.get(name)) for name in ("positive", "neutral", "negative")}
    return Reputation(
        level_id=word(payload.get("level_id")),
        medal=word(payload.get("power_seller_status")),
        real_level=word(payload.get("real_level")),
        protected_until=parse_instant(payload.get("protection_end_date")),
        total=number(transactions.get("total")),
        completed=number(transactions.get("completed")),
        canceled=number(transactions.get("canceled")),
        ratings={name: rate for name, rate in known.items() if rate is not None},
        sales=number(inside(metrics, "sales").get("completed")),
        sales_period=word(inside(metrics, "sales").get("period")),
        metrics={
            name: Reported(
                name,
                fraction(inside(metrics, name).get("rate")),
                number(inside(metrics, name).get("value")),
                word(inside(metrics, name).get("period")),
                fraction(inside(metrics, name, "excluded").get("real_rate")),
                number(inside(metrics, name, "excluded").get("real_value")),
            )
            for name in METRICS
            if inside(metrics, name)
        },
    )


def near_limits(site_id: str, reputation: Reputation | None) -> list[str]:
    """Return the metrics that, as Mercado Livre reports them, are near the limit of green or past it."""
    limits = LIMITS.get(site_id, {})
    metrics = reputation.metrics if reputation else {}
    return [name for name, told in metrics.items() if is_near(told.true_rate, limits.get(name))]


def days_of(period: str) -> int | None:
    """Return how many days a period such as `60 days` or the older `3 months` has; None for other words."""
    found = re.fullmatch(r"(\d{1,4}) (day|month)s?", period.strip())
    return int(found[1]) * (30 if found[2] == "month" else 1) if found else None


def inside(value: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        deeper = value.get(name)
        value = deeper if isinstance(deeper, Mapping) else {}
    return value


def word(value: Any) -> str:
    return value[:40] if isinstance(value, str) else ""


def number(value: Any) -> int | None:
    exact = decimal(value)
    return int(exact) if exact is not None and exact == exact.to_integral_value() else None


def fraction(value: Any) -> Decimal | None:
    """Return a share from 0 to 1; anything else is unknown."""
    exact = decimal(value)
    return exact if exact is not None and 0 <= exact <= 1 else None


def decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return None
    return exact if exact.is_finite() and 0 <= exact < 10**12 else None
