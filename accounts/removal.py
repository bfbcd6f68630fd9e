"""Deleting an organization: gone for everybody at once, and every row of it within minutes.

Its members, invitations and keys go in one transaction, and its accounts stop working. The rest is the
scheduler's (`remove_deleted`): it withdraws the grants at Mercado Livre, then deletes rows in chunks, so that
nobody waits for a long delete; whoever is killed meanwhile goes on where it stopped.
"""

from __future__ import annotations

import logging
import time

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from painelml import live
from painelml.audit import append_only, trail

from .connecting import REMOVED, disconnect, remove_rest, remove_rows
from .logins import end_sessions
from .models import Account, AccountStatus, Membership, Organization, User
from .team import keep_a_default

logger = logging.getLogger(__name__)


@transaction.atomic
def delete_organization(organization: Organization, by: User | None) -> None:
    """Take an organization away from everybody. Logins that belong to no other one are deleted with it, those
    of administrators apart.

    The audit log keeps that it happened, by numbers alone; what happened in it is removed with the rest.
    """
    members = list(User.objects.filter(memberships__organization=organization))
    accounts = Account.objects.of(organization)
    trail.record_bare(
        "organization.deleted",
        organization,
        person=by,
        after={"accounts": accounts.count(), "members": len(members)},
    )
    accounts.update(status=AccountStatus.PAUSED, next_sync=None)
    for related in (organization.memberships, organization.invitations, organization.api_keys):
        related.all().delete()
    for person in members:
        let_go(person)
    Organization.objects.filter(pk=organization.pk).update(
        name=f"{REMOVED}{organization.pk}", two_factor_from=None, deleted_at=timezone.now()
    )
    logger.info("Organization %s was deleted by user %s", organization.pk, by.pk if by else None)
    transaction.on_commit(lambda: live.publish(organization.pk, "accounts"))


def logins_that_go(organization: Organization) -> list[User]:
    """Return whose login is deleted with this organization: it is in no other one, and no administrator's."""
    elsewhere = Membership.objects.filter(user=OuterRef("pk")).exclude(organization=organization)
    people = User.objects.filter(memberships__organization=organization, is_staff=False)
    return list(people.exclude(Exists(elsewhere)).order_by("email"))


def let_go(person: User) -> None:
    """Give somebody who lost an organization another default one; without any, their login goes."""
    if not keep_a_default(person) and not person.is_staff:
        end_sessions(person)
        person.delete()


def remove_deleted(seconds: float) -> bool:
    """Remove what disconnected accounts and deleted organizations left, for about so many seconds. Return
    whether nothing is left."""
    until = time.monotonic() + seconds
    for account in of_deleted():
        disconnect(account, None)
        if time.monotonic() > until:
            return False
    if not remove_rest(seconds=max(1.0, until - time.monotonic())):
        return False
    return all(remove_organization(one, until) for one in without_accounts())


def of_deleted() -> list[Account]:
    """Return the accounts of deleted organizations that still have their tokens."""
    kept = Account.objects.filter(organization__deleted_at__isnull=False)
    return list(kept.exclude(meli_user_id__startswith=REMOVED).order_by("pk"))


def without_accounts() -> list[Organization]:
    """Return the deleted organizations whose accounts are gone."""
    accounts = Account.objects.filter(organization=OuterRef("pk"))
    deleted = Organization.objects.filter(deleted_at__isnull=False)
    return list(deleted.exclude(Exists(accounts)).order_by("pk"))


def remove_organization(organization: Organization, until: float) -> bool:
    """Delete everything of an organization, itself last. Return whether that is done."""
    for relation in Organization._meta.related_objects:
        model = relation.related_model
        if isinstance(model, type) and not remove_rows(model, relation.field.name, organization, until):
            return False
    while not append_only.delete_of(organization.pk):
        if time.monotonic() > until:
            return False
    organization.delete()
    logger.info("Nothing is left of organization %s", organization.pk)
    return True


def what_is_left() -> dict[str, int]:
    """Return how many accounts and organizations are still being removed."""
    return {
        "accounts": Account.objects.filter(organization__deleted_at__isnull=False).count(),
        "organizations": Organization.objects.filter(deleted_at__isnull=False).count(),
    }
