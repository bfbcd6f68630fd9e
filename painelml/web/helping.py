"""What the panel's own and Mercado Livre's words mean, for whoever meets one for the first time.

The words themselves are chosen in docs/glossary.md.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Term(NamedTuple):
    """A word and its meaning in a sentence or two."""

    name: Any
    meaning: Any


TERMS = {
    "net": Term(
        _("Net"),
        _(
            "What Mercado Livre leaves you of a sale: the gross amount without its sale fee, your part of"
            " the shipping and the discounts you pay for. Your own costs are not taken off yet. While one"
            " of these parts is not known, the net is not known either."
        ),
    ),
    "profit": Term(
        _("Profit"),
        _(
            "The net without what the product cost you, your taxes and your cost per order. It is told "
            "only for sales whose costs you entered under Accounts, Costs."
        ),
    ),
    "margin": Term(_("Margin"), _("The profit as a share of the gross amount.")),
    "gross": Term(_("Gross"), _("What buyers paid for the products, before anything is taken off.")),
    "sale_fee": Term(
        _("Sale fee"),
        _("What Mercado Livre keeps of every sale, by category and kind of listing."),
    ),
    "shipping_cost": Term(
        _("Shipping cost"),
        _(
            "Your part of the shipping, as Mercado Livre charges it to you. Of one parcel with several "
            "orders each order bears its share. What the buyer pays is not in it."
        ),
    ),
    "pack": Term(
        _("Pack"),
        _(
            "One purchase of one buyer with several products. Mercado Livre keeps an order for each "
            "product; the panel shows them as one sale, as the buyer made it."
        ),
    ),
    "breached": Term(
        _("Past its time"),
        _(
            "The time you set for answers is over and the question still waits. Only your opening hours "
            "count; time and hours are set per account under Accounts, Service level."
        ),
    ),
    "at_risk": Term(_("At risk"), _("The question still has time, but less than 15 minutes of it.")),
    "service_level": Term(
        _("Service level"),
        _(
            "Within how much open time you want every question answered. Nights, days off and holidays of"
            " your calendar do not count. Mercado Livre rates you by clock time and knows nothing of this"
            " target."
        ),
    ),
    "dispatch_by": Term(
        _("Dispatch by"),
        _(
            "Until when Mercado Livre wants the parcel in its hands. Handing over later counts against "
            "your reputation. Full parcels have no such date: Mercado Livre sends them."
        ),
    ),
    "logistics": Term(
        _("Logistics"),
        _(
            "How the parcel travels. Full: Mercado Livre stores, packs and sends. Flex: you deliver on "
            "the same day. Pick-up: Mercado Livre fetches it at your place. Places: you take it to a "
            "drop-off point."
        ),
    ),
    "cover": Term(
        _("Days of cover"),
        _(
            "How many days the stock lasts if it keeps selling as in the last 30 days. Days without stock"
            " are left out of the count, so a past stock-out does not make it look slow."
        ),
    ),
    "lost_per_day": Term(
        _("Lost per day"),
        _(
            "Units sold per day while there was stock, at today's price: what a day without stock costs "
            "in sales."
        ),
    ),
    "ledger": Term(
        _("What we hold"),
        _(
            "The ledger: how many are stored here, and how many Mercado Livre listed when it was read. "
            "Both numbers equal means nothing is missing. More are held when something is sold or asked "
            "during the reading, or when Mercado Livre no longer lists what it listed once."
        ),
    ),
    "notifications": Term(
        _("Notifications"),
        _(
            "Mercado Livre rings for every change. The panel keeps the call, reads what changed and "
            "writes it down; a failed one can be tried again here."
        ),
    ),
    "missed": Term(
        _("Missed notifications"),
        _(
            "Calls Mercado Livre could not deliver. It keeps them for two days; the panel fetches them, "
            "and reads recent changes again by itself, so that none is lost."
        ),
    ),
    "reputation": Term(
        _("Reputation"),
        _(
            "Mercado Livre's colour for a seller, from red to green, by claims, cancellations and late "
            "dispatches of the last 60 days (365 with few sales). The worst of the three decides."
        ),
    ),
    "leader": Term(
        "MercadoLíder",
        _("A medal for sellers with green reputation, enough sales and stricter limits than those of green."),
    ),
    "access": Term(
        _("Access"),
        _(
            "Mercado Livre's permission to read and write for this account. The panel renews it by "
            "itself; connecting again is needed only when you or Mercado Livre withdrew it."
        ),
    ),
}
