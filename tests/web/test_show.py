from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from django.utils.formats import date_format, number_format
from hypothesis import given
from hypothesis import strategies as st

from painelml.web import show
from painelml.web.statuses import word_for

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "amount", "currency", "shown"),
    [
        ("pt-br", Decimal("1234.56"), "BRL", "R$ 1.234,56"),
        ("pt-br", Decimal("-0.50"), "BRL", "−R$ 0,50"),
        ("en", Decimal("1234.56"), "BRL", "R$ 1,234.56"),
        ("pt-br", Decimal("1234"), "CLP", "CL$ 1.234"),
        ("pt-br", Decimal("9.90"), "XYZ", "XYZ 9,90"),
        ("pt-br", None, "BRL", "–"),
        # As SQLite adds up.
        ("pt-br", Decimal("3929.99999999999"), "BRL", "R$ 3.930,00"),
        ("pt-br", Decimal("1233.99999999999"), "CLP", "CL$ 1.234"),
    ],
)
def test_money_reads_as_in_the_readers_country(
    language: str, amount: Decimal, currency: str, shown: str
) -> None:
    with translation.override(language):
        assert show.money(amount, currency).replace("\u00a0", " ") == shown


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(seconds=20), "now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(hours=47), "47 h ago"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(hours=-2), "in 2 h"),
    ],
)
def test_an_age_is_told_in_its_greatest_unit(ago: timedelta, shown: str) -> None:
    with translation.override("en"):
        assert show.age(NOW - ago, NOW) == shown


def test_an_instant_is_told_in_the_accounts_zone() -> None:
    with translation.override("pt-br"):
        assert show.instant(NOW, ZoneInfo("America/Manaus")) == "21/11/2026 08:00"


@pytest.mark.parametrize("language", ["pt-br", "en", "es"])
@given(number=st.integers(-(10**12), 10**12))
def test_numbers_read_as_django_writes_them(language: str, number: int) -> None:
    with translation.override(language):
        assert show.count(number) == number_format(number, 0, force_grouping=True)
        amount = Decimal(abs(number)) / 100
        digits = number_format(amount, 2, force_grouping=True)
        assert show.money(amount, "BRL") == f"R${show.NBSP}{digits}"


@given(moment=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_moments_and_days_read_as_django_writes_them_in_each_language_in_turn(moment: datetime) -> None:
    zone = ZoneInfo("America/Santiago")
    for language in ("pt-br", "en", "es", "pt-br"):
        with translation.override(language):
            there = moment.astimezone(zone)
            assert show.instant(moment, zone) == date_format(there, "SHORT_DATETIME_FORMAT")
            assert show.full_day(there.date()) == date_format(there.date(), "SHORT_DATE_FORMAT")


@pytest.mark.parametrize(
    ("now", "before", "shown"), [(150, 100, 50), (50, 100, -50), (5, 0, None), (0, 4, -100)]
)
def test_a_change_is_told_in_percent_of_what_was(now: int, before: int, shown: int | None) -> None:
    assert show.change(now, before) == shown


def test_an_unknown_word_is_its_own_label() -> None:
    assert word_for("order", "teleported") == ("teleported", "plain")
