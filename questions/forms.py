"""What a list of questions can be narrowed by, on the page and in the API; and what an answer may be."""

from __future__ import annotations

import re

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from painelml.web.filters import ChoiceFilter, DayField, FilterForm, WordFilter
from painelml.web.statuses import choices

ANSWER_MAX = 2000
CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
CONTACT = re.compile(
    r"""
      \b[\w.+-]+@[\w-]+\.\w+                     # an address
    | https?://|\bwww\.|\b[\w-]+\.(?:com|net|br|ly|me|ar|mx)\b   # a page
    | (?<!\w)(?:\+|\()?(?:\d[\s().-]*){8,}       # a phone number
    | \b(?:whats?\s?app|wpp|zap|telegram|instagram|insta|facebook|tiktok|pix)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""What looks like contact data or payment elsewhere: a guess, there are no published rules (part B, 4.7)."""
STATUSES = choices("question")
SLA = choices("sla")


class QuestionFilterForm(FilterForm):
    RARE = ("item_id",)

    status = WordFilter(STATUSES, label=_("Status"))
    sla = ChoiceFilter(SLA, label=_("Service level"))
    date_from = DayField(label=_("From"), required=False)
    date_to = DayField(label=_("To"), required=False)
    item_id = WordFilter(label=_("Item"))


class Paragraphs(forms.CharField):
    """Text whose line ends are one character, as it was counted while it was typed."""

    def to_python(self, value: str | None) -> str:
        return super().to_python((value or "").replace("\r\n", "\n"))


class AnswerForm(forms.Form):
    """An answer; `sure` sends one that looks as if moderation would remove it."""

    text = Paragraphs(
        label=_("Answer"),
        max_length=ANSWER_MAX,
        validators=[RegexValidator(CONTROL, _("Leave control characters out."), inverse_match=True)],
    )
    sure = forms.BooleanField(required=False)

    @property
    def looks_forbidden(self) -> bool:
        return bool(CONTACT.search(self.cleaned_data["text"]))
