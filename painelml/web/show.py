"""Values as people read them. Plain functions; painelml/templatetags/painel.py gives them to templates."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, get_format, number_format
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

SYMBOLS = {
    "BRL": "R$",
    "ARS": "AR$",
    "MXN": "MX$",
    "CLP": "CL$",
    "COP": "CO$",
    "UYU": "UY$",
    "PEN": "S/",
    "USD": "US$",
    "BOB": "Bs",
    "PYG": "₲",
    "DOP": "RD$",
    "CRC": "₡",
    "GTQ": "Q",
    "HNL": "L",
    "NIO": "C$",
    "PAB": "B/.",
}
"""Many countries write just "$"; beside each other they must differ."""

WITHOUT_CENTS = {"CLP", "PYG"}
DASH = "–"
NBSP = "\u00a0"


def money(amount: Decimal | None, currency: str) -> str:
    """Return `R$ 1.234,56` in the reader's language; a dash for an unknown amount."""
    if amount is None:
        return DASH
    places = 0 if currency in WITHOUT_CENTS else 2
    digits = punctuated(f"{rounded(abs(amount), places):,.{places}f}")
    sign = "−" if amount < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency)}{NBSP}{digits}"


def short_money(amount: Decimal, currency: str) -> str:
    """Return a rounded amount for the side of a chart: `R$ 12,5k`."""
    size, letter = abs(amount), ""
    for unit, name in ((Decimal(1_000_000), "M"), (Decimal(1_000), "k")):
        if size >= unit:
            size, letter = size / unit, name
            break
    places = 1 if letter and size < 10 and size != size.to_integral_value() else 0
    sign = "−" if amount < 0 else ""
    return (
        f"{sign}{SYMBOLS.get(currency, currency)}{NBSP}{number_format(rounded(size, places), places)}{letter}"
    )


def rounded(size: Decimal, places: int) -> Decimal:
    """Return a size with so many decimal places. Django would cut the others off, and sums of SQLite come
    with the digits of a float: 3929.99999999999.
    """
    return Decimal(size).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def count(number: int | None) -> str:
    """Return `18.204` in the reader's language; a dash for an unknown number."""
    if number is None:
        return DASH
    whole = int(number)
    return str(whole) if -1000 < whole < 1000 else punctuated(f"{whole:,}")


def punctuated(number: str) -> str:
    """Return a number written as Python does, `1,234.50`, with the marks of the reader's language."""
    return number.translate(marks(get_language()))


@lru_cache
def marks(language: str | None) -> dict[int, str]:
    """Return what a language has for the comma and the point of English, looked up once. Django's
    `number_format` asks for them, and whether to group at all, with each of a page's thousand numbers."""
    return str.maketrans(
        {",": get_format("THOUSAND_SEPARATOR", language), ".": get_format("DECIMAL_SEPARATOR", language)}
    )


def instant(moment: datetime, zone: ZoneInfo) -> str:
    """Return day and time in that zone, in the reader's language."""
    minute = moment.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
    return written(minute, "SHORT_DATETIME_FORMAT", get_language())


def full_day(day: date) -> str:
    """Return `21/11/2026` in the reader's language."""
    return written(day, "SHORT_DATE_FORMAT", get_language())


def day_and_month(day: date) -> str:
    """Return `21/11` in the reader's language."""
    letters = pgettext("day and month, in the letters of Django's date filter", "m/d")
    return written(day, letters, get_language())


@lru_cache(4096)
def written(day: date, letters: str, language: str | None) -> str:
    """Return a day, or a minute without a zone, in the language that is in use. Pages tell the same ones over
    and over, and each takes Django ten microseconds."""
    return date_format(day, letters)


def span(length: timedelta) -> str:
    """Return a length of time in its greatest unit: `3 h`, `2 days`."""
    seconds = abs(int(length.total_seconds()))
    if seconds < 60:
        return _("%(count)d s") % {"count": seconds}
    if seconds < 3600:
        return _("%(count)d min") % {"count": seconds // 60}
    if seconds < 48 * 3600:
        return _("%(count)d h") % {"count": seconds // 3600}
    days = seconds // 86400
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def clock(length: timedelta) -> str:
    """Return time left as a clock counts it down, the same in all languages: `3 d`, `5 h 07`, `07:42`; past
    zero with a minus. static/js/countdowns.js says the same.
    """
    seconds = int(length.total_seconds())
    sign, seconds = ("−" if seconds < 0 else ""), abs(seconds)
    if seconds >= 48 * 3600:
        return f"{sign}{seconds // 86400} d"
    if seconds >= 3600:
        return f"{sign}{seconds // 3600} h {seconds // 60 % 60:02}"
    return f"{sign}{seconds // 60:02}:{seconds % 60:02}"


def age(moment: datetime, now: datetime) -> str:
    """Return how long ago, or how soon, a moment is: `há 3 h`, `em 2 h`, `agora`."""
    length = now - moment
    if abs(length) < timedelta(minutes=1):
        return _("now")
    if length < timedelta(0):
        return _("in %(span)s") % {"span": span(length)}
    return _("%(span)s ago") % {"span": span(length)}


def percent(share: Decimal | float | None, places: int = 1) -> str:
    """Return a share as people read it: `25,5 %` for 0.2550; a dash for an unknown one."""
    if share is None:
        return DASH
    return f"{number_format(rounded(Decimal(str(share)) * 100, places), places)}{NBSP}%"


def change(now: Decimal | int, before: Decimal | int) -> int | None:
    """Return by how many percent `now` differs from `before`; None when there is nothing to compare with."""
    return None if not before else round(100 * (now - before) / before)
