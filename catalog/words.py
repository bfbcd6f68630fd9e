"""What Mercado Livre did not accept of a change, in words for a page."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from painelml.meli import MeliError
from painelml.web.refusals import words_for, words_for_codes

from . import actions

FIELDS = {
    "price": gettext_lazy("Price"),
    "available_quantity": gettext_lazy("Available"),
    "variations": gettext_lazy("Available"),
    "status": gettext_lazy("Status"),
}


def problem_of(error: Exception) -> str:
    """Return what was not accepted and why, and what was."""
    match error:
        case actions.PartlyChanged():
            names = ", ".join(str(FIELDS[name]) for name in error.fields)
            done = _("Accepted: %(fields)s. The rest was not.") % {"fields": names}
            return f"{done} {problem_of(error.error)}"
        case actions.Ignored():
            names = ", ".join(str(FIELDS[name]) for name in error.fields)
            left = _("Mercado Livre left this as it was: %(fields)s.") % {"fields": names}
            return f"{left} {words_for_codes(error.codes)}".strip()
        case MeliError():
            return words_for(error)
        case _:
            return str(error)
