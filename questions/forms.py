"""What a list of questions can be narrowed by, on the page and in the API."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from painelml.web.filters import ChoiceFilter, DayField, FilterForm, WordFilter
from painelml.web.statuses import choices

STATUSES = choices("question")
SLA = choices("sla")


class QuestionFilterForm(FilterForm):
    RARE = ("item_id",)

    status = WordFilter(STATUSES, label=_("Status"))
    sla = ChoiceFilter(SLA, label=_("Service level"))
    date_from = DayField(label=_("From"), required=False)
    date_to = DayField(label=_("To"), required=False)
    item_id = WordFilter(label=_("Item"))
