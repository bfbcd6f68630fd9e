"""What the list of events can be narrowed by, on the page and in the API."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from painelml.web.filters import ChoiceFilter, FilterForm, WordFilter

from .models import NotificationState, Source


class InboxFilterForm(FilterForm):
    state = ChoiceFilter(NotificationState.choices, label=_("State"))
    topic = WordFilter(label=_("Topic"))
    source = ChoiceFilter(Source.choices, label=_("Source"))
