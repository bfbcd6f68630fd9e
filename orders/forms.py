"""What a list of orders can be narrowed by, on the page and in the API."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from painelml.web.filters import DayField, FilterForm, WordFilter
from painelml.web.statuses import choices

STATUSES = choices("order")


class OrderFilterForm(FilterForm):
    RARE = ("item_id", "tag")

    status = WordFilter(STATUSES, label=_("Status"))
    date_from = DayField(label=_("From"), required=False)
    date_to = DayField(label=_("To"), required=False)
    item_id = WordFilter(label=_("Item"))
    tag = WordFilter(label=_("Tag"))
