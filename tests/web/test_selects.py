"""The selects of filters, drawn at once, say what Django's templates would."""

import re

import pytest
from django import forms

from painelml.web.filters import ChoiceFilter, WordFilter

CHOICES = [("paid", "Paid"), ("a&b", 'A "b" <c>')]


def squeezed(html: str) -> str:
    return re.sub(r">\s+<", "><", html)


@pytest.mark.parametrize("chosen", ["", "paid", "a&b", "something else"])
def test_a_select_reads_as_djangos(chosen: str) -> None:
    class Filters(forms.Form):
        status = WordFilter(CHOICES)
        stock = ChoiceFilter(CHOICES)

    ours = Filters({"status": chosen, "stock": chosen})
    theirs = Filters({"status": chosen, "stock": chosen})
    for field in theirs.fields.values():
        field.widget = forms.Select(field.widget.attrs, field.widget.choices)

    assert ours.is_valid() == theirs.is_valid()
    for name in ours.fields:
        assert squeezed(str(ours[name])) == squeezed(str(theirs[name]))
