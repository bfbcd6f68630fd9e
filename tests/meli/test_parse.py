from datetime import UTC, datetime
from decimal import Decimal

import pytest

from painelml.meli import parse_id, parse_instant, parse_int, parse_money


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-10-04T09:12:44.000-04:00", datetime(2026, 10, 4, 13, 12, 44, tzinfo=UTC)),  # orders
        ("2026-10-05T08:15:30.120-04:00", datetime(2026, 10, 5, 12, 15, 30, 120000, tzinfo=UTC)),  # questions
        ("2026-10-04T09:12:44.000-0400", datetime(2026, 10, 4, 13, 12, 44, tzinfo=UTC)),  # packs
        ("2026-10-04T13:58:20.000+00:00", datetime(2026, 10, 4, 13, 58, 20, tzinfo=UTC)),  # order index
        ("2026-10-04T13:58:20.000+0000", datetime(2026, 10, 4, 13, 58, 20, tzinfo=UTC)),  # user products
        ("2026-11-20T13:44:33.006Z", datetime(2026, 11, 20, 13, 44, 33, 6000, tzinfo=UTC)),  # items
        ("2026-11-20T13:44:33.123456789Z", datetime(2026, 11, 20, 13, 44, 33, 123456, tzinfo=UTC)),  # detail
        ("2026-11-02T12:00:00Z", datetime(2026, 11, 2, 12, tzinfo=UTC)),  # prices
        ("2026-10-20T00:00:00.000-03:00", datetime(2026, 10, 20, 3, tzinfo=UTC)),  # lead time
        ("2026-10-20 15:04:05.0", datetime(2026, 10, 20, 15, 4, 5, tzinfo=UTC)),  # moderations, no zone
    ],
)
def test_every_spelling_of_an_instant_is_understood(text, instant):
    assert parse_instant(text) == instant
    assert parse_instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "null",
        "soon",
        "2026-13-40T00:00:00Z",
        "2026-10-04",
        1764000000,
        {},
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_what_is_no_instant_is_none(text):
    assert parse_instant(text) is None


@pytest.mark.parametrize(
    "value", [2000031415926535, "2000031415926535", " 2000031415926535 ", Decimal("2000031415926535")]
)
def test_an_id_is_the_same_text_however_it_was_sent(value):
    assert parse_id(value) == "2000031415926535"


def test_an_id_beyond_64_bits_stays_whole():
    assert parse_id(18446744073709551615 * 10) == "184467440737095516150"


@pytest.mark.parametrize("value", [None, "", True, {}, [], Decimal("1.5")])
def test_no_id_is_empty_text(value):
    assert parse_id(value) == ""


def test_money_keeps_its_exact_digits():
    assert str(parse_money(Decimal("199.90"))) == "199.90"
    assert parse_money("0.1") + parse_money("0.2") == Decimal("0.3")
    assert parse_money(0) == Decimal(0)


@pytest.mark.parametrize("value", [None, "", "abc", "12,90", True, {}, "NaN", "Infinity", "1E+999999", 0.1])
def test_money_that_cannot_be_read_is_unknown(value):
    assert parse_money(value) is None


@pytest.mark.parametrize(
    ("value", "number"), [(7, 7), ("7", 7), ("7.0", 7), (Decimal("7.00"), 7), ("-3", -3)]
)
def test_whole_numbers(value, number):
    assert parse_int(value) == number


@pytest.mark.parametrize("value", [None, "", "7.5", True, [], "1E+999999"])
def test_what_is_no_whole_number_is_none(value):
    assert parse_int(value) is None
