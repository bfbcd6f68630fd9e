"""What the page about privacy says of each kind of record: what is kept, what for, how long, who reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .classes import Data, kinds_of

WITH_ACCOUNT = gettext_lazy("Until the account is disconnected or the organization is deleted.")
WITH_ORGANIZATION = gettext_lazy("Until somebody deletes it, or the organization is deleted.")
EVERY_MEMBER = gettext_lazy("Every member.")
MEMBERS_BUT_MASKED = gettext_lazy("Every member; for viewers buyers are masked.")


def days(number: int) -> str:
    return ngettext("%(days)s day", "%(days)s days", number) % {"days": number}


def as_long_as_buyers() -> str:
    """Say how long buyers stay in what is mirrored."""
    if not settings.BUYER_DATA_DAYS:
        return str(WITH_ACCOUNT)
    return _("Buyers are forgotten after %(days)s; the figures stay until the account is disconnected.") % {
        "days": days(settings.BUYER_DATA_DAYS)
    }


Words = str | Promise | Callable[[], str]


@dataclass(frozen=True)
class Record:
    """One kind of record in words, and the models it is kept in."""

    title: Words
    models: tuple[str, ...]
    what: Words
    why: Words
    kept: Words
    seen_by: Words

    @property
    def kinds(self) -> list[Data]:
        """The kinds of data it holds, as the columns are classed."""
        return kinds_of(*self.models)

    @property
    def rows(self) -> list[tuple[str, Any]]:
        """What the page says of it, by question."""
        answers = {
            _("What"): self.what,
            _("What for"): self.why,
            _("How long"): self.kept,
            _("Who reads it"): self.seen_by,
        }
        return [(question, words() if callable(words) else words) for question, words in answers.items()]


RECORDS = (
    Record(
        gettext_lazy("Sales"),
        ("orders.Order", "orders.OrderItem", "orders.Payment", "orders.Refund"),
        gettext_lazy(
            "Orders, payments and refunds as Mercado Livre tells them: what was sold, when and for how much. "
            "Of the buyer: number, nickname and whatever else comes with an order."
        ),
        gettext_lazy("To list sales, to reckon what they leave, and to tell which parcel is whose."),
        as_long_as_buyers,
        MEMBERS_BUT_MASKED,
    ),
    Record(
        gettext_lazy("Shipments"),
        ("shipments.Shipment",),
        gettext_lazy(
            "Parcels with their deadlines, their way and their cost. Of the receiver: name, address, and a "
            "telephone where Mercado Livre tells one. Labels are fetched when they are printed and kept for "
            "minutes only."
        ),
        gettext_lazy("To dispatch in time, to the right person."),
        as_long_as_buyers,
        MEMBERS_BUT_MASKED,
    ),
    Record(
        gettext_lazy("Questions"),
        ("questions.Question", "questions.PanelAnswer"),
        gettext_lazy(
            "Questions and answers, which are public on the listing, the number of who asked, and which "
            "member answered."
        ),
        gettext_lazy("To answer in time, and to find what was answered before."),
        as_long_as_buyers,
        gettext_lazy("Every member; viewers without telephones, documents and e-mail addresses in the text."),
    ),
    Record(
        gettext_lazy("Listings"),
        (
            "catalog.Item",
            "catalog.Variation",
            "catalog.StockPart",
            "catalog.StockOut",
            "catalog.BulkChange",
            "catalog.BulkLine",
        ),
        gettext_lazy("Listings with prices and stock, when they had none, and who changed many at once."),
        gettext_lazy("To see and change what is on sale."),
        WITH_ACCOUNT,
        EVERY_MEMBER,
    ),
    Record(
        gettext_lazy("Costs, hours and quick replies"),
        (
            "catalog.ProductCost",
            "catalog.SaleCost",
            "questions.QuickReply",
            "questions.BusinessCalendar",
            "questions.OpenHours",
            "questions.Holiday",
        ),
        gettext_lazy("What the organization says of itself: costs, taxes, opening hours, texts for answers."),
        gettext_lazy("To reckon profit and deadlines."),
        WITH_ORGANIZATION,
        EVERY_MEMBER,
    ),
    Record(
        gettext_lazy("Accounts at Mercado Livre"),
        ("accounts.Account", "accounts.ReputationDay", "accounts.ApiUsage", "accounts.OAuthState"),
        gettext_lazy(
            "The seller's number, nickname, e-mail address and reputation, how often Mercado Livre was "
            "called, and the tokens, encrypted with a key that is not in the database."
        ),
        gettext_lazy("To read and write at Mercado Livre in the seller's name."),
        WITH_ACCOUNT,
        gettext_lazy("Every member; nobody ever sees a token."),
    ),
    Record(
        gettext_lazy("Members and their logins"),
        (
            "accounts.User",
            "accounts.Membership",
            "accounts.Invitation",
            "accounts.Alerts",
            "accounts.AlertCause",
            "account.EmailAddress",
            "account.EmailConfirmation",
            "mfa.Authenticator",
            "usersessions.UserSession",
            "sessions.Session",
            "painelml.SavedFilter",
        ),
        gettext_lazy(
            "Name, e-mail address, language, role, alerts and kept filters; where and with what browser "
            "somebody is logged in. Passwords only as a digest, two-factor secrets encrypted or guarded."
        ),
        gettext_lazy("To let the right people in, and to write to them."),
        gettext_lazy("Until the last organization they are in is deleted; sessions until they end."),
        gettext_lazy("Members see names, addresses and roles of each other; sessions only their own."),
    ),
    Record(
        gettext_lazy("The organization and its API keys"),
        ("accounts.Organization", "accounts.ApiKey"),
        gettext_lazy("The organization's name; keys for programs, of which only a digest is kept."),
        gettext_lazy("To keep apart what belongs to whom."),
        WITH_ORGANIZATION,
        gettext_lazy("Every member sees the name, owners the list of keys."),
    ),
    Record(
        gettext_lazy("Audit log"),
        ("audit.Entry", "admin.LogEntry"),
        gettext_lazy(
            "Who did what and when, from which network address, to what, and what it was before and after. "
            "An answer to a buyer is in it as it was sent."
        ),
        gettext_lazy("To know later who changed something, and to notice who should not have."),
        lambda: (
            _("%(days)s, and nobody can change it meanwhile; deleting the organization removes it.")
            % {"days": days(settings.AUDIT_DAYS)}
        ),
        gettext_lazy("Owners, and whoever administers the panel."),
    ),
    Record(
        gettext_lazy("Exported files and kept answers"),
        ("exports.ExportFile", "exports.FilePiece", "painelml.KeptAnswer"),
        gettext_lazy(
            "Long lists as files, with what the person who asked may see; answers to programs that may ask "
            "twice."
        ),
        gettext_lazy("To hand out long lists, and to do nothing twice."),
        gettext_lazy(
            "Files 7 days, answers one day; erasing a buyer or disconnecting an account deletes the files."
        ),
        gettext_lazy("Every member; viewers take no file of others that tells about buyers."),
    ),
    Record(
        gettext_lazy("The work of the panel"),
        (
            "sync.SyncRun",
            "sync.SyncStep",
            "sync.PendingRead",
            "webhooks.Notification",
        ),
        gettext_lazy(
            "What was read when, what has still to be read, and the calls by which Mercado Livre says that "
            "something changed: numbers, no content."
        ),
        gettext_lazy("To lose nothing, and to see what went wrong."),
        lambda: _("Up to %(days)s.") % {"days": days(settings.HISTORY_DAYS)},
        EVERY_MEMBER,
    ),
    Record(
        gettext_lazy("Forgotten buyers"),
        ("sync.BuyerKey", "sync.ErasedBuyer"),
        gettext_lazy(
            "A pseudonym for each buyer whose data was erased, made with an encrypted key. Nothing leads "
            "back from it to the person."
        ),
        gettext_lazy("So that reading again from Mercado Livre brings nothing back."),
        WITH_ACCOUNT,
        gettext_lazy("Nobody."),
    ),
)
