"""What the audit log can be narrowed by, on the page and in the API."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from painelml.web.filters import ChoiceFilter, DayField, FilterForm

from .words import ACTIONS, Outcome


class EntryFilterForm(FilterForm):
    q = None  # type: ignore[assignment]
    person = forms.CharField(
        label=_("Who"),
        required=False,
        max_length=120,
        help_text=_("Part of an e-mail address or of the name of an API key."),
    )
    action = ChoiceFilter(list(ACTIONS.items()), label=_("Action"))
    object = forms.CharField(label=_("Object"), required=False, max_length=120)
    outcome = ChoiceFilter(Outcome.choices, label=_("Outcome"))
    date_from = DayField(label=_("From"), required=False)
    date_to = DayField(label=_("To"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["action"]
        choices.choices = [("", _("All")), *sorted(ACTIONS.items(), key=lambda pair: str(pair[1]))]
