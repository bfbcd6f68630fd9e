"""Why connecting an account can fail: what happened and what to do, in words (API facts, part A 1.3 and
1.6)."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from painelml.meli import AppRefused, MeliError, TryLater
from painelml.meli.oauth import CodeRefused, PendingData, RedirectMismatch


class Failure(NamedTuple):
    """`status` is the page's HTTP status; with `retry` the page offers to start again."""

    title: Any
    happened: Any
    to_do: Any
    status: int = 400
    retry: bool = True


FAILURES = {
    "refused": Failure(
        _("The connection was not authorized"),
        _("Mercado Livre sent you back without an authorization: it was cancelled or refused there."),
        _("Start again and accept on Mercado Livre's page, logged in with the seller's main account."),
        status=200,
    ),
    "logged_out": Failure(
        _("You are no longer logged in"),
        _("Your session here ended while you were at Mercado Livre, so nothing was connected."),
        _("Log in and start again."),
        status=401,
    ),
    "state_unknown": Failure(
        _("This attempt is not known here"),
        _("The address you came back with does not belong to an attempt that was started in this panel."),
        _("Start again from the accounts page, and do not follow links others send you."),
    ),
    "state_used": Failure(
        _("This attempt was used already"),
        _("Each attempt to connect works once; the page was probably loaded a second time."),
        _("Look at the accounts page: the account may be connected already. If it is not, start again."),
    ),
    "state_expired": Failure(
        _("This attempt took too long"),
        _("More than ten minutes passed between starting and coming back from Mercado Livre."),
        _("Start again."),
    ),
    "state_foreign": Failure(
        _("This attempt belongs to somebody else"),
        _("It was started by another person of this panel."),
        _("Start your own from the accounts page."),
    ),
    "not_manager": Failure(
        _("Your role does not allow that"),
        _("Connecting accounts needs the role of a manager or owner in the organization."),
        _("Ask an owner of the organization."),
        status=403,
        retry=False,
    ),
    "code_refused": Failure(
        _("Mercado Livre did not accept the authorization"),
        _("The authorization was used already or has expired. Mercado Livre answers the same when the seller "
          "still has data or documents to complete, or when the redirect address is not exactly the "
          "registered one."),
        _("Start again. If it fails again: look for pending data in the seller's account at Mercado "
          "Livre, and "
          "let the operator compare MELI_REDIRECT_URI with the address registered for the application."),
    ),
    "pending_data": Failure(
        _("The seller has pending data at Mercado Livre"),
        _("Mercado Livre does not authorize applications for sellers who still have data or documents to "
          "complete."),
        _("Complete them at Mercado Livre, logged in as the seller, and start again."),
    ),
    "redirect_mismatch": Failure(
        _("The redirect address does not match"),
        _("The address this panel gave to Mercado Livre is not the one registered for the application."),
        _("The operator has to make MELI_REDIRECT_URI equal to the registered address, character for "
          "character."),
    ),
    "app_refused": Failure(
        _("Mercado Livre does not accept this panel's application"),
        _("The application's id or secret is wrong, or the application is blocked."),
        _("The operator has to check MELI_CLIENT_ID and MELI_CLIENT_SECRET, and the application's state at "
          "Mercado Livre's developer page."),
        status=502,
    ),
    "collaborator": Failure(
        _("That was a collaborator's login"),
        _("Only the main account of a seller can authorize an application; a collaborator or operator "
          "cannot."),
        _("Log out at Mercado Livre, start again and log in with the main account."),
    ),
    "not_allowed": Failure(
        _("Mercado Livre refuses access to this seller"),
        _("The seller's account may be inactive, suspended or under validation, or the application lacks "
          "a permission."),
        _("Look for notices in the seller's account at Mercado Livre; then start again."),
    ),
    "unreachable": Failure(
        _("Mercado Livre did not answer"),
        _("It could not be reached, or is too busy just now. Nothing was connected."),
        _("Wait a few minutes and start again."),
        status=503,
    ),
    "other_organization": Failure(
        _("This seller is connected elsewhere"),
        _("The account belongs to another organization of this panel, and a seller can belong to one only."),
        _("Let the other organization disconnect it first, or ask its owner to invite you."),
        status=409,
        retry=False,
    ),
    "other_host": Failure(
        _("This seller was connected at another address of Mercado Livre"),
        _("The panel now talks to another host (MELI_API_URL) than when this account was connected; their "
          "data "
          "must not mix."),
        _("Disconnect the account first, or let the operator restore the address."),
        status=409,
        retry=False,
    ),
    "unknown_site": Failure(
        _("There is no such site of Mercado Livre"),
        _("The country asked for is not one this panel knows."),
        _("Choose the country on the accounts page."),
    ),
    "not_configured": Failure(
        _("This panel has no application at Mercado Livre yet"),
        _("MELI_CLIENT_ID and MELI_CLIENT_SECRET are not set."),
        _("The operator has to create an application at Mercado Livre and set them; the README tells how."),
        status=503,
        retry=False,
    ),
    "unexpected": Failure(
        _("Mercado Livre answered something unexpected"),
        _("The connection was not made."),
        _("Start again. If it fails again, the operator finds the details in the log."),
        status=502,
    ),
}  # fmt: skip


class ConnectingFailed(Exception):
    """Connecting ended; `reason` is a key of `FAILURES`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def reason_of_redirect(error: str) -> str:
    """Return the reason for what Mercado Livre put in the address instead of a code; it documents none of
    them."""
    if "operator" in error:
        return "collaborator"
    if error == "redirect_uri_mismatch":
        return "redirect_mismatch"
    return "refused"


def reason_of_error(error: MeliError) -> str:
    """Return the reason for what a call answered."""
    words = f"{error.code} {error.message} {error.body}".lower()
    if "operator" in words:
        return "collaborator"
    match error:
        case PendingData():
            return "pending_data"
        case RedirectMismatch():
            return "redirect_mismatch"
        case CodeRefused():
            return "code_refused"
        case AppRefused():
            return "app_refused"
        case TryLater():
            return "unreachable"
    return "not_allowed" if error.status in (401, 403) else "unexpected"
