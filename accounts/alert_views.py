"""The pages about alerts by mail: what somebody wants to be told, and the way out in every mail."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from painelml.audit import trail

from .access import MemberRequest, layout_for, role_required
from .alerts import alerts_of_token
from .alerts import stop as stop_alerts
from .forms import AlertsForm
from .models import Alerts, Role


@role_required(Role.VIEWER)
@require_http_methods(["GET", "POST"])
def alerts(request: MemberRequest) -> HttpResponseBase:
    """Show what this member is told in this organization, and store another choice."""
    member = request.membership
    chosen = Alerts.objects.filter(membership=member).first()
    before = {
        "kinds": member.alert_kinds,
        "summary_hour": chosen.summary_hour if chosen else None,
    }
    form = AlertsForm(request.POST if request.method == "POST" else None, initial=before)
    if request.method == "POST" and form.is_valid():
        after = form.cleaned_data
        with transaction.atomic():
            Alerts.objects.update_or_create(membership=member, defaults=after)
            trail.record("person.alerts_changed", before=before, after=after)
        messages.success(request, _("Saved."))
        return redirect("alerts")
    context = {"form": form, "organization": member.organization}
    return render(request, "accounts/alerts.html", context, status=422 if form.errors else 200)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponseBase:
    """End the mails of whom the link was written to. A GET only asks: programs follow links in mails.

    Without a login and without a CSRF token, for a mail program posts here by itself (RFC 8058); the signed
    link is all it takes, and all it can do.
    """
    found = alerts_of_token(token)
    if found is None:
        raise Http404(_("There is no such link."))
    if request.method == "POST":
        organization, person = found.membership.organization, found.membership.user
        before = {"kinds": found.kinds, "summary_hour": found.summary_hour}
        with transaction.atomic():
            stop_alerts(found)
            trail.record(
                "person.alerts_changed",
                organization=organization.pk,
                person=person,
                before=before,
                after={"kinds": [], "summary_hour": None},
            )
    context = {
        "layout": layout_for(request),
        "organization": found.membership.organization,
        "email": found.membership.user.email,
        "is_over": request.method == "POST",
    }
    return render(request, "accounts/alerts_stop.html", context)
