"""What is decided about people in an organization: invitations, roles, leaving."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from painelml.audit import trail

from . import mail
from .models import Invitation, Membership, Organization, Role, User

INVITATION = "invitation"
"""The session's key for the invitation somebody came with."""


class NotPossible(Exception):
    """What was asked makes no sense now; the message tells people why."""


def invitation_in(request: HttpRequest) -> Invitation | None:
    """Return the open invitation this browser came with."""
    token = request.session.get(INVITATION)
    invitation = Invitation.objects.filter(token=token).first() if token else None
    return invitation if invitation and invitation.is_open else None


def invitation_link(invitation: Invitation) -> str:
    return f"{settings.APP_BASE_URL}{reverse('team:join', args=[invitation.token])}"


def invite(organization: Organization, email: str, role: str, by: User) -> Invitation:
    """Invite an address: a link that works once, sent to it by mail. An open invitation to it is replaced.

    Raises NotPossible when the address is a member already.
    """
    email = email.lower()
    if organization.memberships.filter(user__email__iexact=email).exists():
        raise NotPossible(_("%(email)s is a member already.") % {"email": email})
    with transaction.atomic():
        organization.invitations.filter(email__iexact=email, accepted_at=None).delete()
        invitation = Invitation.objects.create(
            organization=organization, email=email, role=role, invited_by=by
        )
        trail.record("member.invited", invitation, after={"email": email, "role": role})
    mail.send(
        "invitation",
        email,
        by.language,
        {"invitation": invitation, "link": invitation_link(invitation), "by": by},
    )
    return invitation


@transaction.atomic
def accept(invitation: Invitation, user: User) -> Membership:
    """Make the invited person a member. Raises NotPossible when the link was used meanwhile."""
    taken = Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(accepted_at=timezone.now())
    if not taken:
        raise NotPossible(_("This invitation was used already."))
    membership, _created = Membership.objects.get_or_create(
        organization=invitation.organization,
        user=user,
        defaults={
            "role": invitation.role,
            "is_default": not user.memberships.filter(is_default=True).exists(),
        },
    )
    trail.record("member.joined", membership, person=user, after={"role": membership.role})
    return membership


@transaction.atomic
@trail.watched("member.invitation_withdrawn", wanted=dict)
def withdraw(invitation: Invitation) -> None:
    """Take an invitation back: its link no longer works."""
    Invitation.objects.filter(pk=invitation.pk).delete()


@transaction.atomic
def rename(organization: Organization, name: str, before: str) -> None:
    organization.name = name
    organization.save(update_fields=["name"])
    trail.record("organization.renamed", organization, before={"name": before}, after={"name": name})


@transaction.atomic
@trail.watched("member.role_changed", lambda membership: {"role": membership.role})
def change_role(membership: Membership, role: str) -> None:
    """Raises NotPossible when nobody would own the organization any more."""
    if role != Role.OWNER:
        keep_an_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])


@transaction.atomic
def remove(membership: Membership) -> None:
    """Take somebody out of an organization and end their API tokens. Who has no other one gets one
    of their own.

    Raises NotPossible when nobody would own the organization any more.
    """
    keep_an_owner(membership)
    user = membership.user
    User.objects.filter(pk=user.pk).update(token_version=F("token_version") + 1)
    trail.record("member.removed", membership, before={"role": membership.role})
    membership.delete()
    if not keep_a_default(user):
        Organization.objects.create_for(user)


def keep_a_default(user: User) -> bool:
    """See that one organization of somebody who lost one is the default; return whether any is left."""
    left = user.memberships.order_by("-is_default", "id").first()
    if left is not None and not left.is_default:
        Membership.objects.filter(pk=left.pk).update(is_default=True)
    return left is not None


def keep_an_owner(membership: Membership) -> None:
    # The lock makes two owners who remove each other at the same moment come one after the other.
    Organization.objects.select_for_update().get(pk=membership.organization_id)
    others = Membership.objects.filter(organization=membership.organization_id, role=Role.OWNER)
    if not others.exclude(pk=membership.pk).exists():
        raise NotPossible(_("An organization needs an owner: make somebody else owner first."))
