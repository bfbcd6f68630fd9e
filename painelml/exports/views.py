"""The pages about files made in the background."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from accounts.access import MemberRequest, has_role, role_required, sees_people
from accounts.models import Role
from painelml.audit import trail
from painelml.web.context import filters_of, panel_of
from painelml.web.exports import FORMATS, MACHINE, READERS, Export
from painelml.web.htmx import page_or_partial, wants_partial
from painelml.web.paging import paginate

from . import actions
from .listings import listing_of_route
from .models import ExportFile
from .queries import files_for_listing

PAGE, TABLE, TRAY = "exports/export_list.html", "exports/_file_table.html", "exports/_tray.html"


@role_required(Role.VIEWER)
@require_GET
def export_list(request: MemberRequest) -> HttpResponse:
    files = files_for_listing(request.organization, request.user, sees_people=sees_people(request))
    page = paginate(files, request.GET, order="-id")
    can_manage = has_role(request, Role.MANAGER)
    rows = [(file, can_manage or file.user_id == request.user.pk) for file in page]
    accounts = panel_of(request).all_accounts
    zone = accounts[0].time_zone if accounts else timezone.get_current_timezone()
    return page_or_partial(request, PAGE, TABLE, {"page": page, "rows": rows, "zone": zone})


@role_required(Role.VIEWER)
@require_GET
def tray(request: MemberRequest) -> HttpResponse:
    response = draw_tray(request)
    for said in news(request):
        trigger_client_event(response, "painel:say", said)
    return response


@role_required(Role.VIEWER)
@require_POST
def start(request: MemberRequest, route: str) -> HttpResponseBase:
    """Hand out a list with the filters of the address: a short one at once, a long one when it is made."""
    listing = listing_of_route(route)
    form = filters_of(request, listing.form) if listing else None
    file_format, reader = request.GET.get("format", ""), request.GET.get("reader", MACHINE)
    if listing is None or form is None or file_format not in FORMATS or reader not in dict(READERS):
        raise Http404(_("There is no such export."))
    export = Export(listing, request.organization, form, file_format, reader)
    if not form.is_valid() or file_format == "pdf" or not export.is_longer_than(actions.LONG):
        trail.came_to_nothing()  # asking for the file there is recorded
        return go(request, f"{reverse(route)}?{request.GET.urlencode()}")
    try:
        actions.start_file(export, request.user)
    except actions.TooMany as error:
        trail.came_to_nothing()
        messages.warning(request, str(error))
        return go(request, reverse("exports:list"))
    return draw_tray(request) if wants_partial(request) else redirect("exports:list")


@role_required(Role.VIEWER)
@require_POST
def cancel(request: MemberRequest, pk: int) -> HttpResponseBase:
    file = own_file(request, pk)
    if not actions.cancel_file(file):
        messages.info(request, _("This file is no longer being made."))
    return answer(request)


@role_required(Role.VIEWER)
@require_POST
def delete(request: MemberRequest, pk: int) -> HttpResponseBase:
    actions.delete_file(own_file(request, pk))
    return answer(request)


@role_required(Role.VIEWER)
@require_POST
def put_away(request: MemberRequest, pk: int) -> HttpResponseBase:
    """Tell no more of a file on every page."""
    file = get_object_or_404(ExportFile.objects.of(request.organization), pk=pk, user=request.user)
    actions.note_seen(file)
    return answer(request)


def own_file(request: MemberRequest, pk: int) -> ExportFile:
    """Return a file this person may stop or delete: their own, or any where they manage."""
    file = get_object_or_404(ExportFile.objects.of(request.organization), pk=pk)
    if file.user_id != request.user.pk and not has_role(request, Role.MANAGER):
        raise PermissionDenied(_("Your role in this organization does not allow that."))
    return file


def draw_tray(request: MemberRequest) -> HttpResponse:
    return TemplateResponse(request, TRAY, {})


def news(request: MemberRequest) -> list[dict[str, str]]:
    """Return what to say of the files that were being made when this page last asked."""
    making = request.GET.get("making", "").split("-")
    return [
        {"text": _("%(name)s is ready.") % {"name": file.name}, "kind": "success"}
        if file.is_ready
        else {"text": file.error, "kind": "error"}
        for file in panel_of(request).files
        if str(file.pk) in making and not file.is_active
    ]


def answer(request: MemberRequest) -> HttpResponseBase:
    """Draw the tray again for a press of its buttons, else go back to the page of files."""
    return draw_tray(request) if wants_partial(request) else redirect("exports:list")


def go(request: HttpRequest, address: str) -> HttpResponseBase:
    return HttpResponseClientRedirect(address) if wants_partial(request) else redirect(address)
