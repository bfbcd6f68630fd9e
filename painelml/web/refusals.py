"""Mercado Livre's refusals in words a seller can act on (API facts, part A 5.5; part B 3.7 and 4.4)."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from painelml.meli import MeliError, Reconnect, Throttled, TryLater

WORDS = {
    "item.price.not_modifiable": gettext_lazy(
        "This item's price is set by Mercado Livre's price automation. Turn the automation off there first."
    ),
    "item.available_quantity.not_modifiable": gettext_lazy(
        "This stock lies at Full, so only Mercado Livre changes it."
    ),
    "variations.available_quantity.not_modifiable": gettext_lazy(
        "This stock lies at Full, so only Mercado Livre changes it."
    ),
    "not_active_item": gettext_lazy("The item is not active, so its questions cannot be answered."),
    "invalid_shipment_ff_public": gettext_lazy("Full sends this parcel; there is no label to print."),
    "buyers_return": gettext_lazy("This is a return: its label is the buyer's to print."),
    "not_printable_status": gettext_lazy("Its label cannot be printed in this state."),
    "invalid_shipment_mode": gettext_lazy("Only Mercado Envios has labels to print."),
    "invalid_shipment_caller": gettext_lazy("Another seller sends this parcel."),
}


def words_for_codes(codes: Iterable[str]) -> str:
    """Return our sentence for the first code that has one, else nothing."""
    known = sorted({code.lower() for code in codes} & WORDS.keys())
    return str(WORDS[known[0]]) if known else ""


def words_for(error: MeliError) -> str:
    """Return why something was not done, for a page."""
    if known := words_for_codes(error.codes):
        return known
    if isinstance(error, Throttled):
        return _("Mercado Livre is busy. Try again in a moment.")
    if isinstance(error, TryLater):
        return _("Mercado Livre cannot be reached. Try again in a moment.")
    if isinstance(error, Reconnect):
        return _("Mercado Livre no longer accepts this account's login. Connect it again first.")
    causes = [cause["message"] for cause in error.causes if cause["message"]]
    return _("Mercado Livre refused: %(reason)s") % {"reason": causes[0] if causes else error.message}
