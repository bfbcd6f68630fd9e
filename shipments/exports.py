"""The columns and the summary of exported shipments."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.sites import SITES
from painelml.web import show
from painelml.web.exports import Column, Listing, Summary
from painelml.web.statuses import word_for

from .forms import ShipmentFilterForm
from .models import ShipmentQuerySet
from .queries import late, shipments_for_listing

COLUMNS = [
    Column("id", gettext_lazy("Shipment"), "meli_id"),
    Column("account", gettext_lazy("Account")),
    Column("status", gettext_lazy("Status"), words="shipment"),
    Column("substatus", gettext_lazy("Detail"), words="substatus"),
    Column("logistic_type", gettext_lazy("Logistics"), words="logistics"),
    Column("tracking_number", gettext_lazy("Tracking number")),
    Column("dispatch_by", gettext_lazy("Dispatch by"), kind="instant"),
    Column("receiver_city", gettext_lazy("City")),
    Column("receiver_state", gettext_lazy("State")),
    Column("cost", gettext_lazy("Your cost"), kind="money"),
    Column("currency_id", gettext_lazy("Currency"), "account.currency_id"),
    Column("date_created", gettext_lazy("Created"), kind="instant"),
    Column("date_shipped", gettext_lazy("Shipped"), kind="instant"),
    Column("date_delivered", gettext_lazy("Delivered"), kind="instant"),
]


def summarize_shipments(shipments: ShipmentQuerySet) -> Summary:
    """Return how many shipments there are, how many wait, what they cost, and the shipments of each
    status."""
    shipments = shipments.order_by()
    by_status = list(shipments.values_list("status").annotate(count=Count("pk")).order_by("-count", "status"))
    totals = [
        (_("Shipments"), show.count(sum(count for _status, count in by_status))),
        (_("To dispatch"), show.count(shipments.to_dispatch().count())),
        (_("Late"), show.count(shipments.filter(late(timezone.now())).count())),
    ]
    costs: dict[str, Decimal] = {}
    unknown = 0
    sums = shipments.values_list("account__site_id").annotate(Sum("cost"), Count("cost"), Count("pk"))
    for site_id, cost, known, count in sums:
        currency = SITES[site_id].currency_id if site_id in SITES else ""
        costs[currency] = costs.get(currency, Decimal(0)) + (cost or Decimal(0))
        unknown += count - known
    totals += [(_("Your cost"), show.money(cost, currency)) for currency, cost in sorted(costs.items())]
    if unknown:
        totals.append((_("Shipments whose cost is not known yet"), show.count(unknown)))
    chart = [(str(word_for("shipment", status).label), count) for status, count in by_status]
    return Summary(totals, _("Shipments by status"), chart)


LISTING = Listing(
    name="shipments",
    route="shipment-export",
    title=gettext_lazy("Shipments"),
    form=ShipmentFilterForm,
    columns=COLUMNS,
    read=shipments_for_listing,
    summarize=summarize_shipments,
)
