"""Where an organization requires two-factor login: who still has to set it up, and until when they may wait.

An owner sets a day. Until then its members see a notice; from then on their pages lead to the set-up, and
their API tokens and keys are refused with a sentence that says why.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from painelml.audit import trail

from .models import Membership, Organization, User
from .team import NotPossible

WAYS_OUT = (
    "mfa_", "account_", "language", "team:switch", "team:join", "profile", "sessions", "healthz", "readyz",
    "metrics",
)  # fmt: skip
"""Beginnings of the names of pages that somebody without the second factor may still open: those that set it
up, those about their own login, and the way to another organization."""


def has_second_factor(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def protected_members(organization: Organization) -> set[int]:
    """Return the ids of the people of this organization who have a second factor. One query."""
    found = Authenticator.objects.filter(
        user__memberships__organization=organization, type=Authenticator.Type.TOTP
    )
    return set(found.values_list("user", flat=True))


def waits_until(membership: Membership | None, user: User) -> Any:
    """Return when this member has to have a second factor and does not yet; None where all is well."""
    if not membership or membership.organization.two_factor_from is None or has_second_factor(user):
        return None
    return membership.organization.two_factor_from


def is_locked_out(membership: Membership | None, user: User) -> bool:
    """Whether this member may not work here before they have a second factor. No query where none is
    required."""
    until = waits_until(membership, user)
    return until is not None and until <= timezone.now()


@transaction.atomic
def require(organization: Organization, by: User, days: int | None) -> None:
    """Require two-factor login of every member in so many days; None: no longer.

    Raises NotPossible for an owner who has none themselves: they would lock themselves out.
    """
    if days is not None and not has_second_factor(by):
        raise NotPossible(_("Set up two-factor login for yourself first."))
    before = organization.two_factor_from
    organization.two_factor_from = None if days is None else timezone.now() + timedelta(days=days)
    organization.save(update_fields=["two_factor_from"])
    trail.record(
        "organization.two_factor_changed",
        organization,
        before={"required_from": before},
        after={"required_from": organization.two_factor_from},
    )


class SecondFactorMiddleware:
    """Sends members who have to set up their second factor there. The API says so itself (permissions.py)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if request.path_info.startswith(("/api/", "/meli/webhooks")) or not request.user.is_authenticated:
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name.startswith(WAYS_OUT):
            return None
        if not self.must_stop(request, name):
            return None
        trail.came_to_nothing()
        address = reverse("mfa_activate_totp")
        messages.warning(request, _("Two-factor login is required here: set it up to go on."))
        if request.headers.get("HX-Request"):
            return HttpResponse(headers={"HX-Redirect": address})
        return redirect(address)

    def must_stop(self, request: Any, name: str) -> bool:
        if name.startswith("admin:") and settings.ADMIN_NEEDS_TWO_FACTOR:
            return request.user.is_staff and not has_second_factor(request.user)
        return is_locked_out(request.membership, request.user)
