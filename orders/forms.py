"""What a list of orders can be narrowed by, on the page and in the API."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from painelml.web.filters import DayField, FilterForm, WordFilter

STATUSES = [
    ("paid", _("Paid")),
    ("confirmed", _("Confirmed")),
    ("payment_required", _("Awaiting payment")),
    ("payment_in_process", _("Payment in process")),
    ("partially_paid", _("Partially paid")),
    ("partially_refunded", _("Partially refunded")),
    ("pending_cancel", _("Being cancelled")),
    ("cancelled", _("Cancelled")),
    ("invalid", _("Invalid")),
]


class OrderFilterForm(FilterForm):
    status = WordFilter(STATUSES, label=_("Status"))
    date_from = DayField(label=_("From"), required=False)
    date_to = DayField(label=_("To"), required=False)
    item_id = WordFilter(label=_("Item"))
    tag = WordFilter(label=_("Tag"))
