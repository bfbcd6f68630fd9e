"""Keeping, renaming and removing filters."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import MemberRequest, role_required
from accounts.models import Role
from painelml.audit import trail
from painelml.models import SavedFilter

from . import saved


@role_required(Role.VIEWER)
@require_POST
def keep(request: MemberRequest, name: str) -> HttpResponse:
    """Keep the filters of `query` under a name and go to the list with them."""
    check_list(name)
    query = request.POST.get("query", "")
    try:
        kept = saved.keep(request.user, request.organization, name, request.POST.get("name", ""), query)
    except saved.NotKept as error:
        trail.came_to_nothing()
        messages.error(request, str(error))
        query = saved.form_of(name, query, request.organization).used_query
    else:
        messages.success(request, _("Kept as %(name)s.") % {"name": kept.name})
        query = kept.query
    return redirect(f"{reverse(saved.LISTS[name].page)}?{query}")


@role_required(Role.VIEWER)
@require_GET
def kept(request: MemberRequest, name: str) -> HttpResponse:
    """Show what somebody kept for a list, to rename and remove."""
    check_list(name)
    context = {
        "name": name,
        "page": saved.LISTS[name].page,
        "filters": saved.filters_of(request.user, request.organization, name),
    }
    return TemplateResponse(request, "saved_filters.html", context)


@role_required(Role.VIEWER)
@require_POST
def rename(request: MemberRequest, name: str, pk: int) -> HttpResponse:
    try:
        saved.rename(filter_of(request, name, pk), request.POST.get("name", ""))
    except saved.NotKept as error:
        trail.came_to_nothing()
        messages.error(request, str(error))
    return redirect("saved-filters", name)


@role_required(Role.VIEWER)
@require_POST
def remove(request: MemberRequest, name: str, pk: int) -> HttpResponse:
    saved.remove(filter_of(request, name, pk))
    return redirect("saved-filters", name)


def check_list(name: str) -> None:
    if name not in saved.LISTS:
        raise Http404(_("There is no such list."))


def filter_of(request: MemberRequest, name: str, pk: int) -> SavedFilter:
    mine = SavedFilter.objects.filter(user=request.user, organization=request.organization, list=name)
    return get_object_or_404(mine, pk=pk)
