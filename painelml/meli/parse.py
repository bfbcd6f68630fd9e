"""Values as Mercado Livre spells them, turned into values we keep.

Nothing here raises: what cannot be read is `None` (or `""` for an id), so one strange field never costs a
whole row. Follows part A, 2.5 "Dates, ids, money", and the conventions at the top of part B.
"""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

MAX_MAGNITUDE = 30  # no amount or count has more digits; `int(Decimal("1E+999999999"))` would eat the machine


def parse_instant(text: object) -> datetime | None:
    """Return the instant in UTC, or `None` for nothing and for nonsense.

    Reads every spelling seen: `-04:00` with ms, `-0400`, `+0000`, `+00:00`, `Z` with 3 or 9 digits (the
    digits beyond microseconds are dropped) and `YYYY-MM-DD HH:MM:SS.0`. A time without a zone is UTC; a day
    without a time is no instant.
    """
    if not isinstance(text, str) or len(text) < len("2026-11-20T12:00"):
        return None
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_id(value: object) -> str:
    """Return the id as text: numbers and strings of one id become the same string; `""` when there is
    none.
    """
    if isinstance(value, str):
        return value.strip()
    number = parse_int(value)
    return "" if number is None else str(number)


def parse_money(value: object) -> Decimal | None:
    """Return the amount exactly as it was written, `None` when it is unknown. Never goes through a float."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        amount = Decimal(value)
    except (InvalidOperation, ValueError):
        return None
    return amount if amount.is_finite() and abs(amount.adjusted()) <= MAX_MAGNITUDE else None


def parse_int(value: object) -> int | None:
    """Return the whole number in `7`, `"7"`, `7.0` or `"7.0"` (returns spell quantities so), else `None`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    amount = parse_money(value)
    return int(amount) if amount is not None and amount == amount.to_integral_value() else None
