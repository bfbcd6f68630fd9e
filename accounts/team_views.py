"""The team page, invitations, and what people keep about themselves."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from painelml.audit import trail
from painelml.web.context import panel_of
from painelml.web.language import keep_language

from . import second_factor, team
from .access import MemberRequest, choose_organization, has_role, layout_for, role_required
from .forms import InvitationForm, OrganizationForm, ProfileForm, RoleForm, SecondFactorForm
from .models import Invitation, Membership, Role
from .team import NotPossible


@role_required(Role.VIEWER)
@require_GET
def team_page(request: MemberRequest) -> HttpResponse:
    return show_team(request)


@role_required(Role.OWNER)
@require_POST
def invite(request: MemberRequest) -> HttpResponseBase:
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return show_team(request, invitation_form=form)
    try:
        invitation = team.invite(
            request.organization, form.cleaned_data["email"], form.cleaned_data["role"], by=request.user
        )
    except NotPossible as error:
        form.add_error("email", str(error))
        return show_team(request, invitation_form=form)
    messages.success(request, _("%(email)s is invited. The link is below.") % {"email": invitation.email})
    return redirect("team:list")


@role_required(Role.OWNER)
@require_POST
def withdraw(request: MemberRequest, pk: int) -> HttpResponseBase:
    team.withdraw(get_object_or_404(request.organization.invitations, pk=pk, accepted_at=None))
    messages.success(request, _("The invitation was withdrawn; its link no longer works."))
    return redirect("team:list")


@role_required(Role.OWNER)
@require_POST
def change_role(request: MemberRequest, pk: int) -> HttpResponseBase:
    membership = membership_of(request, pk)
    form = RoleForm(request.POST)
    if form.is_valid():
        try:
            team.change_role(membership, form.cleaned_data["role"])
            messages.success(request, _("%(person)s has a new role.") % {"person": membership.user})
        except NotPossible as error:
            trail.record("member.role_changed", membership, error=error)
            messages.error(request, str(error))
    else:
        trail.came_to_nothing()
        messages.error(request, _("There is no such role."))
    return redirect("team:list")


@role_required(Role.OWNER)
@require_POST
def remove(request: MemberRequest, pk: int) -> HttpResponseBase:
    membership = membership_of(request, pk)
    try:
        team.remove(membership)
        messages.success(request, _("%(person)s is no longer a member.") % {"person": membership.user})
    except NotPossible as error:
        trail.record("member.removed", membership, error=error)
        messages.error(request, str(error))
    return redirect("team:list")


@role_required(Role.OWNER)
@require_POST
def rename(request: MemberRequest) -> HttpResponseBase:
    form = OrganizationForm(request.POST, instance=request.organization)
    if not form.is_valid():
        request.organization.refresh_from_db()
        return show_team(request, organization_form=form)
    team.rename(request.organization, form.cleaned_data["name"], before=form.initial["name"])
    messages.success(request, _("Saved."))
    return redirect("team:list")


@role_required(Role.OWNER)
@require_POST
def require_second_factor(request: MemberRequest) -> HttpResponseBase:
    """Require two-factor login of every member, from a day on, or no longer."""
    form = SecondFactorForm(request.POST)
    if not form.is_valid():
        trail.came_to_nothing()
        messages.error(request, _("There is no such choice."))
        return redirect("team:list")
    try:
        second_factor.require(request.organization, request.user, form.days)
    except NotPossible as error:
        trail.record("organization.two_factor_changed", request.organization, error=error)
        messages.error(request, str(error))
    else:
        messages.success(request, _("Saved."))
    return redirect("team:list")


@login_required
@require_POST
def switch(request: MemberRequest, pk: int) -> HttpResponseBase:
    """Work in another organization of mine."""
    memberships = request.user.memberships.select_related("organization")
    choose_organization(request, get_object_or_404(memberships, organization=pk))
    return redirect("/")


@require_http_methods(["GET", "POST"])
def join(request: MemberRequest, token: str) -> HttpResponseBase:
    """Accept an invitation. Who has no login yet signs up first, and is a member then."""
    invitation = Invitation.objects.select_related("organization").filter(token=token).first()
    if invitation is None or not invitation.is_open:
        return show_closed(request)
    request.session[team.INVITATION] = token
    is_invited = request.user.is_authenticated and request.user.email.lower() == invitation.email.lower()
    if request.method == "POST" and is_invited:
        try:
            membership = team.accept(invitation, request.user)
        except NotPossible:
            return show_closed(request)
        choose_organization(request, membership)
        return redirect("/")
    context = {"invitation": invitation, "is_invited": is_invited, "layout": layout_for(request)}
    # Whom the invitation is not for is shown no button; what posts all the same is refused.
    status = 403 if request.method == "POST" else 200
    return render(request, "accounts/join.html", context, status=status)


def show_closed(request: MemberRequest) -> HttpResponse:
    return render(request, "accounts/join_closed.html", {"layout": layout_for(request)}, status=404)


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: MemberRequest) -> HttpResponseBase:
    form = ProfileForm(
        request.POST or None,
        instance=request.user,
        initial={"language": request.user.language or get_language()},
    )
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            user = form.save()
            trail.record_person("person.profile_changed", user, before=form.initial, after=form.cleaned_data)
        messages.success(request, _("Saved."))
        response = redirect("profile")
        keep_language(response, user.language)
        return response
    return render(request, "accounts/profile.html", {"form": form}, status=422 if form.errors else 200)


def show_team(
    request: MemberRequest,
    invitation_form: InvitationForm | None = None,
    organization_form: OrganizationForm | None = None,
) -> HttpResponse:
    is_owner = has_role(request, Role.OWNER)
    invitations = []
    if is_owner:
        pending = request.organization.invitations.filter(accepted_at=None).order_by("-created_at")
        invitations = [
            {"invitation": one, "link": team.invitation_link(one)} for one in pending if one.is_open
        ]
    context = {
        "memberships": request.organization.memberships.select_related("user").order_by("created_at", "id"),
        "invitations": invitations,
        "invitation_form": invitation_form or InvitationForm(),
        "organization_form": organization_form or OrganizationForm(instance=request.organization),
        "roles": Role.choices,
        "second_factor_choices": SecondFactorForm.CHOICES,
        "protected": second_factor.protected_members(request.organization),
        "zone": panel_of(request).zone,
        "place": "team",
        "can_own": is_owner,
    }
    has_errors = bool(
        (invitation_form and invitation_form.errors) or (organization_form and organization_form.errors)
    )
    return render(request, "accounts/team.html", context, status=422 if has_errors else 200)


def membership_of(request: MemberRequest, pk: int) -> Membership:
    membership: Membership = get_object_or_404(request.organization.memberships.select_related("user"), pk=pk)
    return membership
