"""What a list of shipments can be narrowed by, on the page and in the API."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from painelml.meli.client import LABELS_MAX
from painelml.web.api import AccountForm
from painelml.web.filters import ChoiceFilter, FilterForm, WordFilter
from painelml.web.period import RecentPeriodForm
from painelml.web.statuses import choices

STATUSES = choices("shipment")
LOGISTICS = choices("logistics")
DISPATCH = [("late", _("Late")), ("today", _("Today")), ("upcoming", _("Upcoming"))]


class ShipmentFilterForm(FilterForm):
    RARE = ("substatus", "late")

    status = WordFilter(STATUSES, label=_("Status"))
    substatus = WordFilter(label=_("Detail"))
    logistic_type = WordFilter(LOGISTICS, label=_("Logistics"))
    dispatch = ChoiceFilter(DISPATCH, label=_("To dispatch"))
    late = ChoiceFilter([("true", _("Late"))], label=_("Late"))


class BoardForm(FilterForm):
    """What the board of parcels to dispatch can be narrowed by."""

    q = None  # type: ignore[assignment]
    logistic_type = WordFilter(LOGISTICS, label=_("Logistics"))


class PerformanceForm(RecentPeriodForm):
    """The period in which the parcels were created whose dispatch is judged."""


class LabelsForm(AccountForm):
    """Whose labels to print: `ids` as a list, each once."""

    ids = forms.RegexField(r"^\d{1,20}(,\d{1,20})*$", label=_("Ids of shipments, separated by commas"))
    format = ChoiceFilter([("pdf", "PDF"), ("zpl", "ZPL")], label=_("Format"))

    def clean_ids(self) -> list[str]:
        ids = list(dict.fromkeys(self.cleaned_data["ids"].split(",")))
        if len(ids) > LABELS_MAX:
            raise ValidationError(_("Print at most %(most)s labels at a time."), params={"most": LABELS_MAX})
        return ids

    @property
    def first_problem(self) -> str:
        """Return what is wrong, for a page."""
        return next((str(message) for messages in self.errors.values() for message in messages), "")
