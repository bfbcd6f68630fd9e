"""Who acts, for which organization, in which role. Every lookup starts here (design section 8, rule 4)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from .keys import membership_of as membership_of_key
from .models import ApiKey, Membership, Organization, Role, User

View = Callable[..., HttpResponseBase]


class MemberRequest(HttpRequest):
    """A request of somebody who is logged in, after the middleware."""

    user: User
    membership: Membership
    organization: Organization


CHOSEN = "organization"
"""The session's key for the organization somebody chose to work in."""


def find_membership(request: HttpRequest) -> Membership | None:
    """Return the membership this request acts in, None for nobody. One query.

    The header `X-Organization` decides, else the choice kept in the session, else the person's default.
    Raises Http404 when the header names an organization the person is no member of.
    """
    if not request.user.is_authenticated:
        return None
    key = getattr(request, "auth", None)
    wanted = request.headers.get("X-Organization")
    if isinstance(key, ApiKey):  # it belongs to one organization, whatever else its maker is in
        if wanted is not None and wanted.strip() != str(key.organization_id):
            raise Http404(_("There is no such organization."))
        return membership_of_key(key)
    memberships = list(request.user.memberships.select_related("organization").order_by("-is_default", "id"))
    if wanted is not None:
        for membership in memberships:
            if str(membership.organization_id) == wanted.strip():
                return membership
        raise Http404(_("There is no such organization."))
    chosen = request.session.get(CHOSEN)
    return next(
        (membership for membership in memberships if membership.organization_id == chosen),
        memberships[0] if memberships else None,
    )


def choose_organization(request: MemberRequest, membership: Membership) -> None:
    """Work in this membership's organization from now on, in this session."""
    request.session[CHOSEN] = membership.organization_id
    request.membership, request.organization = membership, membership.organization


def has_role(request: Any, role: str) -> bool:
    """Whether the person may do what `role` may, in the organization of this request (the API's or
    Django's)."""
    membership: Membership | None = request.membership
    return bool(membership and membership.is_at_least(role))


def sees_people(request: Any) -> bool:
    """Whether the person is told who buyers are; viewers see them masked (painelml/web/masks.py)."""
    return has_role(request, Role.OPERATOR)


def page_of(request: HttpRequest) -> str:
    """Return the address of the page somebody is on. One that only takes forms is no page: then the page its
    form stood on."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(
        came_from, {request.get_host()}, require_https=request.is_secure()
    ):
        return "/"
    parts = urlsplit(came_from)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"


def role_required(role: str) -> Callable[[View], View]:
    """Let in members whose role is `role` or above: others get the login page, or 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(page_of(request))
            if not has_role(request, role):
                raise PermissionDenied(_("Your role in this organization does not allow that."))
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def layout_for(request: HttpRequest) -> str:
    """Return what a page extends that people without a login see as well."""
    return "base.html" if request.user.is_authenticated else "allauth/layouts/entrance.html"
