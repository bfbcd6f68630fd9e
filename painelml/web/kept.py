"""The period somebody looks at, kept in the address from one section of the panel to the next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

PERIOD_NAMES = ("days", "date_from", "date_to")
"""How an address says a period."""
PERIODS = (7, 30, 90, 365)
"""The days until today that pages offer with one tap; any other period is named by its dates."""
DAYS_MAX = 366
"""The longest period a report takes."""
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class KeptPeriod:
    """From the first to the last day, both included; None where it is open."""

    first: date | None
    last: date | None
    today: date

    @classmethod
    def read(cls, params: Mapping[str, str], today: date) -> KeptPeriod:
        """Read the period of an address; what is no day and no sensible number of days is none."""
        days = params.get("days", "")
        if days.isascii() and days.isdecimal() and len(days) <= 3 and 1 <= int(days) <= DAYS_MAX:
            return cls(today - timedelta(days=int(days) - 1), today, today)
        return cls(read_day(params.get("date_from")), read_day(params.get("date_to")), today)

    @property
    def days(self) -> int | None:
        """How many days until today it is; None for a period that begins nowhere or ends on another day."""
        if self.first is None or self.last not in (None, self.today) or self.first > self.today:
            return None
        return (self.today - self.first).days + 1

    def params(self, page: str) -> dict[str, str]:
        """Return the period as the page named so takes it.

        The list of orders knows dates only. The questions that wait must not be hidden by a period, so their
        list gets it in the one form it passes over.
        """
        if page == "questions:list":
            return {"days": str(self.days)} if self.days and self.days <= DAYS_MAX else {}
        if page == "orders:list":
            return self.dates()
        if self.first and ((self.last or self.today) - self.first).days >= DAYS_MAX:
            return {}
        return {"days": str(self.days)} if self.days in PERIODS else self.dates()

    def dates(self) -> dict[str, str]:
        named = {"date_from": self.first, "date_to": self.last}
        return {name: day.isoformat() for name, day in named.items() if day}


def read_day(text: str | None) -> date | None:
    if not text or not DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
