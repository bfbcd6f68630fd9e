"""What a list of shipments can be narrowed by, on the page and in the API."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from painelml.web.filters import ChoiceFilter, FilterForm, WordFilter
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
