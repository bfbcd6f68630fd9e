"""Every action the audit log knows, by the word that is stored, and what people read."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Outcome(models.TextChoices):
    DONE = "done", pgettext_lazy("outcome", "Done")
    FAILED = "failed", pgettext_lazy("outcome", "Failed")
    REFUSED = "refused", pgettext_lazy("outcome", "Refused")


class ActorKind(models.TextChoices):
    PERSON = "person", _("Person")
    KEY = "key", _("API key")
    NOBODY = "nobody", _("Not logged in")
    SYSTEM = "system", _("The panel itself")


ACTIONS = {
    "person.logged_in": _("Logged in"),
    "person.login_failed": _("Failed to log in"),
    "person.second_factor_failed": _("Gave a wrong second factor"),
    "person.logged_out": _("Logged out"),
    "person.signed_up": _("Signed up"),
    "person.password_changed": _("Changed the password"),
    "person.password_reset": _("Set a new password by mail"),
    "person.email_changed": _("Changed e-mail addresses"),
    "person.two_factor_added": _("Turned two-factor login on"),
    "person.two_factor_removed": _("Turned two-factor login off"),
    "person.recovery_codes_made": _("Made new recovery codes"),
    "person.session_ended": _("Ended a session"),
    "person.logged_out_everywhere": _("Logged out everywhere"),
    "person.token_given": _("Got an API token"),
    "person.profile_changed": _("Changed their profile"),
    "person.alerts_changed": _("Changed their alerts by mail"),
    "organization.renamed": _("Renamed the organization"),
    "organization.deleted": _("Deleted an organization"),
    "organization.two_factor_changed": _("Changed whether two-factor login is required"),
    "member.invited": _("Invited somebody"),
    "member.invitation_withdrawn": _("Withdrew an invitation"),
    "member.joined": _("Joined the organization"),
    "member.role_changed": _("Changed a role"),
    "member.removed": _("Removed a member"),
    "key.created": _("Made an API key"),
    "key.revoked": _("Revoked an API key"),
    "account.connected": _("Connected an account"),
    "account.reconnected": _("Connected an account again"),
    "account.connection_failed": _("Failed to connect an account"),
    "account.tokens_added": _("Connected an account with tokens"),
    "account.token_renewed": _("Renewed an account's token"),
    "account.disconnected": _("Disconnected an account"),
    "account.paused": _("Paused an account"),
    "account.resumed": _("Resumed an account"),
    "account.changed": _("Changed an account"),
    "account.made_primary": _("Made an account primary"),
    "sync.started": _("Started a sync"),
    "sync.cancelled": _("Cancelled a sync"),
    "resource.read_again": _("Read something again"),
    "event.tried_again": _("Tried events again"),
    "item.changed": _("Changed an item"),
    "bulk.prepared": _("Prepared a bulk change"),
    "bulk.started": _("Started a bulk change"),
    "bulk.cancelled": _("Stopped a bulk change"),
    "bulk.discarded": _("Discarded a bulk change"),
    "question.answered": _("Answered a question"),
    "question.reply_kept": _("Changed a quick reply"),
    "question.reply_deleted": _("Deleted a quick reply"),
    "question.target_changed": _("Changed the answer target"),
    "question.calendar_changed": _("Changed the opening hours"),
    "shipment.labels_printed": _("Printed labels"),
    "cost.product_changed": _("Changed product costs"),
    "cost.sale_changed": _("Changed taxes and costs of sales"),
    "buyer.erased": _("Erased a buyer's personal data"),
    "list.exported": _("Exported a list"),
    "export.cancelled": _("Stopped an export"),
    "export.deleted": _("Deleted an exported file"),
    "filter.kept": _("Saved a filter"),
    "filter.renamed": _("Renamed a saved filter"),
    "filter.removed": _("Deleted a saved filter"),
    "admin.changed": _("Changed something in the administration"),
    "other": _("Another action"),
}
"""What is not here cannot be recorded. `other` is what the middleware records of a request whose view said
nothing: nothing a person does goes missing because somebody forgot a line. None is forgotten now
(tests/sweep/test_roles.py)."""


def label_of(action: str) -> str:
    """Return an action as people read it; one of an older version as it is stored."""
    return str(ACTIONS.get(action, action))
