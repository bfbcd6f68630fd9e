"""Erasing a buyer, and an organization with everything it had."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Account
from painelml import live
from painelml.audit import trail
from painelml.exports.actions import delete_files
from painelml.exports.models import ExportFile
from painelml.sync import erasure
from painelml.sync.resource import RESOURCES


def erase_buyer(account: Account, buyer_id: str) -> dict[str, int]:
    """Take a buyer's personal data out of an account: rows, payloads, and the organization's exported files.
    Return how many rows of each resource knew of them. Figures stay, and reading again brings nothing back.
    """
    done = erasure.forget(account, buyer_id)
    delete_files(ExportFile.objects.filter(organization=account.organization_id))
    trail.record("buyer.erased", account, after=done)
    live.publish(account.organization_id, "orders", "shipments", "questions", "exports")
    return done


def rows_about(account: Account, buyer_id: str) -> list[tuple[str, int]]:
    """Return what would be erased of a buyer: the name of each resource and how many of its rows."""
    labels: dict[str, Any] = {
        "orders": _("Orders"),
        "shipments": _("Shipments"),
        "questions": _("Questions"),
    }
    return [
        (
            labels.get(name, name),
            resource(account).rows().filter(erasure.is_about(resource, buyer_id)).count(),
        )
        for name, resource in RESOURCES.items()
        if resource.buyer_at
    ]
