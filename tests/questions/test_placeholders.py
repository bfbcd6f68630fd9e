"""Placeholders of quick replies: every language's names are understood, and nothing unknown is invented."""

from datetime import timedelta

import pytest
from django.utils import translation

from painelml.web.show import clock
from questions.placeholders import PLACEHOLDERS, fill, known_in, unknown_in


@pytest.mark.parametrize("written", ["{preco}", "{preço}", "{Precio}", "{ price }", "{PREÇO}"])
def test_a_placeholder_is_understood_in_every_language(written: str) -> None:
    assert unknown_in(written) == []
    assert fill(f"a {written} b", {"price": "R$ 1"}).text == "a R$ 1 b"


def test_what_is_no_placeholder_is_named_once() -> None:
    assert unknown_in("{foo} {preco} {foo} {bar}") == ["foo", "bar"]


def test_a_value_nobody_knows_leaves_its_placeholder_and_is_named() -> None:
    filled = fill("Oi {comprador}, {produto} por {preco}", {"product": "Caneca", "price": None})
    assert filled.text == "Oi {comprador}, Caneca por {preco}"
    assert filled.missing == ["{comprador}", "{preco}"]
    assert known_in(filled.text) == ["{comprador}", "{preco}"]


def test_a_value_is_not_read_for_placeholders() -> None:
    assert fill("{produto}", {"product": "Kit {preco}", "price": "1"}).text == "Kit {preco}"


def test_every_placeholder_is_shown_in_the_readers_language() -> None:
    shown = {}
    for language in ("pt-br", "es", "en"):
        with translation.override(language):
            shown[language] = PLACEHOLDERS["stock"].shown
    assert shown == {"pt-br": "{estoque}", "es": "{existencias}", "en": "{stock}"}


@pytest.mark.parametrize(
    ("left", "shown"),
    [
        (timedelta(days=2), "2 d"),
        (timedelta(hours=47, minutes=59, seconds=59), "47 h 59"),
        (timedelta(hours=1), "1 h 00"),
        (timedelta(minutes=59, seconds=59), "59:59"),
        (timedelta(seconds=7), "00:07"),
        (timedelta(0), "00:00"),
        (timedelta(seconds=-61), "−01:01"),
        (timedelta(days=-3), "−3 d"),
    ],
)
def test_a_countdown_reads_as_a_clock(left: timedelta, shown: str) -> None:
    assert clock(left) == shown
