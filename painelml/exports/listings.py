"""Every list that can be a file."""

from __future__ import annotations

from catalog.exports import LISTING as ITEMS
from orders.exports import LISTING as ORDERS
from orders.report_exports import BREAKDOWN
from orders.report_exports import LISTING as REPORT
from painelml.web.exports import Listing
from questions.exports import LISTING as QUESTIONS
from questions.report_exports import LISTING as SERVICE_LEVEL
from shipments.exports import LISTING as SHIPMENTS
from shipments.report_exports import LISTING as DISPATCH

LISTINGS: dict[str, Listing] = {
    one.name: one for one in (ITEMS, ORDERS, SHIPMENTS, QUESTIONS, REPORT, BREAKDOWN, DISPATCH, SERVICE_LEVEL)
}


def listing_of_route(route: str) -> Listing | None:
    """Return the list whose export has this address."""
    return next((one for one in LISTINGS.values() if one.route == route), None)
