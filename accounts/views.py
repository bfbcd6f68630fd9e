"""The accounts page, and the way to Mercado Livre and back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from painelml.audit import trail
from painelml.sync.actions import start_sync
from painelml.web.htmx import wants_partial

from . import actions, connecting, queries
from .access import MemberRequest, choose_organization, has_role, layout_for, role_required
from .failures import FAILURES, ConnectingFailed
from .forms import AccountForm
from .models import Account, Membership, Role
from .sites import SITES
from .team import NotPossible

SITE, DEFAULT_SITE = "connect_site", "MLB"
"""The session's key for the country somebody is connecting an account of, and the one they most likely
want."""


@role_required(Role.VIEWER)
@require_GET
def account_list(request: MemberRequest) -> HttpResponse:
    accounts = list(Account.objects.of(request.organization))
    context = {"cards": queries.cards(accounts), "sites": SITES, **abilities(request)}
    template = "accounts/_account_list.html" if wants_partial(request) else "accounts/account_list.html"
    return render(request, template, context)


@role_required(Role.VIEWER)
@require_GET
def card(request: MemberRequest, pk: int) -> HttpResponse:
    return show_card(request, account_of(request, pk))


@role_required(Role.OPERATOR)
@require_POST
def sync(request: MemberRequest, pk: int) -> HttpResponseBase:
    account = account_of(request, pk)
    if not account.sync_enabled:
        problem = _("This account is paused or expired: nothing was started.")
        trail.record("sync.started", account, error=problem)
        return done(request, account, problem, is_error=True)
    start_sync(account, requested_by=request.user)
    return done(request, account, _("Reading %(account)s again.") % {"account": account})


@role_required(Role.MANAGER)
@require_POST
def pause(request: MemberRequest, pk: int) -> HttpResponseBase:
    account = account_of(request, pk)
    try:
        actions.pause(account)
    except NotPossible as error:
        return done(request, account, str(error), is_error=True)
    return done(request, account, _("%(account)s is paused.") % {"account": account})


@role_required(Role.MANAGER)
@require_POST
def resume(request: MemberRequest, pk: int) -> HttpResponseBase:
    account = account_of(request, pk)
    try:
        actions.resume(account)
    except NotPossible as error:
        return done(request, account, str(error), is_error=True)
    return done(request, account, _("%(account)s goes on.") % {"account": account})


@role_required(Role.MANAGER)
@require_POST
def make_primary(request: MemberRequest, pk: int) -> HttpResponseBase:
    account = account_of(request, pk)
    actions.make_primary(account)
    messages.success(request, _("%(account)s is the primary account.") % {"account": account})
    return redirect("accounts:list")


@role_required(Role.MANAGER)
@require_http_methods(["GET", "POST"])
def edit(request: MemberRequest, pk: int) -> HttpResponseBase:
    account = account_of(request, pk)
    form = AccountForm(request.POST or None, instance=account)
    if request.method == "POST" and form.is_valid():
        account = account_of(request, pk)  # as it is: the form has filled the other one in
        actions.rename(account, form.cleaned_data["account_name"])
        actions.change_interval(account, form.cleaned_data["sync_interval_seconds"])
        messages.success(request, _("Saved."))
        return redirect("accounts:list")
    status = 422 if form.errors else 200
    return render(request, "accounts/account_edit.html", {"account": account, "form": form}, status=status)


@role_required(Role.OWNER)
@require_http_methods(["GET", "POST"])
def disconnect(request: MemberRequest, pk: int) -> HttpResponseBase:
    account = account_of(request, pk)
    if request.method == "POST":
        name = str(account)
        connecting.disconnect(account, by=request.user)
        messages.success(request, _("%(account)s was disconnected and its data removed.") % {"account": name})
        return redirect("accounts:list")
    mirror = queries.mirrors([account])[account.pk]
    return render(request, "accounts/account_disconnect.html", {"account": account, "mirror": mirror})


@role_required(Role.MANAGER)
@never_cache
@require_GET
def oauth_start(request: MemberRequest) -> HttpResponseBase:
    site_id = request.GET.get("site", DEFAULT_SITE)
    request.session[SITE] = site_id if site_id in SITES else DEFAULT_SITE
    try:
        address = connecting.begin(request.user, request.organization, site_id)
    except ConnectingFailed as failed:
        return leave_with(failed)
    return private(redirect(address))


@never_cache
@require_GET
def oauth_callback(request: MemberRequest) -> HttpResponseBase:
    """Not behind the login page: that would carry the code along in its address."""
    try:
        if not request.user.is_authenticated:
            raise ConnectingFailed("logged_out")
        account, is_new = connecting.finish(request.user, request.GET)
    except ConnectingFailed as failed:
        trail.record("account.connection_failed", error=failed.reason)
        return leave_with(failed)
    choose_organization(
        request,
        Membership.objects.select_related("organization").get(
            user=request.user, organization=account.organization_id
        ),
    )
    text = _("%(account)s is connected.") if is_new else _("%(account)s is connected again.")
    messages.success(request, text % {"account": account})
    return private(redirect("accounts:list"))


def leave_with(failed: ConnectingFailed) -> HttpResponseBase:
    """Show the failure at an address of its own: this one holds a code or a state, and pages repeat their
    address."""
    return private(redirect("accounts:connect_failed", failed.reason))


@never_cache
@require_GET
def connect_failed(request: MemberRequest, reason: str) -> HttpResponse:
    if reason not in FAILURES:
        raise Http404
    failure = FAILURES[reason]
    site_id = request.session.get(SITE, DEFAULT_SITE)
    context = {"failure": failure, "reason": reason, "site_id": site_id, "layout": layout_for(request)}
    return render(request, "accounts/connect_failed.html", context, status=failure.status)


def private(response: Any) -> Any:
    """Tell the browser to pass this address on to nobody."""
    response["Referrer-Policy"] = "no-referrer"
    return response


def account_of(request: MemberRequest, pk: int) -> Account:
    account: Account = get_object_or_404(Account.objects.of(request.organization), pk=pk)
    return account


def abilities(request: MemberRequest) -> dict[str, bool]:
    """What this person may do, for the buttons; the views check for themselves."""
    return {
        "can_operate": has_role(request, Role.OPERATOR),
        "can_manage": has_role(request, Role.MANAGER),
        "can_own": has_role(request, Role.OWNER),
    }


def show_card(request: MemberRequest, account: Account, notice: str = "") -> HttpResponse:
    context = {"card": queries.cards([account])[0], "notice": notice, **abilities(request)}
    return render(request, "accounts/_account.html", context)


def done(request: MemberRequest, account: Account, text: str, is_error: bool = False) -> HttpResponseBase:
    """End an action: htmx gets the card as it is now, a form without it goes back to the page."""
    if wants_partial(request):
        return show_card(request, account, text)
    (messages.error if is_error else messages.success)(request, text)
    return redirect("accounts:list")
