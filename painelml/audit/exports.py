"""The columns of the exported audit log."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext_lazy as _

from painelml.web.exports import Column, Listing

from .forms import EntryFilterForm
from .queries import entries_for_listing, summarize_entries


def as_text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


COLUMNS = [
    Column("at", _("When"), kind="instant"),
    Column("actor_kind", _("Kind of actor")),
    Column("actor", _("Who")),
    Column("action", _("Action")),
    Column("action_label", _("In words")),
    Column("outcome", _("Outcome")),
    Column("reason", _("Reason")),
    Column("account", _("Account"), "account_name"),
    Column("object_kind", _("Kind of object")),
    Column("object_id", _("Object")),
    Column("object_name", _("Name of the object")),
    Column("before", _("Before"), lambda entry: as_text(entry.before)),
    Column("after", _("After"), lambda entry: as_text(entry.after)),
    Column("way", _("Way")),
    Column("address", _("Address")),
    Column("client", _("Client")),
    Column("request_id", _("Request")),
]

LISTING: Listing = Listing(
    name="audit",
    route="audit-export",
    title=_("Audit log"),
    form=EntryFilterForm,
    columns=COLUMNS,
    read=entries_for_listing,
    summarize=summarize_entries,
    order="-at",
)
