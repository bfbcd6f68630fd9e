"""Where a person is logged in, and the end of it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from painelml.audit import trail
from painelml.web.context import panel_of

from . import logins
from .access import MemberRequest


@login_required
@require_GET
def session_list(request: MemberRequest) -> HttpResponse:
    found = logins.sessions_of(request.user, request.session.session_key)
    return render(request, "accounts/sessions.html", {"sessions": found, "zone": panel_of(request).zone})


@login_required
@require_POST
def end_session(request: MemberRequest, pk: int) -> HttpResponseBase:
    if not logins.end_sessions(request.user, pk=pk):
        raise Http404(_("There is no such session."))
    trail.record_person("person.session_ended", request.user)
    messages.success(request, _("The session was ended."))
    return redirect("sessions")


@login_required
@require_POST
def end_others(request: MemberRequest) -> HttpResponseBase:
    ended = logins.end_sessions(request.user, but=request.session.session_key)
    trail.record_person("person.session_ended", request.user, after={"sessions": ended})
    said = ngettext("%(count)d session was ended.", "%(count)d sessions were ended.", ended)
    messages.success(request, said % {"count": ended})
    return redirect("sessions")


@login_required
@require_POST
def log_out_everywhere(request: MemberRequest) -> HttpResponseBase:
    """End every session and API token, this browser's last."""
    logins.log_out_everywhere(request.user)
    request.session.flush()
    return redirect("account_login")
