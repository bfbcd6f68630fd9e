"""The pages of the audit log, for owners."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from accounts.access import MemberRequest, role_required
from accounts.models import Role
from painelml.web.context import filters_of
from painelml.web.htmx import page_or_partial
from painelml.web.paging import paginate

from . import queries
from .forms import EntryFilterForm
from .models import Entry


@role_required(Role.OWNER)
@require_GET
def entry_list(request: MemberRequest) -> HttpResponse:
    form = filters_of(request, EntryFilterForm)
    page = paginate(queries.entries_for_listing(request.organization, form), request.GET, order="-at")
    context = {"form": form, "page": page, "zone": queries.zone_of(form), "place": "audit"}
    return page_or_partial(request, "audit/entry_list.html", "audit/_entry_table.html", context)


@role_required(Role.OWNER)
@require_GET
def entry_detail(request: MemberRequest, pk: int) -> HttpResponse:
    form = filters_of(request, EntryFilterForm)
    entry = get_object_or_404(Entry.objects.of(request.organization), pk=pk)
    context = {"entry": entry, "zone": queries.zone_of(form), "place": "audit"}
    return TemplateResponse(request, "audit/entry_detail.html", context)
