# ruff: noqa: S311
"""Buyers: everything about one follows from a number, so none has to be remembered."""

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from random import Random

from .words import CITIES, FIRST_NAMES, LAST_NAMES, NEIGHBORHOODS, STREETS

_CITY_WEIGHTS = list(accumulate(city[3] for city in CITIES))
_NEAR = {
    "SP": 0,
    "RJ": 1,
    "MG": 1,
    "PR": 1,
    "SC": 1,
    "ES": 1,
    "RS": 2,
    "GO": 2,
    "DF": 2,
    "MS": 2,
    "MT": 2,
    "BA": 2,
}


class Buyer:
    def __init__(self, number: int) -> None:
        self.number = number

    @cached_property
    def _random(self) -> Random:
        return Random(self.number * 2654435761)

    @cached_property
    def city(self) -> tuple[str, str, str, int]:
        return CITIES[bisect_right(_CITY_WEIGHTS, self.number * 2654435761 % _CITY_WEIGHTS[-1])]

    @property
    def distance(self) -> int:
        return _NEAR.get(self.city[1], 3)

    @property
    def id(self) -> int:
        return 200_000_000 + self.number * 37

    @cached_property
    def name(self) -> str:
        return (
            f"{FIRST_NAMES[self.number % len(FIRST_NAMES)]} {LAST_NAMES[self.number * 7 % len(LAST_NAMES)]}"
        )

    @property
    def nickname(self) -> str:
        first, last = self.name.upper().split(" ")
        plain = str.maketrans("ÁÃÂÉÊÍÓÔÕÚÇ", "AAAEEIOOOUC")
        return f"{first}{last[:3]}{self.number % 9973:04d}".translate(plain)

    @classmethod
    def of_billing(cls, billing_id: str) -> "Buyer | None":
        """The buyer of a billing id, or None for what is none."""
        number, rest = (
            divmod(int(billing_id) - 66_000_000_000 - 200_000_000, 37) if billing_id.isdigit() else (0, 1)
        )
        return cls(number) if number > 0 and not rest else None

    @property
    def billing_id(self) -> str:
        return f"66{self.id:09d}"

    @cached_property
    def street(self) -> tuple[str, str, str, str]:
        """(street, number, neighborhood, postal code)"""
        random = self._random
        return (
            random.choice(STREETS),
            str(random.randint(8, 2400)) if self.number % 29 else "SN",
            random.choice(NEIGHBORHOODS),
            f"{random.randint(1_000_000, 99_999_999):08d}",
        )
