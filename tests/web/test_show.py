from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

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


@pytest.mark.parametrize(
    ("now", "before", "shown"), [(150, 100, 50), (50, 100, -50), (5, 0, None), (0, 4, -100)]
)
def test_a_change_is_told_in_percent_of_what_was(now: int, before: int, shown: int | None) -> None:
    assert show.change(now, before) == shown


def test_an_unknown_word_is_its_own_label() -> None:
    assert word_for("order", "teleported") == ("teleported", "plain")
